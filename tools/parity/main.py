"""`make parity`: Kompass beside OpenCompass and lm-evaluation-harness, item by item.

Usage: python -m parity.main [--only WORD ...] [--peers|--kept] [--page FILE] [--vectors FOLDER]
Ends with status 1 where anything is not the same. `--only` takes the suites, models and peers whose
names hold all of the words, and leaves page and vectors alone. `--peers` records the peers and no
more: what they did is kept, and they are asked again only where model, data, pins or recorder
change. What Kompass did is kept as long as its code is the same, so that a comparison may be
stopped and gone on with, and a page is always of one state of the code. `--kept` asks nobody: it
compares what both sides did before, and the page says what is missing.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from parity.compare import Comparison, compare
from parity.environments import version_of
from parity.models import MODELS, Model, folder_of
from parity.ours import Bench, run_kompass, runs
from parity.page import Section, page, table
from parity.records import Recording, joined, read_recording, write_recording
from parity.sources import sources_digest
from parity.staging import staged
from parity.suites import SUITES, Peer, Suite
from parity.theirs import Recorder, asked
from parity.vectors import OURS, digests, extractions, own_files, own_items
from smollm2 import cache_folder

SMALL: Final = ("tiny-mc",)
"""Models of which vectors are kept: what they write is made of tiny_mc's words."""
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Places:
    """Where things lie."""

    shared: Path
    cache: Path

    def data(self, suite: Suite) -> Path:
        """The suite's rows, as both sides read them."""
        into = self.cache / "data"
        return staged(suite.data, suite.shape, data=self.shared / "data", into=into)


@dataclass(frozen=True)
class Job:
    """What one peer is asked with one model."""

    peer: Peer
    model: Model
    suites: Sequence[Suite]


def jobs(words: Sequence[str]) -> Iterator[Job]:
    """Every peer with every model, and the suites that it is asked."""
    for model in MODELS:
        for peer in Peer:
            suites = [suite for suite in SUITES if suite.peer is peer and suite.takes(model)]
            wanted = [suite for suite in suites if _wanted(suite, model, words)]
            if wanted:
                yield Job(peer, model, wanted)


def _wanted(suite: Suite, model: Model, words: Sequence[str]) -> bool:
    name = f"{suite.name} {model.key} {suite.peer}"
    return all(word in name for word in words)


def recorder(places: Places, job: Job) -> Recorder:
    """The peer of a job."""
    weights = folder_of(job.model, places.shared)
    return Recorder(job.peer, job.model, weights, places.cache / "records")


def theirs(places: Places, job: Job) -> Recording:
    """What the peer does."""
    told = [asked(suite, places.data(suite)) for suite in job.suites]
    return recorder(places, job).recorded(told)


def sections(places: Places, job: Job) -> Iterator[Section]:
    """The comparisons of a job, a suite at a time."""
    found = theirs(places, job)
    missing = [suite for suite in job.suites if not _our_place(places, job, suite).exists()]
    for number, suites in enumerate(runs(missing)):
        _run(places, job, suites, number)
    for suite in job.suites:
        yield _section(places, job, suite, found)


def kept_sections(places: Places, job: Job) -> Iterator[Section]:
    """The comparisons of what both sides did before."""
    there = [suite for suite in job.suites if _is_kept(places, job, suite)]
    if there:
        found = theirs(places, replace(job, suites=there))
        yield from (_section(places, job, suite, found) for suite in there)


def _is_kept(places: Places, job: Job, suite: Suite) -> bool:
    return _their_place(places, job, suite).exists() and _our_place(places, job, suite).exists()


def _section(places: Places, job: Job, suite: Suite, found: Recording) -> Section:
    mine = read_recording(_our_place(places, job, suite))
    comparisons = compare(mine, _part(found, suite))
    print(table(f"{suite.name}, {job.model.title}, {suite.peer}", comparisons), flush=True)
    return Section(suite=suite, model=job.model, comparisons=comparisons)


