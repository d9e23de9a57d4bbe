"""What Kompass does with a model and a benchmark: `kompass run`, and what its stages say of it."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import yaml
import zstandard

from kompass_api.results import Report, Sample, Score
from kompass_api.scoring import GroupMean
from kompass_worker.backends.huggingface_continuations import encode_continuations
from kompass_worker.backends.huggingface_text import HuggingFaceTokenizer
from kompass_worker.cli.run import Wish, local_settings, prepare
from kompass_worker.inference.layout import REPORT_KEY, SAMPLES_KEY
from kompass_worker.prompts.requests import (
    ContinuationRequest,
    GenerationRequest,
    Request,
    ScoringRequest,
)
from kompass_worker.stages.shard import requests_of
from kompass_worker.stages.workplace import read_plan
from kompass_worker.wiring import workplace
from parity.models import Model
from parity.records import Item, Recording, Row
from parity.suites import Peer, Suite


@dataclass(frozen=True)
class Bench:
    """A suite with its rows."""

    suite: Suite
    data: Path


def runs(suites: Iterable[Suite]) -> list[list[Suite]]:
    """The suites in as few runs as can be: a run has a benchmark once."""
    found: list[list[Suite]] = []
    for suite in suites:
        free = (
            held for held in found if suite.benchmark not in {other.benchmark for other in held}
        )
        run = next(free, None)
        if run is None:
            found.append([suite])
        else:
            run.append(suite)
    return found


def run_kompass(benches: Sequence[Bench], model: Model, *, weights: Path, out: Path) -> Recording:
    """Carry the suites out in one run, as a person would, and read what it left."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    manifest = out / "evalrun.yaml"
    manifest.write_text(yaml.safe_dump_all(_manifests(benches, model, weights)))
    wish = Wish(
        files=(manifest,),
        out=out / "run",
        run=None,
        resume=True,
        sources=(),
        parallelism=1,
        verbose=False,
    )
    command = [str(Path(sys.executable).parent / "kompass"), "run", str(manifest)]
    log = out / "kompass.txt"
    with log.open("w") as said:
        ended = subprocess.run(
            [*command, "--out", str(wish.out)],
            stdout=said,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if ended.returncode:
        sys.exit(f"kompass run failed with {model.key}:\n{log.read_text()}")
    return _read({held.suite.benchmark: held.suite for held in benches}, wish)


def _manifests(benches: Sequence[Bench], model: Model, weights: Path) -> list[object]:
    endpoint = {
        "apiVersion": "kompass.dev/v1alpha1",
        "kind": "ModelEndpoint",
        "metadata": {"name": model.key},
        "spec": {
            "modelType": "Chat" if model.chat else "Base",
            "source": {"uri": weights.as_uri()},
            "device": "CPU",
            "dtype": "Float32",
            "maxSequenceLength": model.max_sequence_length,
            # OpenCompass cuts on the left what fits not even without examples.
            "longPrompt": "TruncateLeft",
        },
    }
    run = {
        "apiVersion": "kompass.dev/v1alpha1",
        "kind": "EvalRun",
        "metadata": {"name": "parity"},
        "spec": {
            "models": [{"name": model.key}],
            "benchmarks": [_reference(held, model) for held in benches],
        },
    }
    return [endpoint, run]


def _reference(bench: Bench, model: Model) -> dict[str, object]:
    suite = bench.suite
    settings: dict[str, object] = {
        "limit": suite.limit(model),
        "maxNewTokens": suite.max_new_tokens,
        "subjects": list(suite.subjects),
    }
    given = {name: value for name, value in settings.items() if value}
    return {"name": suite.benchmark, "source": {"uri": bench.data.as_uri()}} | given


def _read(suites: Mapping[str, Suite], wish: Wish) -> Recording:
    document, _ = prepare(wish)
    place = workplace(document, local_settings(os.environ), os.environ)
    plan = read_plan(place).plan
    report = Report.model_validate_json(place.store.get(REPORT_KEY))
    samples = {sample.item: sample for sample in _samples(place.store.get(SAMPLES_KEY))}
    model = document.models[0]
    tokenizer = place.models.tokenizer(model)
    assert isinstance(tokenizer, HuggingFaceTokenizer)
    planned = [item for shard in plan.shards for item in shard.items]
    requests = requests_of(place, model, planned)
    items = [
        _item(suites[held.benchmark], samples[held.id], request, tokenizer)
        for held, request in zip(planned, requests, strict=True)
    ]
    return Recording(items=items, rows=_rows(suites, report))


def _samples(stored: bytes) -> Iterator[Sample]:
    with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(stored)) as lines:
        for line in io.TextIOWrapper(lines, encoding="utf-8"):
            yield Sample.model_validate(json.loads(line))


def _item(suite: Suite, sample: Sample, request: Request, tokenizer: HuggingFaceTokenizer) -> Item:
    read = read_by_the_model(request, tokenizer)
    return Item(
        suite=suite.name,
        item=f"{sample.subject}/{sample.row}",
        prompts=read.prompts,
        token_ids=read.token_ids,
        generation=sample.prediction if suite.generates else None,
        choice=None if suite.generates else sample.prediction,
        values={held.label: held.nll / read.divisors.get(held.label, 1) for held in sample.scores},
        extracted=sample.extracted if suite.generates and suite.scores else None,
        score=sample.score if suite.scores else None,
    )


class Read(NamedTuple):
    """What the model reads, by label."""

    prompts: dict[str, str]
    token_ids: dict[str, list[int]]
    divisors: dict[str, int]
    """Tokens over which a likelihood is summed, where it is not a mean already."""


def read_by_the_model(request: Request, tokenizer: HuggingFaceTokenizer) -> Read:
    """What the model is given of a request."""
    match request:
        case GenerationRequest():
            ids = tokenizer.encode([request.prompt])
            return Read({"": tokenizer.rendered(request.prompt)}, {"": ids[0]}, {})
        case ScoringRequest():
            texts = {held.label: held.text for held in request.candidates}
            return Read(texts, _by_label(texts, tokenizer.encode(list(texts.values()))), {})
        case ContinuationRequest():
            held = request.candidates
            texts = {one.label: f"{one.context}{one.continuation}" for one in held}
            encoded = encode_continuations(tokenizer, held, request.split)
            return Read(
                texts,
                _by_label(texts, [list(text.ids) for text in encoded]),
                {
                    one.label: len(text.ids) - text.start
                    for one, text in zip(held, encoded, strict=True)
                },
            )
    sys.exit(f"no peer is asked a {type(request).__name__}")


def _by_label(labels: Iterable[str], encoded: Iterable[list[int]]) -> dict[str, list[int]]:
    return dict(zip(labels, encoded, strict=True))


def _rows(suites: Mapping[str, Suite], report: Report) -> list[Row]:
    """The first number of each row; a group's is the mean of its subjects' first ones."""
    found: dict[tuple[str, str], Row] = {}
    for score in report.scores:
        suite = suites[score.benchmark]
        is_group = score.kind == "group"
        row = Row(
            suite=suite.name,
            row=score.row_name,
            is_group=is_group,
            value=score.value if suite.scores else None,
            version=_version(suite, score),
        )
        if score.metric == GroupMean.NAIVE_AVERAGE or not is_group:
            found.setdefault((score.benchmark, score.row_name), row)
    return list(found.values())


def _version(suite: Suite, score: Score) -> str | None:
    """What OpenCompass prints beside a subject; lm-eval has nothing like it."""
    has_one = suite.peer is Peer.OPENCOMPASS and score.kind == "subject"
    return score.oc_version if has_one else None
