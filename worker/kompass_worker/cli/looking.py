"""The edges of `kompass list` and `kompass validate`: read manifests, print."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from kompass_worker.cli.documents import SUFFIXES
from kompass_worker.cli.ending import say
from kompass_worker.cli.listing import What, found_in, hints, listings
from kompass_worker.cli.mappings import parse_mapping
from kompass_worker.cli.outputs import Output, page, show
from kompass_worker.cli.usage import Status, WrongUsage


def list_all(
    words: Sequence[str], files: Sequence[Path], sources: Sequence[str], output: Output
) -> Status:
    """Print the tables of `kompass list`."""
    what = What(words[0]) if words and words[0] in set(What) else None
    if what is None and output is Output.CSV:
        raise WrongUsage(
            "CSV holds one table: say `kompass list models` or `kompass list benchmarks`"
        )
    here = sorted(path for path in Path().iterdir() if path.suffix in SUFFIXES)
    for path in files:
        if not path.exists():
            raise WrongUsage(f"--file {path}: there is no such file or folder")
    found = found_in(files or here)
    for problem in found.problems:
        say(f"Left out: {problem}")
    wanted = words[1:] if what else words
    mappings = [parse_mapping(text) for text in sources]
    show(listings(found, what, wanted, mappings), output, page())
    for hint in hints(found, what, wanted):
        say(hint)
    return Status.SUCCEEDED


def validate_all(files: Sequence[Path], *, in_cluster: bool) -> Status:
    """Print what is wrong with manifests."""
    from kompass_worker.cli.validation import validate

    found = validate(files, in_cluster=in_cluster)
    for problem in found.problems:
        say(problem)
    documents = _counted(found.documents, "document")
    if found.problems:
        say(f"{_counted(len(found.problems), 'problem')} in {documents}")
        return Status.WRONG_USAGE
    if not found.documents:
        raise WrongUsage("these files hold no document: name YAML files, or folders of them")
    say(f"{documents}, nothing wrong")
    return Status.SUCCEEDED


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def translate(words: Sequence[str]) -> Status:
    """Print the manifests of an OpenCompass command line."""
    from kompass_worker.cli.opencompass import translated

    found = translated(words, Path.cwd())
    sys.stdout.write(found.yaml())
    for note in found.notes:
        say(note)
    return Status.SUCCEEDED if found.is_whole else Status.FAILED
