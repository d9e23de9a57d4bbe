"""Which namespaces are meant: by name, or by labels as Kubernetes selects them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from kompass_api.resources import LABEL_KEY, ApiModel, LabelKey, LabelValue, RuledModel
from kompass_api.rules import VALIDATIONS, rule


class SelectorOperator(StrEnum):
    """How a label is compared, in Kubernetes' words."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"

    @property
    def takes_values(self) -> bool:
        """Whether values are listed."""
        return self in {SelectorOperator.IN, SelectorOperator.NOT_IN}


class LabelExpression(RuledModel):
    """A demand on one label."""

    key: Annotated[LabelKey, Field(description="Label of the namespace.")]
    operator: Annotated[SelectorOperator, Field(description="How the label is compared.")]
    values: Annotated[
        list[LabelValue], Field(description="In and NotIn: the values.", max_length=32)
    ] = []

    @rule(
        "(self.operator in ['In', 'NotIn']) == (size(self.values) > 0)",
        "operators In and NotIn need values, Exists and DoesNotExist take none",
        field=".values",
    )
    def _values_fit_the_operator(self) -> bool:
        return self.operator.takes_values == bool(self.values)

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Whether labels meet the demand."""
        if self.operator is SelectorOperator.EXISTS:
            return self.key in labels
        if self.operator is SelectorOperator.DOES_NOT_EXIST:
            return self.key not in labels
        listed = labels.get(self.key) in self.values
        return listed if self.operator is SelectorOperator.IN else not listed


class NamespaceSelector(ApiModel):
    """Namespaces by their labels; empty: every namespace."""

    match_labels: Annotated[
        dict[LabelKey, LabelValue],
        Field(
            description="Labels that a namespace must have.",
            max_length=16,
            json_schema_extra={
                VALIDATIONS: [
                    {
                        "rule": f"self.all(key, size(key) <= 253 && {LABEL_KEY.cel('key')})",
                        "message": f"label keys: {LABEL_KEY.hint}",
                    }
                ]
            },
        ),
    ] = {}
    match_expressions: Annotated[
        list[LabelExpression], Field(description="Further demands; all must hold.", max_length=16)
    ] = []

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Whether a namespace with these labels is meant."""
        return all(labels.get(key) == value for key, value in self.match_labels.items()) and all(
            demand.holds(labels) for demand in self.match_expressions
        )
