"""The model of an OpenCompass command line as a ModelEndpoint.

Looks which folders there are.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from kompass_api.huggingface import DEVICE_MAPS, MODEL_OPTIONS, TOKENIZER_OPTIONS
from kompass_api.resources import API_VERSION
from kompass_worker.cli.opencompass.notes import Notes
from kompass_worker.cli.opencompass.places import path_at, source_of

_LABEL_LENGTH: Final = 63
_DTYPES: Final = {
    "auto": "Auto",
    "torch.float32": "Float32",
    "float32": "Float32",
    "torch.float16": "Float16",
    "float16": "Float16",
    "torch.bfloat16": "BFloat16",
    "bfloat16": "BFloat16",
}
_ATTENTION: Final = {
    "eager": "Eager",
    "sdpa": "Sdpa",
    "flash_attention_2": "FlashAttention2",
    "flex_attention": "FlexAttention",
}
_SIDES: Final = {"left": "Left", "right": "Right"}
_LONG: Final = {"Left": "TruncateLeft", "Right": "TruncateRight"}
_REMOTE_CODE: Final = (
    "left out: code that comes with a model runs only from a pinned source, and many models need "
    "none by now; if this one does, set spec.trustRemoteCode: true together with a commit id in "
    "spec.source.revision (hf://) or spec.source.digest"
)


def label(text: str) -> str:
    """The text as a DNS label."""
    slug = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return slug[:_LABEL_LENGTH].rstrip("-") or "model"


def endpoint_of(
    arguments: argparse.Namespace,
    here: Path,
    notes: Notes,
    *,
    is_old: bool,
    flag: str = "--hf-path",
) -> dict[str, Any]:
    """The ModelEndpoint of --hf-path, or what else the flag is called, and the flags about it."""
    name = label(f"{label(path_at(flag, arguments.hf_path, here).name)}-hf")
    spec: dict[str, Any] = {
        "modelType": _model_type(arguments, notes, is_old=is_old),
        "source": source_of(flag, arguments.hf_path, here),
    }
    if spec["source"]["uri"].startswith("file://"):
        notes.add(
            f"{flag} {arguments.hf_path}",
            "a folder of this machine, which kompass run reads; for a cluster put it into a bucket "
            "and write its s3:// into spec.source",
        )
    options: dict[str, Any] = {}
    _tokenizer(arguments, here, options, notes)
    _model(arguments, spec, options, notes)
    _limits(arguments, spec, options, notes, is_old=is_old)
    _hardware(arguments, spec, notes)
    if arguments.peft_path is not None:
        options["adapter"] = {"source": source_of("--peft-path", arguments.peft_path, here)}
    if options:
        spec["huggingFace"] = options
    _generation(arguments, notes)
    metadata = {"name": name}
    return {"apiVersion": API_VERSION, "kind": "ModelEndpoint", "metadata": metadata, "spec": spec}


def _model_type(arguments: argparse.Namespace, notes: Notes, *, is_old: bool) -> str:
    if arguments.hf_type:
        return "Base" if arguments.hf_type == "base" else "Chat"
    if is_old:
        notes.add(
            "--hf-path",
            "OpenCompass 0.2.4 and before put every prompt to the model as plain text: modelType "
            "Base; set Chat to use its chat template, as newer versions do",
        )
        return "Base"
    return "Chat"


def _tokenizer(
    arguments: argparse.Namespace,
    here: Path,
    options: dict[str, Any],
    notes: Notes,
) -> None:
    path = arguments.tokenizer_path
    if path is not None and path != arguments.hf_path:
        options["tokenizer"] = source_of("--tokenizer-path", path, here)
    passed: dict[str, str] = {}
    for name, value in dict(arguments.tokenizer_kwargs).items():
        flag = f"--tokenizer-kwargs {name}={value!r}"
        if name == "padding_side" and str(value) in _SIDES:
            options["paddingSide"] = _SIDES[str(value)]
        elif name == "truncation_side" and str(value) in _SIDES:
            options["truncationSide"] = _SIDES[str(value)]
        elif name == "truncation":
            notes.add(flag, "did nothing: no tokenizer has this option; truncation_side is meant")
        elif name == "trust_remote_code":
            _remote_code(flag, value, notes)
        else:
            _pass_on(name, value, TOKENIZER_OPTIONS, passed, (flag, notes))
    if passed:
        options["tokenizerOptions"] = passed


def _model(
    arguments: argparse.Namespace, spec: dict[str, Any], options: dict[str, Any], notes: Notes
) -> None:
    passed: dict[str, str] = {}
    for name, value in dict(arguments.model_kwargs).items():
        flag = f"--model-kwargs {name}={value!r}"
        if name in {"torch_dtype", "dtype"} and str(value) in _DTYPES:
            spec["dtype"] = _DTYPES[str(value)]
        elif name == "attn_implementation" and str(value) in _ATTENTION:
            options["attention"] = _ATTENTION[str(value)]
        elif name == "device_map" and value == "cpu":
            spec["device"] = "CPU"
        elif name == "device_map" and value not in DEVICE_MAPS:
            notes.add(flag, f"no counterpart: device_map is one of {', '.join(DEVICE_MAPS)}")
        elif name == "trust_remote_code":
            _remote_code(flag, value, notes)
        else:
            _pass_on(name, value, MODEL_OPTIONS, passed, (flag, notes))
    if passed:
        options["modelOptions"] = passed


def _remote_code(flag: str, value: object, notes: Notes) -> None:
    if value:
        notes.add(flag, _REMOTE_CODE)


def _pass_on(
    name: str,
    value: object,
    known: Mapping[str, object],
    passed: dict[str, str],
    said: tuple[str, Notes],
) -> None:
    if name in known:
        passed[name] = str(value).lower() if isinstance(value, bool) else str(value)
        return
    flag, notes = said
    notes.add(flag, f"no counterpart: the options that are passed on are {', '.join(known)}")


def _limits(
    arguments: argparse.Namespace,
    spec: dict[str, Any],
    options: Mapping[str, Any],
    notes: Notes,
    *,
    is_old: bool,
) -> None:
    if arguments.max_seq_len is not None:
        spec["maxSequenceLength"] = arguments.max_seq_len
    new, batch = arguments.max_out_len, arguments.batch_size
    spec["maxNewTokens"] = 256 if new is None else new
    spec["batchSize"] = 8 if batch is None else batch
    # Only 0.2.4 left the side to the tokenizer, and tokenizers cut at the right.
    usual = "Right" if is_old else "Left"
    spec["longPrompt"] = _LONG[options.get("truncationSide", usual)]
    if arguments.stop_words:
        spec["stopWords"] = arguments.stop_words
    if is_old:
        spec.setdefault("dtype", "Float16")
        if arguments.max_seq_len is not None:
            cut = arguments.max_seq_len - spec["maxNewTokens"]
            notes.add(
                "--max-seq-len",
                f"OpenCompass 0.2.4 cut prompts to {cut} tokens, this less --max-out-len; "
                "maxSequenceLength is what the prompt alone may have",
            )


def _hardware(arguments: argparse.Namespace, spec: dict[str, Any], notes: Notes) -> None:
    flag, count = "--hf-num-gpus", arguments.hf_num_gpus
    if count is None:
        flag, count = "--num-gpus", arguments.num_gpus
    elif arguments.num_gpus is not None:
        notes.add("--num-gpus", "did nothing beside --hf-num-gpus")
    if count == 0:
        spec["device"] = "CPU"
    elif count not in {None, 1} and spec.get("device") == "CPU":
        notes.add(f"{flag} {count}", "left out: device_map cpu needs no GPU")
    elif count not in {None, 1}:
        spec["gpu"] = {"count": count}


def _generation(arguments: argparse.Namespace, notes: Notes) -> None:
    for name, value in dict(arguments.generation_kwargs).items():
        flag = f"--generation-kwargs {name}={value!r}"
        if name == "do_sample" and not value:
            notes.add(flag, "not needed: answers are greedy unless a benchmark says otherwise")
        elif name in {"temperature", "top_p", "top_k", "do_sample"}:
            notes.add(
                flag,
                "left out: how an answer is drawn belongs to the benchmark (spec.generation of a "
                "Benchmark of your own), so that a score says what was measured",
            )
        else:
            notes.add(flag, "no counterpart")
