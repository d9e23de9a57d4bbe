"""The report: scores with everything they rest on.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kompass_api.plandocument import Plan, PlannedItem
from kompass_api.results import (
    Completeness,
    DataLineage,
    Environment,
    Manifest,
    ModelLineage,
    Report,
    Score,
    Shortened,
)
from kompass_api.rundocument import ResolvedModel, RunDocument
from kompass_worker.errors import InvalidData


def report_of(
    document: RunDocument,
    plan: Plan,
    manifests: Sequence[Manifest],
    *,
    plan_digest: str,
    completeness: Completeness,
    scores: Sequence[Score],
) -> Report:
    """The report of a run whose shards left these manifests."""
    environments = _environments(manifests)
    return Report(
        namespace=document.run.namespace,
        run=document.run.name,
        uid=document.run.uid,
        profile=document.profile,
        seed=document.seed,
        run_digest=plan.run_digest,
        plan_digest=plan_digest,
        completeness=completeness,
        scores=list(scores),
        models=[
            _model(model, environments[model.name])
            for model in document.models
            if model.name in environments
        ],
        data=[
            DataLineage(
                benchmark=subject.benchmark,
                subject=subject.subject,
                oc_version=subject.oc_version,
                content_hash=subject.content_hash,
                data_digest=subject.data_digest,
                left_out=subject.left_out,
                corrected=subject.corrected,
            )
            for subject in plan.subjects
        ],
        shortened=_shortened(plan),
        table=document.table,
    )


def _shortened(plan: Plan) -> list[Shortened]:
    held: dict[tuple[str, str], list[PlannedItem]] = {}
    for shard in plan.shards:
        for item in shard.items:
            if item.examples_dropped or item.truncated:
                held.setdefault((shard.model, item.benchmark), []).append(item)
    return [
        Shortened(
            model=model,
            benchmark=benchmark,
            items=len(items),
            examples_dropped=sum(item.examples_dropped for item in items),
            truncated=sum(item.truncated for item in items),
        )
        for (model, benchmark), items in held.items()
    ]


def _model(model: ResolvedModel, environment: Environment) -> ModelLineage:
    source, serving = model.spec.source, model.spec.serving
    if serving is not None:
        place = f"{serving.url or serving.provider or model.spec.backend} {serving.model}"
        return ModelLineage(model=model.name, source=place, environment=environment)
    assert source is not None
    return ModelLineage(
        model=model.name, source=source.uri, revision=source.revision, environment=environment
    )


def _environments(manifests: Iterable[Manifest]) -> Mapping[str, Environment]:
    """What each model ran on: its first shard's environment, if all ran the same weights."""
    found: dict[str, Manifest] = {}
    for manifest in sorted(manifests, key=lambda held: held.shard):
        first = found.setdefault(manifest.model, manifest)
        if _weights(first) != _weights(manifest):
            raise InvalidData(
                f"shards {first.shard} and {manifest.shard} of model {manifest.model!r} ran "
                "different weights or tokenizers, so their answers are not of one model: the "
                "source changed during the run; pin its revision or digest, and run again"
            )
    return {model: manifest.environment for model, manifest in found.items()}


def _weights(manifest: Manifest) -> tuple[str, str]:
    return manifest.environment.model_digest, manifest.environment.tokenizer_digest
