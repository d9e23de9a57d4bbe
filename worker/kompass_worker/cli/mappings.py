"""`--source FROM=TO`: folders of this machine in place of what a manifest names. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kompass_api.benchmark import Benchmark
from kompass_api.built_in import BUILT_IN
from kompass_api.evalrun import BenchmarkRef, EvalRun
from kompass_api.huggingface import HuggingFaceOptions
from kompass_api.modelendpoint import ModelEndpoint
from kompass_api.sources import Source
from kompass_worker.benchmarks.catalogue import builtin
from kompass_worker.cli.manifests import Manifests
from kompass_worker.cli.usage import WrongUsage


@dataclass(frozen=True)
class Mapping:
    """What a source's URI may begin with, and what stands there instead."""

    before: str
    after: str

    def applies_to(self, uri: str) -> bool:
        """Whether the URI is this one or lies below it."""
        return uri == self.before or uri.startswith(self.before.rstrip("/") + "/")

    def apply(self, uri: str) -> str:
        """The URI that takes its place."""
        rest = uri[len(self.before.rstrip("/")) :]
        return self.after.rstrip("/") + rest


def parse_mapping(text: str) -> Mapping:
    """The mapping of an option's value; TO may be a plain path."""
    before, equals, after = text.partition("=")
    if not equals or "://" not in before or not after:
        raise WrongUsage(
            f"--source {text!r}: expected FROM=TO, such as s3://kompass=file:///data or "
            "s3://kompass/models=./models"
        )
    return Mapping(before, uri_of(after))


def uri_of(text: str) -> str:
    """The URI, or that of a plain path."""
    return text if "://" in text else Path(text).expanduser().absolute().as_uri()


def mapped(manifests: Manifests, mappings: Sequence[Mapping]) -> Manifests:
    """The documents with every source where the mappings put it."""
    if not mappings:
        return manifests
    return Manifests(
        runs={name: _run(run, manifests, mappings) for name, run in manifests.runs.items()},
        endpoints={name: _endpoint(one, mappings) for name, one in manifests.endpoints.items()},
        benchmarks={name: _benchmark(one, mappings) for name, one in manifests.benchmarks.items()},
    )


def _run(run: EvalRun, manifests: Manifests, mappings: Sequence[Mapping]) -> EvalRun:
    benchmarks = [_reference(ref, manifests, mappings) for ref in run.spec.benchmarks]
    spec = run.spec.model_copy(update={"benchmarks": benchmarks})
    return run.model_copy(update={"spec": spec})


def _reference(
    ref: BenchmarkRef, manifests: Manifests, mappings: Sequence[Mapping]
) -> BenchmarkRef:
    source = ref.source
    if source is None and ref.name not in manifests.benchmarks and ref.name in BUILT_IN:
        # A built-in benchmark's own source can only be replaced in the run.
        source = builtin(ref.name).data.source
    moved = mapped_source(source, mappings) if source else None
    return ref if moved == source else ref.model_copy(update={"source": moved})


def _endpoint(endpoint: ModelEndpoint, mappings: Sequence[Mapping]) -> ModelEndpoint:
    spec = endpoint.spec
    options = spec.hugging_face
    if spec.source is not None:
        spec = spec.model_copy(update={"source": mapped_source(spec.source, mappings)})
    if options is not None:
        spec = spec.model_copy(update={"hugging_face": _options(options, mappings)})
    return endpoint.model_copy(update={"spec": spec})


def _options(options: HuggingFaceOptions, mappings: Sequence[Mapping]) -> HuggingFaceOptions:
    moved: dict[str, object] = {}
    if options.tokenizer is not None:
        moved["tokenizer"] = mapped_source(options.tokenizer, mappings)
    if options.adapter is not None:
        source = mapped_source(options.adapter.source, mappings)
        moved["adapter"] = options.adapter.model_copy(update={"source": source})
    return options.model_copy(update=moved)


def _benchmark(benchmark: Benchmark, mappings: Sequence[Mapping]) -> Benchmark:
    data, examples = benchmark.spec.data, benchmark.spec.examples
    if data.source is not None:
        data = data.model_copy(update={"source": mapped_source(data.source, mappings)})
    if examples.embedding is not None:
        moved = mapped_source(examples.embedding, mappings)
        examples = examples.model_copy(update={"embedding": moved})
    spec = benchmark.spec.model_copy(update={"data": data, "examples": examples})
    return benchmark.model_copy(update={"spec": spec})


def mapped_source(source: Source, mappings: Sequence[Mapping]) -> Source:
    """The longest FROM wins; a folder needs neither connection nor revision."""
    fitting = [mapping for mapping in mappings if mapping.applies_to(source.uri)]
    if not fitting:
        return source
    uri = max(fitting, key=lambda mapping: len(mapping.before)).apply(source.uri)
    if uri.partition("://")[0] == source.uri.partition("://")[0]:
        return source.model_copy(update={"uri": uri})
    return Source(uri=uri, digest=source.digest)
