"""What Kompass does with a model and a benchmark: `kompass run`, and what its stages say of it."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml
import zstandard

from kompass_api.results import Report, Sample, Score
from kompass_worker.backends.huggingface_continuations import encode_continuations
from kompass_worker.backends.huggingface_text import HuggingFaceTokenizer
from kompass_worker.cli.run import Wish, local_settings, prepare
from kompass_worker.inference.layout import REPORT_KEY, SAMPLES_KEY
from kompass_worker.prompts.requests import (
    ContinuationRequest,
    GenerationRequest,
    Prompt,
    Request,
    ScoringRequest,
)
from kompass_worker.stages.shard import requests_of
from kompass_worker.stages.workplace import read_plan
from kompass_worker.wiring import workplace
from parity.models import Model
from parity.records import Item, Recording, Row
from parity.suites import Peer, Suite


def run_kompass(suite: Suite, model: Model, *, weights: Path, data: Path, out: Path) -> Recording:
    """Carry the suite out, as a person would, and read what it left."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    manifest = out / "evalrun.yaml"
    manifest.write_text(yaml.safe_dump_all(_manifests(suite, model, weights, data)))
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
        sys.exit(f"kompass run failed on {suite.name} with {model.key}:\n{log.read_text()}")
    return _read(suite, wish)


def _manifests(suite: Suite, model: Model, weights: Path, data: Path) -> list[object]:
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
    asked: dict[str, object] = {"name": suite.benchmark, "source": {"uri": data.as_uri()}}
    settings = {
        "limit": suite.limit(model),
        "maxNewTokens": suite.max_new_tokens,
        "subjects": list(suite.subjects),
    }
    asked |= {name: value for name, value in settings.items() if value}
    run = {
        "apiVersion": "kompass.dev/v1alpha1",
        "kind": "EvalRun",
        "metadata": {"name": "parity"},
        "spec": {"models": [{"name": model.key}], "benchmarks": [asked]},
    }
    return [endpoint, run]


def _read(suite: Suite, wish: Wish) -> Recording:
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
        _item(suite, samples[planned_item.id], request, tokenizer)
        for planned_item, request in zip(planned, requests, strict=True)
    ]
    return Recording(items=items, rows=_rows(suite, report))


def _samples(stored: bytes) -> Iterator[Sample]:
    with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(stored)) as lines:
        for line in io.TextIOWrapper(lines, encoding="utf-8"):
            yield Sample.model_validate(json.loads(line))


def _item(suite: Suite, sample: Sample, request: Request, tokenizer: HuggingFaceTokenizer) -> Item:
    prompts, token_ids = _read_by_the_model(request, tokenizer)
    return Item(
        suite=suite.name,
        item=f"{sample.subject}/{sample.row}",
        prompts=prompts,
        token_ids=token_ids,
        generation=sample.prediction if suite.generates else None,
        choice=None if suite.generates else sample.prediction,
        values={held.label: held.nll for held in sample.scores},
        extracted=sample.extracted if suite.generates and suite.scores else None,
        score=sample.score if suite.scores else None,
    )


_Read = tuple[dict[str, str], dict[str, list[int]]]
"""Texts and tokens by label."""


def _read_by_the_model(request: Request, tokenizer: HuggingFaceTokenizer) -> _Read:
    match request:
        case GenerationRequest():
            prompts: dict[str, Prompt] = {"": request.prompt}
            texts = {label: tokenizer.rendered(prompt) for label, prompt in prompts.items()}
            return texts, _by_label(prompts, tokenizer.encode(list(prompts.values())))
        case ScoringRequest():
            texts = {held.label: held.text for held in request.candidates}
            return texts, _by_label(texts, tokenizer.encode(list(texts.values())))
        case ContinuationRequest():
            held = request.candidates
            texts = {one.label: f"{one.context}{one.continuation}" for one in held}
            encoded = encode_continuations(tokenizer, held, request.split)
            return texts, _by_label(texts, [list(text.ids) for text in encoded])
    sys.exit(f"no peer is asked a {type(request).__name__}")


def _by_label(labels: Iterable[str], encoded: Iterable[list[int]]) -> dict[str, list[int]]:
    return dict(zip(labels, encoded, strict=True))


def _rows(suite: Suite, report: Report) -> list[Row]:
    return [
        Row(
            suite=suite.name,
            row=score.row_name,
            is_group=score.kind == "group",
            value=score.value if suite.scores else None,
            version=_version(suite, score),
        )
        for score in report.scores
    ]


def _version(suite: Suite, score: Score) -> str | None:
    """What OpenCompass prints beside a subject; lm-eval has nothing like it."""
    has_one = suite.peer is Peer.OPENCOMPASS and score.kind == "subject"
    return score.oc_version if has_one else None
