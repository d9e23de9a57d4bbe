"""The seam between the stages and the models they need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from kompass_api.rundocument import ResolvedModel
from kompass_worker.backends.fake import FakeBackend, FakeTokenizer
from kompass_worker.backends.folders import ModelFolders
from kompass_worker.backends.protocol import Backend, Tokenizer
from kompass_worker.backends.served.tokens import EstimatedTokenizer
from kompass_worker.errors import InvalidRequest
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
        """The model's tokenizer, without its weights; an estimate where only a server has it."""
        if model.spec.source is None:
            return EstimatedTokenizer()
        from kompass_worker.backends.huggingface_tokenizers import load_tokenizer

        return load_tokenizer(self._folders(model, weights=False), model.spec, model.name)

    def load(self, model: ResolvedModel) -> LoadedModel:
        """The model, ready to answer."""
        return self._served(model) if model.spec.backend.is_served else self._loaded(model)

    def _loaded(self, model: ResolvedModel) -> LoadedModel:
        started = self.clock()
        folders = self._folders(model, weights=True)
        fetched = self.clock()
        from kompass_worker.backends.huggingface import load_backend

        backend = load_backend(folders, model.spec, model.name, image=self.image)
        return LoadedModel(backend, fetched - started, self.clock() - fetched)

    def _served(self, model: ResolvedModel) -> LoadedModel:
        from kompass_worker.backends.served.loading import Door, load_served

        started = self.clock()
        folder, tokenizer = None, None
        if model.spec.source is not None:
            from kompass_worker.backends.huggingface_tokenizers import load_tokenizer

            folders = self._folders(model, weights=False)
            folder = folders.tokenizer
            tokenizer = load_tokenizer(folders, model.spec, model.name)
        fetched = self.clock()
        keys = self.fetcher.credentials.api_keys(model.spec)
        door = Door(model.name, model.spec, keys, tokenizer)
        backend = load_served(door, tokenizer_folder=folder, image=self.image)
        return LoadedModel(backend, fetched - started, self.clock() - fetched)

    def _folders(self, model: ResolvedModel, *, weights: bool) -> ModelFolders:
        spec, options = model.spec, model.spec.loading
        if spec.source is None:
            raise InvalidRequest(f"model {model.name!r} has no source to load weights from: set it")
        with_code = spec.trust_remote_code
        fetch = self.fetcher.model if weights else self.fetcher.tokenizer
        folder = fetch(spec.source, with_code=with_code)
        tokenizer = (
            self.fetcher.tokenizer(options.tokenizer, with_code=with_code)
            if options.tokenizer is not None
            else folder
        )
        adapter = (
            self.fetcher.adapter(options.adapter.source)
            if weights and options.adapter is not None
            else None
        )
        return ModelFolders(folder, tokenizer, adapter)


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
