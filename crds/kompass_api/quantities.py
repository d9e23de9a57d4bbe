"""Kubernetes quantities as people write them: `cpu: 2` is a number, `memory: 8Gi` a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from kompass_api.rules import VALIDATIONS, Shape

INT_OR_STRING: Final = "x-kubernetes-int-or-string"

_QUANTITY: Final = Shape(
    r"^[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$",
    "use a quantity such as 2, 500m or 8Gi; quote a fraction of a core or write 500m",
)


@dataclass(frozen=True)
class _IntOrText:
    """A text that may be written as a whole number."""

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(_as_text, handler(source))

    def __get_pydantic_json_schema__(
        self, core: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        text = {key: value for key, value in handler(core).items() if key != "type"}
        rule = {
            "rule": f"type(self) == int ? self >= 0 : {_QUANTITY.cel()}",
            "message": _QUANTITY.hint,
        }
        return {**text, INT_OR_STRING: True, VALIDATIONS: [rule]}


def _as_text(value: object) -> object:
    # A bool is an int in Python, and no quantity.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Quantity = Annotated[str, Field(max_length=32), _QUANTITY, _IntOrText()]

Decimal = Annotated[
    str,
    Field(min_length=1, max_length=24),
    Shape(r"^-?[0-9]+([.][0-9]+)?$", "a decimal number such as 0.7, in quotes"),
]
"""Kubernetes objects hold no floats."""
