"""Digests of folders: what a number rests on, in 64 hexadecimal digits."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

TOKENIZER_FILES: Final = (
    "tokenizer*.json",
    "tokenizer*.model",
    "*.tiktoken",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.*",
    "merges.txt",
    "chat_template.*",
    "additional_chat_templates/*",
)
WEIGHT_FILES: Final = (
    "*.safetensors",
    "*.safetensors.index.json",
    "config.json",
    "generation_config.json",
)
ADAPTER_FILES: Final = ("adapter_config.json", "adapter_model*.safetensors")
CODE_FILES: Final = ("*.py",)
_THREADS = 4


def digest_of_files(folder: Path, names: Iterable[str]) -> str:
    """`sha256:` over the sorted lines `<sha256 of the file>  <name>` (as sha256sum prints them)."""
    ordered = sorted(names)
    with ThreadPoolExecutor(_THREADS) as pool:
        digests = list(pool.map(lambda name: _file_digest(folder / name), ordered))
    lines = "".join(f"{one}  {name}\n" for one, name in zip(digests, ordered, strict=True))
    return f"sha256:{hashlib.sha256(lines.encode()).hexdigest()}"


def folder_digest(folder: Path) -> str:
    """The digest of every file below the folder; hidden ones do not count."""
    return digest_of_files(folder, _names(folder, ("**/*",)))


def model_digest(folder: Path, *, with_code: bool = False) -> str:
    """The digest of weights and configuration; of the model's own code too where it runs."""
    return digest_of_files(folder, _names(folder, WEIGHT_FILES + CODE_FILES * with_code))


def tokenizer_digest(folder: Path) -> str:
    """The digest of what turns text into tokens, chat template included."""
    return digest_of_files(folder, _names(folder, TOKENIZER_FILES))


def adapter_digest(folder: Path) -> str:
    """The digest of an adapter's weights and configuration."""
    return digest_of_files(folder, _names(folder, ADAPTER_FILES))


def _names(folder: Path, patterns: Iterable[str]) -> set[str]:
    found = (path for pattern in patterns for path in folder.glob(pattern) if path.is_file())
    names = (path.relative_to(folder).as_posix() for path in found)
    return {name for name in names if not any(step.startswith(".") for step in name.split("/"))}


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
