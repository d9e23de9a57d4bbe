"""A model that cannot be used says why, in words for a person."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from kompass_api.modelendpoint import ModelEndpointSpec
from kompass_api.outcomes import FailureClass
from kompass_api.sources import Source
from kompass_worker.backends.folders import ModelFolders
from kompass_worker.backends.huggingface import load_backend
from kompass_worker.backends.huggingface_tokenizers import load_tokenizer
from kompass_worker.errors import ModelUnusable, PromptTooLong

pytestmark = pytest.mark.shared


@pytest.fixture
def folder(shared: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "model"
    shutil.copytree(shared / "models" / "tiny-mc", copy)
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o755)
    return copy


def endpoint(folder: Path, **settings: object) -> ModelEndpointSpec:
    plain: dict[str, object] = {
        "source": Source(uri=folder.as_uri()),
        "device": "CPU",
        "modelType": "Base",
    }
    return ModelEndpointSpec.model_validate({**plain, **settings})


def load(folder: Path, **settings: object) -> None:
    load_backend(ModelFolders.of(folder), endpoint(folder, **settings), "tiny")


def without_tensor(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    del tensors["model.layers.1.mlp.up_proj.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def with_other_shape(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["intermediate_size"] = 64
    (folder / "config.json").write_text(json.dumps(config))


def truncated(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")


def unknown_architecture(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "no-such-architecture"}')


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        pytest.param(without_tensor, r"1 weights are missing.*layers.1.mlp.up_proj", id="missing"),
        pytest.param(with_other_shape, r"another shape|do not load", id="shape"),
        pytest.param(truncated, r"model\.safetensors \(\d+ bytes\) is no whole", id="truncated"),
        pytest.param(pickled, r"pytorch_model\.bin, which can run code", id="pickle"),
        pytest.param(unknown_architecture, r"no-such-architecture", id="architecture"),
    ],
)
def test_weights_that_do_not_load_are_named(folder: Path, damage: object, message: str) -> None:
    assert callable(damage)
    damage(folder)
    with pytest.raises(ModelUnusable, match=message) as caught:
        load(folder, maxSequenceLength=64)
    assert caught.value.failure is FailureClass.MODEL_LOAD_FAILED


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_cuda_where_there_is_none_is_no_silent_cpu_run(folder: Path) -> None:
    with pytest.raises(ModelUnusable, match=r"wants device CUDA.*set device CPU") as caught:
        load(folder, device="CUDA")
    assert caught.value.failure is FailureClass.DEVICE_UNAVAILABLE


def test_a_chat_model_without_a_template_says_what_to_do(folder: Path) -> None:
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(ModelUnusable, match=r"no chat template.*set modelType Base"):
        load_tokenizer(ModelFolders.of(folder), endpoint(folder, modelType="Chat"), "tiny")


def test_a_base_model_needs_no_template(folder: Path) -> None:
    (folder / "chat_template.jinja").unlink()
    assert (
        load_tokenizer(ModelFolders.of(folder), endpoint(folder), "tiny").count(["日本的首都是"])[0]
        > 0
    )


def test_a_tokenizer_loads_without_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    tokenizer = load_tokenizer(ModelFolders.of(folder), endpoint(folder), "tiny")
    assert tokenizer.max_sequence_length == 1024


def test_a_tokenizer_that_is_missing_is_said(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelUnusable, match="tokenizer does not load"):
        load_tokenizer(ModelFolders.of(folder), endpoint(folder), "tiny")


def test_the_endpoint_says_how_long_a_prompt_may_be(folder: Path) -> None:
    tokenizer = load_tokenizer(
        ModelFolders.of(folder), endpoint(folder, maxSequenceLength=16), "tiny"
    )
    assert tokenizer.max_sequence_length == 16
    with pytest.raises(PromptTooLong, match="takes 16"):
        tokenizer.encode(["德国的首都是柏林。" * 20])
