"""A model's tokenizer and adapter are fetched, opened and moved like the model itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from kompass_api.credentials import secrets_of
from kompass_api.huggingface import TOKENIZER_OPTIONS, option_values
from kompass_api.modelendpoint import ModelEndpoint, ModelEndpointSpec
from kompass_api.rundocument import (
    ResolvedBenchmark,
    ResolvedModel,
    ResolvedStorage,
    RunDocument,
    RunIdentity,
)
from kompass_api.sources import S3Connection, Source
from kompass_worker.cli.manifests import Manifests
from kompass_worker.cli.mappings import Mapping, mapped
from kompass_worker.credentials import Credentials
from kompass_worker.errors import InputMissing, InvalidData
from kompass_worker.sources.digests import adapter_digest
from kompass_worker.sources.fetching import Fetcher
from kompass_worker.sources.kinds import Wanted, is_wanted

SPEC = ModelEndpointSpec.model_validate(
    {
        "source": {"uri": "hf://owner/model", "tokenSecret": "model-token"},
        "huggingFace": {
            "tokenizer": {"uri": "hf://owner/words", "tokenSecret": "words-token"},
            "adapter": {"source": {"uri": "hf://owner/lora", "tokenSecret": "lora-token"}},
        },
    }
)


def test_a_model_names_everything_that_is_fetched_for_it() -> None:
    assert [source.uri for source in SPEC.sources] == [
        "hf://owner/model",
        "hf://owner/words",
        "hf://owner/lora",
    ]


def test_the_secrets_of_all_of_them_are_needed() -> None:
    document = RunDocument(
        run=RunIdentity(namespace="n", name="r", uid="u"),
        models=[ResolvedModel(name="m", spec=SPEC)],
        benchmarks=[ResolvedBenchmark(name="ceval-gen")],
        storage=ResolvedStorage(uri="file:///runs"),
    )
    assert {name for name, _ in secrets_of(document)} == {
        "model-token",
        "words-token",
        "lora-token",
    }


def test_all_of_them_can_lie_in_folders_of_this_machine() -> None:
    endpoint = ModelEndpoint.model_validate(
        {"metadata": {"name": "m"}, "spec": SPEC.model_dump(by_alias=True)}
    )
    moved = mapped(Manifests({}, {"m": endpoint}, {}), [Mapping("hf://owner", "file:///models")])
    assert [source.uri for source in moved.endpoints["m"].spec.sources] == [
        "file:///models/model",
        "file:///models/words",
        "file:///models/lora",
    ]


def fetcher(folder: Path) -> Fetcher:
    return Fetcher(
        cache=folder / "cache",
        pvc_root=folder / "volumes",
        credentials=Credentials({}),
        storage=S3Connection(),
        patience_seconds=1,
    )


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    folder = tmp_path / "adapter"
    folder.mkdir()
    (folder / "adapter_config.json").write_text("{}")
    (folder / "adapter_model.safetensors").write_bytes(b"weights")
    return folder


def test_an_adapter_is_where_its_source_says(tmp_path: Path, adapter: Path) -> None:
    source = Source(uri=adapter.as_uri(), digest=adapter_digest(adapter))
    assert fetcher(tmp_path).adapter(source) == adapter


def test_an_adapter_that_has_changed_is_refused(tmp_path: Path, adapter: Path) -> None:
    source = Source(uri=adapter.as_uri(), digest=adapter_digest(adapter))
    (adapter / "adapter_model.safetensors").write_bytes(b"others")
    with pytest.raises(InvalidData, match=r"is not what source\.digest says"):
        fetcher(tmp_path).adapter(source)


def test_an_adapter_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputMissing, match=r"the folder .* with the adapter, found nothing"):
        fetcher(tmp_path).adapter(Source(uri=(tmp_path / "none").as_uri()))


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        pytest.param("adapter_config.json", True, id="configuration"),
        pytest.param("adapter_model.safetensors", True, id="weights"),
        pytest.param("adapter_model-00001-of-00002.safetensors", True, id="weights-in-parts"),
        pytest.param("adapter_model.bin", False, id="pickle"),
        pytest.param("model.safetensors", False, id="the-models-own"),
        pytest.param("tokenizer.json", False, id="tokenizer"),
    ],
)
def test_what_is_fetched_of_an_adapter(name: str, *, wanted: bool) -> None:
    assert is_wanted(name, Wanted.ADAPTER.patterns()) is wanted


def test_switches_are_booleans_and_texts_stay() -> None:
    options = {"use_fast": "true", "legacy": "false", "pad_token": "true"}
    assert option_values(options, TOKENIZER_OPTIONS) == {
        "use_fast": True,
        "legacy": False,
        "pad_token": "true",
    }
