"""What resources and documents are made of: camelCase fields, nothing unknown, frozen."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from kompass_api.rules import (
    VALIDATIONS,
    EachKey,
    Rule,
    Shape,
    Transition,
    refusal,
    rendered,
    rules_of,
)

GROUP: Final = "kompass.dev"
VERSION: Final = "v1alpha1"
API_VERSION: Final = "kompass.dev/v1alpha1"

DNS_LABEL: Final = Shape(
    r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
    "use lower-case letters, digits and '-', with a letter or digit at both ends, such as llama-8b",
)

DnsLabel = Annotated[str, Field(min_length=1, max_length=63), DNS_LABEL]
"""A name that Kubernetes takes as an object name, a label value and a host name (RFC 1123)."""

DnsName = Annotated[
    str,
    Field(min_length=1, max_length=253),
    Shape(
        r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
        "use lower-case letters, digits, '-' and '.', with a letter or digit at both ends, such as "
        "registry.example.com",
    ),
]
"""A name of an object that Kompass only refers to (RFC 1123 subdomain)."""

LABEL_KEY: Final = Shape(
    r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$",
    "use a qualified name: letters, digits, '-', '_' and '.', with an optional DNS prefix and '/', "
    "such as nvidia.com/gpu",
)

LabelKey = Annotated[str, Field(min_length=1, max_length=253), LABEL_KEY]

LabelValue = Annotated[
    str,
    Field(max_length=63),
    Shape(
        r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$",
        "use letters, digits, '-', '_' and '.', with a letter or digit at both ends",
    ),
]

Labels = Annotated[
    dict[LabelKey, LabelValue],
    Field(max_length=16),
    EachKey(
        f"size(key) <= 253 && {LABEL_KEY.cel('key')}",
        f"label keys: {LABEL_KEY.hint}",
        LABEL_KEY.matches,
    ),
]
"""Labels of nodes or pods."""

Digest = Annotated[
    str,
    Field(max_length=71),
    Shape(
        r"^sha256:[0-9a-f]{64}$",
        "use sha256: and 64 hexadecimal digits, as a report's lineage shows them",
    ),
]
"""`sha256:` and 64 hexadecimal digits."""


Count = Annotated[int, Field(ge=0, le=2_147_483_647)]
"""A number of things."""

ObservedGeneration = Annotated[int, Field(ge=0, le=9_007_199_254_740_991)]
"""A resource's generation: whole up to where JSON numbers lose their last digit."""


class ApiModel(BaseModel):
    """A part of a resource or document: camelCase outside, snake_case inside, immutable."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        serialize_by_alias=True,
        extra="forbid",
        frozen=True,
    )


class RuledModel(ApiModel):
    """An ApiModel with rules between its fields; pydantic and the CRD keep the same ones."""

    TRANSITIONS: ClassVar[tuple[Transition, ...]] = ()
    _rules: ClassVar[tuple[Rule, ...]] = ()

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Collect the rules once per class."""
        super().__pydantic_init_subclass__(**kwargs)
        cls._rules = rules_of(cls)

    @model_validator(mode="after")
    def _keeps_its_rules(self) -> Self:
        broken = [rule.message for rule in self._rules if not rule.holds(self)]
        if broken:
            raise refusal("; ".join(broken))
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Add the rules to the schema."""
        reference = handler(core)
        schema = handler.resolve_ref_schema(reference)
        schema[VALIDATIONS] = [
            *(rendered(rule) for rule in cls._rules),
            *(rendered(transition) for transition in cls.TRANSITIONS),
        ]
        return reference


class ObjectMeta(BaseModel):
    """The few fields of Kubernetes' ObjectMeta that Kompass reads; the others are ignored."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="ignore", frozen=True
    )

    # What a name may be is a rule of its kind, which says why.
    name: Annotated[str, Field(min_length=1, max_length=253)]
    namespace: str = "default"
    uid: str = ""
    generation: int = 0
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