def _run(places: Places, job: Job, suites: Sequence[Suite], number: int) -> None:
    names = ", ".join(suite.name for suite in suites)
    print(f"kompass run, {job.model.key}: {names}", file=sys.stderr, flush=True)
    out = places.cache / "ours" / f"{job.peer}-{job.model.key}-{number}"
    weights = folder_of(job.model, places.shared)
    benches = [Bench(suite, places.data(suite)) for suite in suites]
    recording = run_kompass(benches, job.model, weights=weights, out=out)
    for suite in suites:
        part = _part(recording, suite)
        _our_place(places, job, suite).parent.mkdir(exist_ok=True)
        write_recording(_our_place(places, job, suite), [*part.items, *part.rows])


def _our_place(places: Places, job: Job, suite: Suite) -> Path:
    """Another one where model, data or suite are others, as the peer's, or Kompass' code is."""
    return places.cache / "ours" / sources_digest() / _their_place(places, job, suite).name


def _their_place(places: Places, job: Job, suite: Suite) -> Path:
    return recorder(places, job).place(asked(suite, places.data(suite)))


def _part(recording: Recording, suite: Suite) -> Recording:
    return Recording(
        items=[item for item in recording.items if item.suite == suite.name],
        rows=[row for row in recording.rows if row.suite == suite.name],
    )


def main() -> int:
    """Compare, print the tables, write the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="*", default=[], metavar="WORD")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--kept", action="store_true")
    parser.add_argument("--page", type=Path)
    parser.add_argument("--vectors", type=Path, metavar="FOLDER")
    arguments = parser.parse_args()
    shared = Path(os.environ.get("KOMPASS_SHARED", ROOT.parent / "shared"))
    if not (shared / "data").is_dir():
        sys.exit(f"needs {shared} (data and models; set KOMPASS_SHARED to where they are)")
    places = Places(shared, cache_folder() / "parity")
    wanted = list(jobs(arguments.only))
    if arguments.vectors and not arguments.only:
        write_vectors(places, arguments.vectors)
    if arguments.peers:
        for job in wanted:
            theirs(places, job)
        return 0
    compared = kept_sections if arguments.kept else sections
    found = [section for job in wanted for section in compared(places, job)]
    if arguments.page and not arguments.only:
        versions = {peer.replace("-", "_"): version_of(peer) for peer in Peer}
        text = page(found, versions, sources=sources_digest(), missing=_missing(wanted, found))
        arguments.page.write_text(text, encoding="utf-8")
    return _verdict(found)


def _missing(wanted: Sequence[Job], found: Sequence[Section]) -> list[str]:
    there = {(section.suite.name, section.model) for section in found}
    return [
        f"{suite.name} with {job.model.title}"
        for job in wanted
        for suite in job.suites
        if (suite.name, job.model) not in there
    ]


def write_vectors(places: Places, folder: Path) -> None:
    """What tests hold Kompass to without the peers: what these did with the small models."""
    recordings = {model.key: _all_of(places, model) for model in MODELS if model.name in SMALL}
    own = {
        "files": own_files(places.shared / "data" / OURS),
        "models": {key: own_items(held) for key, held in recordings.items()},
    }
    content = {
        "own.json": own,
        "digests.json": {key: digests(held) for key, held in recordings.items()},
        "extractions.json": extractions(recordings.values()),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, held in content.items():
        text = json.dumps(held, ensure_ascii=False, indent=1) + "\n"
        (folder / name).write_text(text, encoding="utf-8")


def _all_of(places: Places, model: Model) -> Recording:
    return joined(theirs(places, job) for job in jobs([]) if job.model == model)


def _verdict(found: Sequence[Section]) -> int:
    by_aspect: defaultdict[str, list[Comparison]] = defaultdict(list)
    for section in found:
        for comparison in section.comparisons:
            if not comparison.holds:
                by_aspect[f"{section.suite.name}, {section.model.title}"].append(comparison)
    for place, comparisons in by_aspect.items():
        for comparison in comparisons:
            first = comparison.differences[0]
            print(f"NOT THE SAME: {place}: {comparison.aspect}: {first.place}", file=sys.stderr)
            print(f"  ours:   {first.ours[:600]}\n  theirs: {first.theirs[:600]}", file=sys.stderr)
    return 1 if by_aspect else 0


if __name__ == "__main__":
    sys.exit(main())
