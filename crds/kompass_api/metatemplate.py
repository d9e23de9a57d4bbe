"""How a dialogue becomes the text or the messages that a model was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from kompass_api.prompts import Role
from kompass_api.resources import ApiModel, RuledModel
from kompass_api.rules import KeyedBy, rule

_Text = Annotated[str, Field(max_length=4096)]


class MetaRole(ApiModel):
    """What stands around the words of a role."""

    role: Annotated[Role, Field(description="Who speaks, as prompts say it.")]
    begin: Annotated[_Text, Field(description="Before its words.")] = ""
    prompt: Annotated[_Text, Field(description="Its words in a round in which it has none.")] = ""
    end: Annotated[_Text, Field(description="After its words.")] = ""
    generate: Annotated[bool, Field(description="The model speaks here; one role does.")] = False
    api_role: Annotated[
        Role | None,
        Field(description="modelType Chat: whose message it becomes. Left out: its own."),
    ] = None


class MetaTemplate(RuledModel):
    """What a plain model sees of a dialogue: the roles of a round, in order, and what is around.

    Every round has all its roles; a role without words has its own `prompt`, which may be empty.
    """

    begin: Annotated[_Text, Field(description="Before everything.")] = ""
    rounds: Annotated[
        list[MetaRole],
        Field(description="Roles of a round, in order.", min_length=1, max_length=8),
        KeyedBy("role"),
    ]
    end: Annotated[
        _Text, Field(description="After everything, where the model does not go on.")
    ] = ""
    reserved_roles: Annotated[
        list[MetaRole],
        Field(description="Roles that speak only where a prompt lets them.", max_length=8),
        KeyedBy("role"),
    ] = []

    @rule(
        "self.rounds.filter(r, r.generate).size() == 1 && "
        "!self.reservedRoles.exists(r, r.generate)",
        "metaTemplate.rounds needs one role with generate: true, the one that the model speaks "
        "(usually BOT), and reservedRoles none",
        field=".rounds",
    )
    def _one_role_is_the_models(self) -> bool:
        speaks = [held.role for held in self.rounds if held.generate]
        return len(speaks) == 1 and not any(held.generate for held in self.reserved_roles)

    @rule(
        "!self.reservedRoles.exists(r, self.rounds.exists(o, o.role == r.role))",
        "metaTemplate.reservedRoles repeats a role of metaTemplate.rounds: keep one of them",
        field=".reservedRoles",
    )
    def _a_role_stands_once(self) -> bool:
        return not {held.role for held in self.rounds} & {held.role for held in self.reserved_roles}


ArgumentName = Annotated[str, Field(min_length=1, max_length=63)]


class ChatTemplate(ApiModel):
    """What a chat model's own template is given besides the messages."""

    system_prompt: Annotated[
        str,
        Field(
            description="System message before every conversation that has none of its own.",
            max_length=16_384,
        ),
    ] = ""
    arguments: Annotated[
        dict[ArgumentName, Annotated[str, Field(max_length=4096)]],
        Field(description="Texts for the template, by name.", max_length=16),
    ] = {}
    flags: Annotated[
        dict[ArgumentName, bool],
        Field(
            description="Switches for the template, such as enable_thinking: false.", max_length=16
        ),
    ] = {}
    user_suffix_newline: Annotated[
        bool | None,
        Field(
            description="A line break after every user message. Left out: as the run's profile "
            "has it (opencompass@0.5 adds one for models that shards load)."
        ),
    ] = None

    @property
    def template_arguments(self) -> Mapping[str, str | bool]:
        """Everything the chat template is given by name."""
        return {**self.arguments, **self.flags}
