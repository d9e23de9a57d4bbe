"""A transformers model in memory, or a clear word on why not."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from transformers import AutoModelForCausalLM, PreTrainedModel

from kompass_api.huggingface import MODEL_OPTIONS, Attention, option_values
from kompass_api.modelendpoint import Device, DType, ModelEndpointSpec
from kompass_api.outcomes import FailureClass
from kompass_worker.backends.device_faults import broken, is_device_fault
from kompass_worker.backends.folders import ModelFolders
from kompass_worker.backends.huggingface_adapters import with_adapter
from kompass_worker.backends.huggingface_tokenizers import quieten
from kompass_worker.errors import ModelUnusable

DTYPES: Final[dict[DType, torch.dtype | str]] = {
    DType.AUTO: "auto",
    DType.FLOAT32: torch.float32,
    DType.BFLOAT16: torch.bfloat16,
    DType.FLOAT16: torch.float16,
}
ATTENTION: Final[dict[Attention, str | None]] = {
    Attention.AUTO: None,
    Attention.EAGER: "eager",
    Attention.SDPA: "sdpa",
    Attention.FLASH: "flash_attention_2",
    Attention.FLEX: "flex_attention",
}
PICKLES: Final = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")


def check_device(endpoint: ModelEndpointSpec, name: str) -> None:
    """Refuse to compute anywhere but where the endpoint says."""
    if endpoint.device is Device.CUDA and not torch.cuda.is_available():
        built = "" if torch.version.cuda else " (this torch is built without CUDA)"
        raise ModelUnusable(
            f"model {name!r} wants device CUDA and there is none here{built}: give the pod a GPU, "
            "or set device CPU",
            failure=FailureClass.DEVICE_UNAVAILABLE,
        )
    wanted = endpoint.gpu.count if endpoint.gpu else 1
    if endpoint.device is Device.CUDA and torch.cuda.device_count() < wanted:
        raise ModelUnusable(
            f"model {name!r} wants {wanted} GPUs and there are {torch.cuda.device_count()} here",
            failure=FailureClass.DEVICE_UNAVAILABLE,
        )


def load_model(folders: ModelFolders, endpoint: ModelEndpointSpec, name: str) -> PreTrainedModel:
    """The model, every weight of it out of the files, ready to compute."""
    check_device(endpoint, name)
    check_weights(folders.model, name)
    quieten()
    try:
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            folders.model,
            dtype=DTYPES[endpoint.dtype],
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=endpoint.trust_remote_code,
            output_loading_info=True,
            **_options(endpoint),
        )
    except torch.OutOfMemoryError as error:
        raise ModelUnusable(
            f"model {name!r}: the weights do not fit into the GPU's memory: {error}",
            failure=FailureClass.DEVICE_OUT_OF_MEMORY,
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError) as error:
        raise _unloadable(name, endpoint, error) from error
    except (RuntimeError, SafetensorError) as error:
        if is_device_fault(error):
            raise broken(error) from error
        raise _unloadable(name, endpoint, error) from error
    model: PreTrainedModel = loaded[0]
    _check_complete(loaded[1], name)
    adapter = endpoint.loading.adapter
    if adapter is not None and folders.adapter is not None:
        model = with_adapter(model, folders.adapter, adapter, name)
    model.eval()  # type: ignore[no-untyped-call]
    return model


def check_weights(folder: Path, name: str) -> None:
    """Refuse files that are not whole, and weights that could run code when they are read."""
    files = sorted(folder.glob("*.safetensors"))
    pickles = sorted(path.name for pattern in PICKLES for path in folder.glob(pattern))
    if not files:
        found = (
            f"only {', '.join(pickles)}, which can run code when they are read"
            if pickles
            else "none"
        )
        raise ModelUnusable(
            f"model {name!r}: no *.safetensors in {folder} ({found}); only safetensors are loaded: "
            "convert the weights with save_pretrained"
        )
    for path in files:
        try:
            with safe_open(path, framework="pt") as tensors:
                tensors.keys()
        except (SafetensorError, OSError, struct.error) as error:
            raise ModelUnusable(
                f"model {name!r}: {path.name} ({path.stat().st_size} bytes) is no whole "
                f"safetensors file: {error}"
            ) from error


def _options(endpoint: ModelEndpointSpec) -> dict[str, Any]:
    """What the endpoint says of loading, in the library's words."""
    options = endpoint.loading
    given: dict[str, Any] = option_values(options.model_options, MODEL_OPTIONS)
    given["device_map"] = _device_map(endpoint, given.get("device_map", "auto"))
    attention = ATTENTION[options.attention]
    return given if attention is None else {**given, "attn_implementation": attention}


def _device_map(endpoint: ModelEndpointSpec, layout: str) -> str | dict[str, str]:
    """One device, or a layout over several."""
    if endpoint.device is Device.CPU:
        return {"": "cpu"}
    several = endpoint.gpu is not None and endpoint.gpu.count > 1
    return layout if several else {"": "cuda:0"}


def _check_complete(loading: dict[str, Any], name: str) -> None:
    """Refuse a model with gaps: transformers fills them with random numbers and goes on."""
    missing = sorted(loading["missing_keys"])
    mismatched = sorted(str(key) for key in loading["mismatched_keys"])
    if missing or mismatched:
        what = "missing" if missing else "of another shape than config.json says"
        keys = missing or mismatched
        raise ModelUnusable(
            f"model {name!r}: {len(keys)} weights are {what}, the first: {', '.join(keys[:3])}"
        )


def _unloadable(name: str, endpoint: ModelEndpointSpec, error: Exception) -> ModelUnusable:
    return ModelUnusable(
        f"model {name!r}: the weights of {endpoint.weights.uri} do not load: "
        f"{type(error).__name__}: {error}"
    )
