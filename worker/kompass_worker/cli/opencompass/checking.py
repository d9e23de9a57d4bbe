"""What is wrong with translated manifests, said of the flags that they come from.

Pure.
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from kompass_api.benchmark import Benchmark
from kompass_api.evalrun import EvalRun
from kompass_api.modelendpoint import ModelEndpoint
from kompass_worker.cli.opencompass.flags import flag_of
from kompass_worker.cli.refusals import Refusal, refusals
from kompass_worker.cli.usage import WrongUsage

_MODELS: Final[Mapping[str, type[BaseModel]]] = {
    "ModelEndpoint": ModelEndpoint,
    "Benchmark": Benchmark,
    "EvalRun": EvalRun,
}
_ORIGINS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "ModelEndpoint": {
        "spec.maxSequenceLength": ("max_seq_len",),
        "spec.maxNewTokens": ("max_out_len",),
        "spec.batchSize": ("batch_size",),
        "spec.stopWords": ("stop_words",),
        "spec.gpu": ("hf_num_gpus", "num_gpus"),
        "spec.huggingFace.tokenizerOptions": ("tokenizer_kwargs",),
        "spec.huggingFace.tokenizer": ("tokenizer_path",),
        "spec.huggingFace.modelOptions": ("model_kwargs",),
        "spec.huggingFace.adapter": ("peft_path",),
        "": ("hf_path",),
    },
    "Benchmark": {"": ("custom_dataset_path",)},
    "EvalRun": {
        "spec.sharding": ("max_num_workers",),
        "spec.execution": ("max_num_workers",),
        "spec.retry": ("retry",),
        "": ("datasets", "custom_dataset_path"),
    },
}
"""Kind -> where a field's path begins -> the flags it may come from; the first match counts."""


def check(manifests: Sequence[dict[str, Any]], arguments: argparse.Namespace) -> None:
    """WrongUsage with every flag whose value its manifest may not have."""
    said: dict[str, str] = {}
    for manifest in manifests:
        for refusal in _refused(manifest):
            given = _given(arguments, _origins(manifest["kind"], refusal.field))
            said.setdefault(given, f"{given}: {refusal.message}")
    if said:
        raise WrongUsage("\n".join(said.values()))


def _refused(manifest: dict[str, Any]) -> Iterator[Refusal]:
    model = _MODELS[manifest["kind"]]
    try:
        model.model_validate(manifest)
    except ValidationError as error:
        yield from refusals(model, error)


def _origins(kind: str, field: str) -> tuple[str, ...]:
    return next(names for start, names in _ORIGINS[kind].items() if field.startswith(start))


def _given(arguments: argparse.Namespace, names: Sequence[str]) -> str:
    """The first of the flags that is set, as a person writes it."""
    name = next((name for name in names if getattr(arguments, name) not in (None, [])), names[0])
    value = getattr(arguments, name)
    words = value if isinstance(value, list) else [value]
    return f"{flag_of(name)} {' '.join(map(_word, words))}"


def _word(value: object) -> str:
    if isinstance(value, tuple):
        return "{}={}".format(*value)
    return shlex.quote(str(value))
