"""YAML files as documents that know on which line each of their fields stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from kompass_api.resources import API_VERSION
from kompass_worker.cli.usage import WrongUsage

SUFFIXES: Final = (".yaml", ".yml")

FieldPath = Sequence[str | int]
"""Keys and places in lists, from the top of a document."""


@dataclass(frozen=True)
class Document:
    """A YAML document that is an object."""

    file: Path
    node: yaml.Node = field(repr=False)
    content: dict[str, Any]

    def line(self, path: FieldPath = ()) -> int:
        """Line of the field, or of the nearest thing around it that is there."""
        node, line = self.node, self.node.start_mark.line
        for step in path:
            found = _child(node, step)
            if found is None:
                break
            line, node = found
        return line + 1

    def place(self, path: FieldPath = ()) -> str:
        """`file:line` of the field."""
        return f"{self.file}:{self.line(path)}"

    @property
    def is_ours(self) -> bool:
        """Whether it says that it is a resource of Kompass."""
        group = str(self.content.get("apiVersion", "")).partition("/")[0]
        return group == API_VERSION.partition("/")[0]

    def repeated_keys(self) -> Iterator[tuple[int, str]]:
        """Line and name of every key that its object has already: YAML keeps the last one."""
        yield from _repeated(self.node)


def files_in(paths: Iterable[Path]) -> list[Path]:
    """The files, and the YAML files below the folders."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(held for held in path.rglob("*") if held.suffix in SUFFIXES)
        else:
            found.append(path)
    return found


def read_documents(file: Path) -> list[Document]:
    """The file's documents; WrongUsage where it is no YAML or one of them no object."""
    try:
        text = file.read_text(encoding="utf-8-sig")
        nodes = list(yaml.compose_all(text, yaml.SafeLoader))
        return [_document(file, node) for node in nodes if not _is_nothing(node)]
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise WrongUsage(f"{file}: {reason}") from error
    except yaml.MarkedYAMLError as error:
        raise WrongUsage(f"{file}{_mark(error)}: not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise WrongUsage(f"{file}: not YAML: {error}") from error


def _document(file: Path, node: yaml.Node) -> Document:
    loader = yaml.SafeLoader("")
    try:
        content = loader.construct_document(node)
    finally:
        loader.dispose()
    if not isinstance(content, dict):
        raise WrongUsage(
            f"{file}:{node.start_mark.line + 1}: expected an object with apiVersion and kind"
        )
    return Document(file, node, content)


def _is_nothing(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _mark(error: yaml.MarkedYAMLError) -> str:
    return f":{error.problem_mark.line + 1}" if error.problem_mark else ""


def _child(node: yaml.Node, step: str | int) -> tuple[int, yaml.Node] | None:
    """Line and value of a field or item."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark.line, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        item = node.value[step]
        return item.start_mark.line, item
    return None


def _repeated(node: yaml.Node) -> Iterator[tuple[int, str]]:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated(item)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    yield key.start_mark.line + 1, key.value
                seen.add(key.value)
            yield from _repeated(value)
