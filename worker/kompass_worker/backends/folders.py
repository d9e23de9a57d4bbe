"""Where the parts of a model lie on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class ModelFolders(NamedTuple):
    """Folders of one model."""

    model: Path
    """Configuration and, where they were fetched, weights."""
    tokenizer: Path
    adapter: Path | None = None

    @classmethod
    def of(cls, folder: Path) -> ModelFolders:
        """A model that lies in one folder."""
        return cls(folder, folder)
