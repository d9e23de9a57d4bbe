"""What a peer does on the same: its recorder, run under its own Python, once for each job."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kompass_worker.benchmarks.catalogue import builtin, catalogue, row_name, select
from parity.environments import REQUIREMENTS, peer_environment, python_of
from parity.models import Model
from parity.records import Recording, joined, read_recording
from parity.staging import HUB_FILE
from parity.suites import Peer, Shape, Suite

RECORDERS: Final = Path(__file__).parent / "peers"
_FIRST_TITLE: Final = "计算机网络"
"""Title of the first subject in OpenCompass' configurations of C-Eval."""


@dataclass(frozen=True)
class Asked:
    """A suite with what the peer has to know of it."""

    suite: Suite
    data: Path
    subjects: dict[str, str]
    """Rows of the table by subject."""
    groups: dict[str, list[str]]
    """Subjects' rows of the groups that can be worked out."""


def asked(suite: Suite, data: Path) -> Asked:
    """The subjects and groups of the suite, as Kompass has them."""
    spec = builtin(suite.benchmark)
    known = catalogue(spec, data)
    rows = {held.name: row_name(spec, held.name) for held in select(known, suite.subjects)}
    groups = {
        group.name: [rows[name] for name in group.subjects]
        for group in known.groups
        if rows.keys() >= set(group.subjects)
    }
    return Asked(suite, data, rows, groups)


@dataclass(frozen=True)
class Recorder:
    """A peer with a model, and where its recordings are kept."""

    peer: Peer
    model: Model
    weights: Path
    cache: Path

    def place(self, asked: Asked) -> Path:
        """File of a suite's recording: another one where anything that matters has changed."""
        kept = [self._recorder, REQUIREMENTS / f"{self.peer}.txt"]
        files = [*kept, *_files(self.weights, asked.data)]
        digest = _digest([self._described, _suite(asked, self.model)], files)
        return self.cache / f"{digest}.jsonl"

    def recorded(self, suites: Sequence[Asked]) -> Recording:
        """What the peer does: read, where it did the same before, else made in one process."""
        places = [self.place(held) for held in suites]
        missing = [
            _suite(held, self.model) | {"out": str(place)}
            for held, place in zip(suites, places, strict=True)
            if not place.exists()
        ]
        if missing:
            job = {"model": self._described, "suites": missing}
            _record(self.peer, self._recorder, job, self.cache / f"{self.peer}-{self.model.key}")
        return joined(read_recording(place) for place in places)

    @property
    def _recorder(self) -> Path:
        return RECORDERS / f"{self.peer.replace('-', '_')}_recorder.py"

    @property
    def _described(self) -> dict[str, Any]:
        return {
            "name": self.model.key,
            "path": str(self.weights),
            "chat": self.model.chat,
            "max_sequence_length": self.model.max_sequence_length,
        }


def _record(peer: Peer, recorder: Path, job: dict[str, Any], work: Path) -> None:
    names = ", ".join(suite["name"] for suite in job["suites"])
    print(f"{peer}, {job['model']['name']}: {names}", file=sys.stderr, flush=True)
    work.mkdir(parents=True, exist_ok=True)
    described = work / "job.json"
    text = json.dumps(job | {"work": str(work / "work")}, ensure_ascii=False, indent=1)
    described.write_text(text, encoding="utf-8")
    log = work / "log.txt"
    with log.open("w") as said:
        command = [str(python_of(peer)), str(recorder), str(described)]
        ended = subprocess.run(
            ["nice", "-n", "19", *command],
            cwd=work,
            env=peer_environment(),
            stdout=said,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if ended.returncode:
        sys.exit(f"{peer} failed:\n{log.read_text()[-4000:]}\n(all of it: {log})")


def _suite(asked: Asked, model: Model) -> dict[str, Any]:
    suite = asked.suite
    return {
        "name": suite.name,
        "config": suite.definition,
        "variable": suite.variable,
        "limit": suite.limit(model),
        "max_new_tokens": suite.max_new_tokens,
        "scores": suite.scores,
        "subjects": [
            {"name": subject, "abbr": row} | _arguments(asked, subject)
            for subject, row in asked.subjects.items()
        ],
        "groups": [{"name": name, "rows": rows} for name, rows in asked.groups.items()],
    }


def _arguments(asked: Asked, subject: str) -> dict[str, Any]:
    """Where the peer's loader finds the subject."""
    folder = str(asked.data)
    match asked.suite.shape:
        case Shape.CEVAL:
            mapping = json.loads((asked.data / "subject_mapping.json").read_text("utf-8"))
            return {
                "renamed": [_FIRST_TITLE, mapping[subject][1]],
                "arguments": {"path": folder, "name": subject},
            }
        case Shape.AGIEVAL:
            return {"arguments": {"path": folder, "name": subject}}
        case Shape.GSM8K:
            return {"arguments": {"path": folder}}
        case Shape.BLIMP:
            files = {"train": str(asked.data / f"{subject}.jsonl")}
            return {"arguments": {"data_files": files}}
        case Shape.TRUTHFULQA:
            files = {"validation": str(asked.data / HUB_FILE)}
            return {"arguments": {"path": "json", "data_files": files}}


def _files(*folders: Path) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())


def _digest(what: object, files: Sequence[Path]) -> str:
    total = hashlib.sha256(json.dumps(what, sort_keys=True).encode())
    for path in files:
        with path.open("rb") as content:
            total.update(hashlib.file_digest(content, "sha256").digest())
    return total.hexdigest()[:16]
