"""What a model is asked: the one form in which prompts reach a backend. Pure.

```
Request
    GenerationRequest       go on from a prompt
    ConversationRequest     answer turns of a dialogue
    ScoringRequest          whole texts: which is the likeliest
    ContinuationRequest     continuations of a context: which is the likeliest
    ChoiceRequest           single tokens: how likely each is the next one
    TextRequest             one text: how likely it is
```
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from kompass_api.methods import InferMode, Likelihood


@dataclass(frozen=True)
class Message:
    """One message of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


Prompt = str | tuple[Message, ...]
"""Plain text for a base model, messages for a chat model's template."""


@dataclass(frozen=True)
class GenerationRequest:
    """Go on from the prompt: greedily at temperature 0, else by drawing."""

    item: str
    prompt: Prompt
    max_new_tokens: int
    stop: tuple[str, ...] = ()
    min_new_tokens: int = 0
    samples: int = 1
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    """0: all tokens."""
    seed: int = 0
    """The run's; every sample is drawn with a seed made of this, the item and the sample."""


@dataclass(frozen=True)
class PlainRole:
    """What stands around a role's words for a model without a chat template."""

    role: Literal["system", "user", "assistant"]
    begin: str = ""
    end: str = ""


@dataclass(frozen=True)
class ConversationRequest:
    """Answer the dialogue's turns that `infer_mode` names, one after the other."""

    item: str
    messages: tuple[Message, ...]
    """The whole dialogue, with the answers that the data holds."""
    infer_mode: InferMode
    max_new_tokens: int
    stop: tuple[str, ...] = ()
    min_new_tokens: int = 0
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    seed: int = 0
    plain: tuple[PlainRole, ...] | None = None
    """None: the dialogue goes through the chat template. Else it becomes one text, each turn
    between its role's begin and end, and ends with the assistant's begin; without any roles the
    turns are lines."""


@dataclass(frozen=True)
class Candidate:
    """A whole text with one answer in place."""

    label: str
    text: str
    answer: str | None = None
    """The answer's own text, by whose bytes or characters a likelihood may be divided; the label,
    if None."""

    @property
    def answer_text(self) -> str:
        """The answer's own text."""
        return self.label if self.answer is None else self.answer


@dataclass(frozen=True)
class ScoringRequest:
    """Say how likely each candidate text is; the likeliest is the answer, the first of equals."""

    item: str
    candidates: tuple[Candidate, ...]
    divide_by: Likelihood = Likelihood.ALL_TOKENS


@dataclass(frozen=True)
class Continuation:
    """One way to go on from a context."""

    label: str
    context: Prompt
    """Empty text: the continuation begins the document."""
    continuation: str
    """With the space before it, where there is one."""
    answer: str | None = None
    """The answer's own text, by whose bytes or characters a likelihood may be divided; the
    continuation without the white space before it, if None."""

    @property
    def answer_text(self) -> str:
        """The answer's own text."""
        return self.continuation.lstrip() if self.answer is None else self.answer


class Split(StrEnum):
    """Where a context's tokens end and its continuation's begin; both read the text as one."""

    LM_EVAL = "lm-eval"
    """White space at the context's end goes to the continuation, then as many tokens as the
    context alone has are the context's (lm-evaluation-harness)."""
    OPENCOMPASS = "opencompass"
    """As many tokens as the text has without the continuation, wherever that stands in it, are the
    context's (OpenCompass' HuggingFace class)."""


@dataclass(frozen=True)
class ContinuationRequest:
    """Say how likely each continuation is behind its context; the likeliest is the answer."""

    item: str
    candidates: tuple[Continuation, ...]
    divide_by: Likelihood = Likelihood.NOTHING
    split: Split = Split.LM_EVAL


@dataclass(frozen=True)
class ChoiceRequest:
    """Say how likely each choice, a single token, is the next one, among the choices alone."""

    item: str
    prompt: Prompt
    choices: tuple[str, ...]


@dataclass(frozen=True)
class PerplexityOnly:
    """The text's negative log-likelihood."""

    divide_by: Likelihood = Likelihood.ALL_TOKENS


@dataclass(frozen=True)
class BitsPerCharacter:
    """The text's cross-entropy by sliding windows."""

    block: int = 1900
    """Tokens a window predicts at most."""
    stride: int = 512
    """Tokens a window moves; only those it is the first to see count."""
    whole_windows: bool = False
    """Leave out what is behind the last whole window, as OpenCompass does: with a text shorter
    than a window that is everything."""


@dataclass(frozen=True)
class MinKPercent:
    """The mean of the text's least likely tokens."""

    k: int = 20
    """Their share of all tokens, the first included, in percent; at least one."""


@dataclass(frozen=True)
class TextRequest:
    """Say how likely a text is; there is nothing to choose."""

    item: str
    text: str
    what: PerplexityOnly | BitsPerCharacter | MinKPercent


Request = (
    GenerationRequest
    | ConversationRequest
    | ScoringRequest
    | ContinuationRequest
    | ChoiceRequest
    | TextRequest
)


@dataclass(frozen=True)
class Group:
    """Requests that begin alike: a subject's examples, the options of a question.

    A backend may read the common beginning once. What it answers does not depend on the grouping.
    """

    requests: tuple[Request, ...]


def ungrouped(groups: Sequence[Group]) -> list[Request]:
    """The requests of all groups, in order."""
    return [request for group in groups for request in group.requests]


def prompts_of(request: Request) -> tuple[Prompt, ...]:
    """Everything the model reads of a request, so that its tokens can be counted.

    A conversation counts as its whole dialogue.
    """
    match request:
        case GenerationRequest() | ChoiceRequest():
            return (request.prompt,)
        case ConversationRequest():
            plain = request.plain
            held = request.messages
            return (held if plain is None else plain_dialogue(held, plain),)
        case ScoringRequest():
            return tuple(candidate.text for candidate in request.candidates)
        case ContinuationRequest():
            return tuple(_whole(candidate) for candidate in request.candidates)
        case TextRequest():
            return (request.text,)


def is_read_whole(request: Request) -> bool:
    """Whether a prompt must fit into the model; a text read by windows may have any length."""
    return not (isinstance(request, TextRequest) and isinstance(request.what, BitsPerCharacter))


def plain_dialogue(messages: Sequence[Message], roles: Sequence[PlainRole]) -> str:
    """The messages as one text that the assistant goes on from."""
    if not roles:
        return "\n".join(message.content for message in messages)
    around = {role.role: role for role in roles}
    nothing = PlainRole("user")
    said = [
        f"{(held := around.get(message.role, nothing)).begin}{message.content}{held.end}"
        for message in messages
    ]
    return "".join([*said, around.get("assistant", nothing).begin])


def _whole(candidate: Continuation) -> Prompt:
    if isinstance(candidate.context, str):
        return candidate.context + candidate.continuation
    return (*candidate.context, Message("assistant", candidate.continuation))
