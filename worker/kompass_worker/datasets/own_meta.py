"""What a person says of a data file of their own: OpenCompass' keys of a `.meta.json` file.

Reads local files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kompass_api.data import Column
from kompass_worker.datasets.files import text_of_file
from kompass_worker.errors import InvalidData

META_SUFFIX: Final = ".meta.json"


class DataType(StrEnum):
    """What the rows of a file are."""

    MCQ = "mcq"
    """Multiple choice: a column for each option, named A, B, C."""
    QA = "qa"
    """A question and, perhaps, its answer."""
    CIRCULAR_MCQ = "circular-mcq"
    """Multiple choice, each row asked once for every rotation of its options."""


class InferMethod(StrEnum):
    """How the answer is got."""

    GEN = "gen"
    PPL = "ppl"


class OwnMeta(BaseModel):
    """What is said of a file; what is left out is found in its first row."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    abbr: Annotated[str | None, Field(min_length=1, max_length=96)] = None
    data_type: DataType | None = None
    infer_method: InferMethod | None = None
    human_prompt: str | None = None
    bot_prompt: str | None = None
    template: str | dict[str, Any] | None = None
    input_columns: Annotated[list[Column] | None, Field(min_length=1)] = None
    output_column: Column | None = None
    options: list[Annotated[str, Field(pattern=r"^[A-Z]$")]] | None = None
    test_range: str | None = None
    evaluator: str | None = None
    evaluator_kwargs: dict[str, str | int | float | bool | list[str]] | None = None

    def or_else(self, other: OwnMeta) -> OwnMeta:
        """This, and where it says nothing, the other."""
        held = {name: getattr(self, name) for name in type(self).model_fields}
        return other.model_copy(
            update={key: said for key, said in held.items() if said is not None}
        )


def meta_of(path: Path) -> OwnMeta:
    """What the file `<data file>.meta.json`, or another one like it, says."""
    text = text_of_file(path.parent, path.name)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidData(f"{path.name} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise InvalidData(f"{path.name} holds no object; expected keys such as data_type")
    return checked_meta(found, path.name)


def checked_meta(said: Mapping[str, object], place: str) -> OwnMeta:
    """What is said, or InvalidData with every key that is wrong."""
    try:
        return OwnMeta.model_validate(said)
    except ValidationError as error:
        problems = "; ".join(_problems(error))
        raise InvalidData(f"{place}: {problems}") from error


def _problems(error: ValidationError) -> Iterable[str]:
    for problem in error.errors():
        key = ".".join(map(str, problem["loc"]))
        if problem["type"] == "extra_forbidden":
            yield f"no key {key!r}; there are {', '.join(OwnMeta.model_fields)}"
        else:
            yield f"{key} is {str(problem['input'])[:60]!r}: {problem['msg']}"
