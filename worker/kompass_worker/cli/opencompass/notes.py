"""What a translation has to say: what was left behind, what never did anything.

Pure.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from typing import Final

from kompass_worker.cli.opencompass.flags import flag_of, given

_INSTEAD: Final[dict[str, str]] = {
    "accelerator": "no counterpart: a HuggingFace endpoint runs with transformers; serve the model "
    "with vLLM or LMDeploy and name its server in spec.serving of a ModelEndpoint",
    "summarizer": "no counterpart: a benchmark brings its groups, and spec.table of an EvalRun "
    "names more",
    "config_dir": "no counterpart: manifests are files of yours; kompass list -f FOLDER shows them",
    "config_verbose": "no counterpart: the manifests are the configuration",
    "dry_run": "use kompass validate for the manifests and kompass render for the prompts",
    "debug": "kompass run is in the foreground anyway; --verbose shows its log",
    "work_dir": "say kompass run --out {value}; in a cluster spec.storage.uri of the EvalRun",
    "reuse": "say kompass run --resume; a run in a cluster goes on by itself",
    "lark": "no counterpart: nobody is told; kubectl wait --for=condition=Finished ends with a run",
    "max_workers_per_gpu": "no counterpart: a shard has its GPUs for itself",
    "partition": "no counterpart: spec.execution.queue of an EvalRun names a Kueue queue",
    "quotatype": "no counterpart: spec.execution.queue.priorityClass of an EvalRun",
    "qos": "no counterpart: spec.execution.queue.priorityClass of an EvalRun",
    "slurm": "no counterpart: kubectl apply runs it on Kubernetes, kompass run on this machine",
    "dlc": "no counterpart: kubectl apply runs it on Kubernetes, kompass run on this machine",
    "aliyun_cfg": "no counterpart: kubectl's context says which cluster",
    "dump_eval_details": "not needed: every answer is in report/samples.jsonl.zst",
    "dump_res_length": "not needed: samples have tokensOut",
    "dump_extract_rate": "not needed: samples have what was extracted; kompass inspect shows it",
    "analysis_repeat": "no counterpart",
    "dump_only_message_path": "say kompass render BENCHMARK --chat --messages -o json",
    "station_path": "no counterpart: results stay in the run's folder; kompass compare reads two",
    "station_overwrite": "no counterpart: nothing is overwritten",
    "read_from_station": "no counterpart: see kompass rescore",
    "max_partition_size": "no counterpart: shards are cut to equal time; see spec.sharding",
    "gen_task_coef": "no counterpart: shards are cut to equal time; see spec.sharding",
    "mm_eval": "no counterpart: there are no multimodal benchmarks",
    "no_batch_padding": "did nothing that matters here: no answer depends on padding",
    "pad_token_id": "did nothing that matters here: no answer depends on padding",
    "min_out_len": "did nothing: OpenCompass reads it and does not pass it on; minNewTokens of a "
    "ModelEndpoint would",
    "dataset_num_runs": "no counterpart: a benchmark says how often it asks each question; for "
    "{value} answers to each write a Benchmark of your own with spec.generation.samples: {value}",
    "peft_kwargs": "no counterpart: the adapter's own files say how it is loaded",
}
_OF_WEIGHTS: Final = frozenset(
    {
        "hf_type",
        "tokenizer_path",
        "tokenizer_kwargs",
        "model_kwargs",
        "generation_kwargs",
        "peft_path",
        "max_seq_len",
        "max_out_len",
        "batch_size",
        "stop_words",
        "hf_num_gpus",
        "num_gpus",
    }
)
_OF_OWN_DATA: Final = frozenset(
    {
        "custom_dataset_meta_path",
        "custom_dataset_data_type",
        "custom_dataset_infer_method",
    }
)
_MODES: Final[dict[str, str]] = {
    "infer": "no counterpart: a run is scored at its end",
    "eval": "say kompass rescore RUN, which scores stored answers again",
    "viz": "not needed: every run writes its report; kompass inspect and compare read it",
}


@dataclass
class Notes:
    """Sentences for standard error, each about one flag."""

    said: list[str] = field(default_factory=list)

    def add(self, flag: str, text: str) -> None:
        """Something to know about a flag."""
        self.said.append(f"{flag}: {text}")


def left_behind(arguments: argparse.Namespace, notes: Notes) -> None:
    """Notes for everything that is set and that manifests do not have."""
    for name, value in given(arguments):
        reason = _reason(name, arguments)
        if reason:
            notes.add(flag_of(name), reason.replace("{value}", str(value)))
    if arguments.mode in _MODES:
        notes.add(f"--mode {arguments.mode}", _MODES[arguments.mode])


def repeats(arguments: argparse.Namespace) -> bool:
    """Whether every question is to be asked more than once."""
    return (arguments.dataset_num_runs or 1) > 1


def _reason(name: str, arguments: argparse.Namespace) -> str | None:
    if name in _OF_WEIGHTS and arguments.hf_path is None:
        return (
            "did nothing without --hf-path: a model configuration has its own settings; set them "
            "in the ModelEndpoint"
        )
    if name in _OF_OWN_DATA and arguments.custom_dataset_path is None:
        return "did nothing without --custom-dataset-path"
    if name == "dataset_num_runs" and not repeats(arguments):
        return "did nothing: OpenCompass changes how often it asks from 2 on"
    return _INSTEAD.get(name)
