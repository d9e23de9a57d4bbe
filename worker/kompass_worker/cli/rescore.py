"""The edge of `kompass rescore`: reads a run's folder, writes a new report beside the old one."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from kompass_api.rundocument import ResolvedBenchmark, ResolvedStorage, RunDocument
from kompass_api.scoring import ExtractionStep, Metric
from kompass_api.sources import S3Connection
from kompass_worker.benchmarks import builtin
from kompass_worker.cli.ending import say
from kompass_worker.cli.mappings import Mapping, mapped_source, parse_mapping
from kompass_worker.cli.outputs import Output
from kompass_worker.cli.run import local_settings
from kompass_worker.cli.scores import show_scores
from kompass_worker.cli.usage import Status, WrongUsage
from kompass_worker.errors import InvalidData
from kompass_worker.inference.layout import RUN_KEY
from kompass_worker.runs.reading import store_at
from kompass_worker.runs.rescoring import FOLDER, Rules, rescore
from kompass_worker.store import ObjectMissing
from kompass_worker.wiring import workplace

_KEY: Final = re.compile(r"(?:^|,)([A-Za-z_][A-Za-z0-9_]*)=")


@dataclass(frozen=True)
class RescoreWish:
    """Which run is scored again, and how."""

    run: str
    s3: S3Connection
    benchmarks: tuple[str, ...]
    extraction: tuple[str, ...]
    metric: str | None
    sources: tuple[str, ...]
    output: Output


def rescore_run(wish: RescoreWish) -> Status:
    """Print the new table, and say where the new report is."""
    if f"/{FOLDER}/" in f"{wish.run}/":
        raise WrongUsage(
            f"{wish.run} was made by kompass rescore and holds no answers: name the run it was "
            f"made of, {wish.run.partition(f'/{FOLDER}/')[0]}"
        )
    rules = Rules(wish.benchmarks, steps_of(wish.extraction), metric_of(wish.metric))
    mappings = [parse_mapping(text) for text in wish.sources]
    store = store_at(wish.run, wish.s3)
    try:
        document = _document(store.get(RUN_KEY), f"{store.uri}/{RUN_KEY}")
    except ObjectMissing:
        raise WrongUsage(f"{wish.run} holds no run (no {RUN_KEY}): name a run's folder") from None
    here = document.model_copy(
        update={
            "storage": ResolvedStorage(uri=store.uri, s3=wish.s3),
            "benchmarks": [_mapped(held, mappings) for held in document.benchmarks],
        }
    )
    done = rescore(workplace(here, local_settings(os.environ), os.environ), rules)
    show_scores(done.report, wish.output)
    place = f"{wish.run.rstrip('/')}/{done.folder}"
    say(f"Report: {place}/report/report.md (and .json, .csv, .txt, samples)")
    say(f"What changed: kompass compare {wish.run} {place} --different --items")
    return Status.SUCCEEDED


def steps_of(texts: Sequence[str]) -> tuple[ExtractionStep, ...] | None:
    """The chain of `--extraction` options, None without any; `none` alone is an empty chain."""
    if not texts:
        return None
    if list(texts) == ["none"]:
        return ()
    return tuple(_rule(ExtractionStep, text, "--extraction") for text in texts)


def metric_of(text: str | None) -> Metric | None:
    """The metric of a `--metric` option."""
    return None if text is None else _rule(Metric, text, "--metric")


def _rule(kind: type[Any], text: str, flag: str) -> Any:
    """`name` or `name:key=value,key=value`; a comma before no `key=` is part of the value."""
    name, colon, rest = text.partition(":")
    before, *parts = _KEY.split(rest)
    if before or (colon and not parts):
        raise WrongUsage(
            f"{flag} {text!r}: expected NAME or NAME:KEY=VALUE,KEY=VALUE, such as "
            "first_option@0.5:options=ABCD"
        )
    arguments = dict(zip(parts[::2], parts[1::2], strict=True))
    try:
        return kind(name=name, arguments=arguments)
    except ValidationError as error:
        raise WrongUsage(f"{flag} {text!r}: {error.errors()[0]['msg']}") from error


def _document(content: bytes, place: str) -> RunDocument:
    try:
        return RunDocument.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise InvalidData(
            f"{place} is not of this version of Kompass: {field}: {first['msg']}; score it again "
            "with the version that wrote it"
        ) from error


def _mapped(benchmark: ResolvedBenchmark, mappings: Sequence[Mapping]) -> ResolvedBenchmark:
    spec = benchmark.spec or builtin(benchmark.name)
    source = benchmark.source or spec.data.source
    if source is None or not mappings:
        return benchmark
    return benchmark.model_copy(update={"source": mapped_source(source, mappings)})
