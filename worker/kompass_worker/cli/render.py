"""`kompass render`: a run's questions, planned in memory and put to no model."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from kompass_api.benchmark import Benchmark, BenchmarkSpec
from kompass_api.built_in import BUILT_IN
from kompass_api.evalrun import Profile
from kompass_api.modelendpoint import Device, ModelEndpoint, ModelEndpointSpec, ModelType
from kompass_api.resolution import nearest
from kompass_api.rundocument import (
    ResolvedBenchmark,
    ResolvedModel,
    ResolvedStorage,
    RunDocument,
    RunIdentity,
)
from kompass_api.sources import Source
from kompass_worker.backends.fake import FakeTokenizer
from kompass_worker.backends.models import FakeModels, Models
from kompass_worker.benchmarks import builtin
from kompass_worker.cli.listing import found_in
from kompass_worker.cli.mappings import Mapping, mapped_source, parse_mapping, uri_of
from kompass_worker.cli.outputs import Output, as_json
from kompass_worker.cli.prompts import Rendered, Renders, as_record, as_text, rendered
from kompass_worker.cli.run import local_settings
from kompass_worker.cli.usage import Status, WrongUsage
from kompass_worker.prompts.requests import Prompt
from kompass_worker.stages.plan import run_plan
from kompass_worker.stages.questions import material_of
from kompass_worker.stages.shard import requests_of
from kompass_worker.stages.workplace import Workplace, read_plan
from kompass_worker.store import MemoryStore
from kompass_worker.wiring import workplace

_ENDLESS: Final = 1_000_000_000
"""Tokens that a model takes of which nothing is known."""


@dataclass(frozen=True)
class RenderWish:
    """What is to be shown, of whom, and how."""

    benchmark: str
    model: Path | None
    model_type: ModelType
    files: tuple[Path, ...]
    subject: str | None
    row: int
    count: int
    sources: tuple[str, ...]
    profile: Profile
    messages: bool
    whitespace: bool
    output: Output


def render(wish: RenderWish) -> Status:
    """Print the prompts."""
    if wish.output in {Output.CSV, Output.MD}:
        raise WrongUsage("prompts are texts of many lines, no table: use -o json, or leave -o out")
    shown = prompts_of(wish)
    if wish.output is Output.JSON:
        sys.stdout.write(as_json([as_record(held) for held in shown]))
    else:
        whole = "\n".join(as_text(held, whitespace=wish.whitespace) for held in shown)
        sys.stdout.write(whole)
    sys.stdout.flush()
    return Status.SUCCEEDED


def prompts_of(wish: RenderWish) -> list[Rendered]:
    """The prompts that are asked for."""
    mappings = [parse_mapping(text) for text in wish.sources if "=" in text]
    place = _place(wish, mappings)
    run_plan(place)
    planned = read_plan(place).plan
    items = [item for shard in planned.shards for item in shard.items if item.row >= wish.row]
    if not items:
        last = planned.subjects[0].items - 1
        raise WrongUsage(f"{planned.subjects[0].subject} has rows 0 to {last}, no row {wish.row}")
    model = place.document.models[0]
    requests = requests_of(place, model, items)
    tokenizer = place.models.tokenizer(model)

    def through(prompt: Prompt) -> Prompt:
        if wish.messages or not isinstance(tokenizer, Renders):
            return prompt
        return tokenizer.rendered(prompt)

    return [rendered(item, request, through) for item, request in zip(items, requests, strict=True)]


def _place(wish: RenderWish, mappings: Sequence[Mapping]) -> Workplace:
    benchmark = _benchmark(wish, mappings)
    model = _model(wish, mappings)
    document = RunDocument(
        run=RunIdentity(namespace="default", name="render", uid=""),
        profile=wish.profile,
        models=[model],
        benchmarks=[benchmark],
        storage=ResolvedStorage(uri="file:///dev/null"),
    )
    place = workplace(document, local_settings(os.environ), os.environ)
    chosen = wish.subject or material_of(benchmark, place.fetcher).chosen[0].name
    only = benchmark.model_copy(update={"subjects": [chosen], "limit": wish.row + wish.count})
    return replace(
        place,
        document=document.model_copy(update={"benchmarks": [only]}),
        store=MemoryStore(),
        models=place.models if wish.model is not None else _no_models(),
    )


def _no_models() -> Models:
    return FakeModels(tokens=FakeTokenizer(max_sequence_length=_ENDLESS))


def _benchmark(wish: RenderWish, mappings: Sequence[Mapping]) -> ResolvedBenchmark:
    found = found_in(wish.files)
    own: dict[str, BenchmarkSpec] = {
        held.resource.metadata.name: held.resource.spec
        for held in found.benchmarks
        if isinstance(held.resource, Benchmark)
    }
    spec = own.get(wish.benchmark)
    if spec is None and wish.benchmark not in BUILT_IN:
        if found.problems:
            raise WrongUsage("\n".join(found.problems))
        raise WrongUsage(
            f"benchmark {wish.benchmark!r} is neither built in nor in the files of --file"
            f"{nearest(wish.benchmark, [*BUILT_IN, *own])}"
        )
    return ResolvedBenchmark(name=wish.benchmark, spec=spec, source=_source(wish, spec, mappings))


def _source(wish: RenderWish, spec: BenchmarkSpec | None, mappings: Sequence[Mapping]) -> Source:
    folders = [text for text in wish.sources if "=" not in text]
    if folders:
        return Source(uri=uri_of(folders[-1]))
    source = (spec or builtin(wish.benchmark)).data.source
    if source is None:
        raise WrongUsage(
            f"benchmark {wish.benchmark!r} brings no data: name its folder with --source FOLDER"
        )
    return mapped_source(source, mappings)


def _model(wish: RenderWish, mappings: Sequence[Mapping]) -> ResolvedModel:
    if wish.model is None:
        source = Source(uri="file:///dev/null")
        spec = ModelEndpointSpec(source=source, model_type=wish.model_type, device=Device.CPU)
        return ResolvedModel(name="none", spec=spec)
    found = found_in([wish.model])
    endpoints = [one.resource for one in found.models if isinstance(one.resource, ModelEndpoint)]
    if len(endpoints) != 1:
        names = ", ".join(one.metadata.name for one in endpoints) or "none"
        problems = "".join(f"\n{problem}" for problem in found.problems)
        raise WrongUsage(
            f"{wish.model}: expected one ModelEndpoint, found {names}: name a file with the one "
            f"model that is meant{problems}"
        )
    spec = endpoints[0].spec
    if spec.source is not None:
        spec = spec.model_copy(update={"source": mapped_source(spec.source, mappings)})
    return ResolvedModel(name=endpoints[0].metadata.name, spec=spec)
