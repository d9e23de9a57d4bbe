"""The seam between the stages and the models they need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from kompass_api import modelendpoint
from kompass_api.rundocument import ResolvedModel
from kompass_worker.backends.fake import FakeBackend, FakeTokenizer
from kompass_worker.backends.protocol import Backend, Tokenizer
from kompass_worker.sources.fetching import Fetcher


@dataclass(frozen=True)
class LoadedModel:
    """A model ready to answer, and what it took."""

    backend: Backend
    fetch_seconds: float
    load_seconds: float


class Models(Protocol):
    """Where tokenizers and loaded models come from."""

    def tokenizer(self, model: ResolvedModel) -> Tokenizer:
        """The model's tokenizer, without its weights."""
        ...

    def load(self, model: ResolvedModel) -> LoadedModel:
        """The model, ready to answer."""
        ...


@dataclass(frozen=True)
class FetchedModels:
    """Models out of their sources."""

    fetcher: Fetcher
    image: str | None
    clock: Callable[[], float]

    def tokenizer(self, model: ResolvedModel) -> Tokenizer:
        """The model's tokenizer, without its weights."""
        spec = model.spec
        folder = self.fetcher.tokenizer(spec.source, with_code=spec.trust_remote_code)
        return _tokenizer_of(folder, model)

    def load(self, model: ResolvedModel) -> LoadedModel:
        """The model, ready to answer."""
        started = self.clock()
        spec = model.spec
        folder = self.fetcher.model(spec.source, with_code=spec.trust_remote_code)
        fetched = self.clock()
        backend = _backend_of(folder, model, self.image)
        return LoadedModel(backend, fetched - started, self.clock() - fetched)


@dataclass
class KeptModel:
    """The same models, but the last one stays loaded: for shards that run one after the other."""

    models: Models
    _held: tuple[ResolvedModel, LoadedModel] | None = None

    def tokenizer(self, model: ResolvedModel) -> Tokenizer:
        """The model's tokenizer, without its weights."""
        return self.models.tokenizer(model)

    def load(self, model: ResolvedModel) -> LoadedModel:
        """The model, loaded now unless it was the last one."""
        if self._held is not None and self._held[0] == model:
            return LoadedModel(self._held[1].backend, fetch_seconds=0.0, load_seconds=0.0)
        # The one before goes first: two may not fit.
        self._held = None
        loaded = self.models.load(model)
        self._held = (model, loaded)
        return loaded


@dataclass
class FakeModels:
    """A fake backend for every model; counts how often one is loaded."""

    backend: Backend = field(default_factory=FakeBackend)
    tokens: Tokenizer = field(default_factory=FakeTokenizer)
    loads: int = 0

    def tokenizer(self, model: ResolvedModel) -> Tokenizer:  # noqa: ARG002
        """The one tokenizer."""
        return self.tokens

    def load(self, model: ResolvedModel) -> LoadedModel:  # noqa: ARG002
        """The one backend."""
        self.loads += 1
        return LoadedModel(self.backend, fetch_seconds=0.0, load_seconds=0.0)


def _tokenizer_of(folder: Path, model: ResolvedModel) -> Tokenizer:
    match model.spec.backend:
        case modelendpoint.Backend.HUGGING_FACE:
            from kompass_worker.backends.huggingface_text import load_tokenizer

            return load_tokenizer(folder, model.spec, model.name)


def _backend_of(folder: Path, model: ResolvedModel, image: str | None) -> Backend:
    match model.spec.backend:
        case modelendpoint.Backend.HUGGING_FACE:
            from kompass_worker.backends.huggingface import load_backend

            return load_backend(folder, model.spec, model.name, image=image)
