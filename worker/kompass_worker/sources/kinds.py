"""Which files of a source are wanted, and which never are. Pure."""

from __future__ import annotations

from enum import Enum
from fnmatch import fnmatchcase
from typing import Final

from kompass_api.outcomes import FailureClass
from kompass_worker.sources.digests import (
    ADAPTER_FILES,
    CODE_FILES,
    TOKENIZER_FILES,
    WEIGHT_FILES,
)

DATA_FILES: Final = ("*.csv", "*.tsv", "*.jsonl", "*.json", "*.parquet", "*.txt", "*.zip")


class Wanted(Enum):
    """What a source is fetched for."""

    TOKENIZER = "tokenizer"
    """Enough to plan: no weights."""
    MODEL = "model"
    ADAPTER = "adapter"
    """Weights on top of a model's."""
    DATA = "data"

    @property
    def missing(self) -> FailureClass:
        """How to call it when it is not there."""
        return FailureClass.DATA_MISSING if self is Wanted.DATA else FailureClass.MODEL_MISSING

    @property
    def denied(self) -> FailureClass:
        """How to call it when it may not be read."""
        return (
            FailureClass.STORAGE_DENIED if self is Wanted.DATA else FailureClass.MODEL_ACCESS_DENIED
        )

    def patterns(self, *, with_code: bool = False) -> tuple[str, ...]:
        """Names of the files to fetch; `*` does not stop at slashes."""
        if self is Wanted.DATA:
            return DATA_FILES
        if self is Wanted.ADAPTER:
            return ADAPTER_FILES
        code = CODE_FILES if with_code else ()
        if self is Wanted.TOKENIZER:
            return (*TOKENIZER_FILES, "config.json", "generation_config.json", *code)
        return (*TOKENIZER_FILES, *WEIGHT_FILES, *code)


def is_wanted(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a file belongs to what is fetched."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)
