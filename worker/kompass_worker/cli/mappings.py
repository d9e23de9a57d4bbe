"""`--source FROM=TO`: folders of this machine in place of what a manifest names. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kompass_api.rundocument import RunDocument
from kompass_api.sources import Source
from kompass_worker.cli.manifests import WrongUsage


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
    if "://" not in after:
        after = Path(after).expanduser().absolute().as_uri()
    return Mapping(before, after)


def mapped(document: RunDocument, mappings: Sequence[Mapping]) -> RunDocument:
    """The document with every source where the mappings put it."""
    models = [
        model.model_copy(
            update={
                "spec": model.spec.model_copy(
                    update={"source": _mapped(model.spec.source, mappings)}
                )
            }
        )
        for model in document.models
    ]
    benchmarks = []
    for benchmark in document.benchmarks:
        source = benchmark.source
        if source is None and benchmark.spec is not None:
            source = benchmark.spec.data.source
        update = {"source": _mapped(source, mappings)} if source is not None else {}
        benchmarks.append(benchmark.model_copy(update=update))
    return document.model_copy(update={"models": models, "benchmarks": benchmarks})


def _mapped(source: Source, mappings: Sequence[Mapping]) -> Source:
    """The longest FROM wins; a folder needs neither connection nor revision."""
    fitting = [mapping for mapping in mappings if mapping.applies_to(source.uri)]
    if not fitting:
        return source
    uri = max(fitting, key=lambda mapping: len(mapping.before)).apply(source.uri)
    if uri.partition("://")[0] == source.uri.partition("://")[0]:
        return source.model_copy(update={"uri": uri})
    return Source(uri=uri, digest=source.digest)
