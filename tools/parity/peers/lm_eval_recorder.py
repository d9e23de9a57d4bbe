"""What lm-evaluation-harness does with a model and its own tasks, item by item, as JSON lines.

Runs under the Python of lm-eval's environment: `python lm_eval_recorder.py JOB.json`. The tasks are
those of the installed package, with the job's files for their data; they run one request at a time
in float32 on the CPU. What reaches the model is overheard where the harness hands over its tokens.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lm_eval
from lm_eval import simple_evaluate
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager

TASKS = Path(lm_eval.__file__).parent / "tasks"
Record = dict[str, Any]


class Overheard(HFLM):
    """lm-eval's own class for transformers models; notes the tokens of each text."""

    def _loglikelihood_tokens(self, requests: Any, *args: Any, **options: Any) -> Any:
        self.tokens = {
            text: [*context, *continuation][-(self.max_length + 1) :]
            for text, context, continuation in requests
        }
        self.lengths = {text: len(continuation) for text, _, continuation in requests}
        return super()._loglikelihood_tokens(requests, *args, **options)


def main(job_path: str) -> None:
    """Record every suite of the job."""
    job = json.loads(Path(job_path).read_text(encoding="utf-8"))
    model = Overheard(
        pretrained=job["model"]["path"],
        dtype="float32",
        device="cpu",
        batch_size=1,
        max_length=job["model"]["max_sequence_length"],
    )
    tasks = TaskManager()
    for suite in job["suites"]:
        out = Path(suite["out"])
        new = out.with_suffix(".new")
        with new.open("w", encoding="utf-8") as lines:
            for record in record_suite(suite, model, tasks, Path(job["work"])):
                lines.write(json.dumps(record, ensure_ascii=False) + "\n")
        new.replace(out)


def record_suite(
    suite: dict[str, Any], model: Overheard, tasks: TaskManager, work: Path
) -> Iterator[Record]:
    """Every item and row of a suite."""
    names = {subject["abbr"]: subject["name"] for subject in suite["subjects"]}
    found = simple_evaluate(
        model=model,
        tasks=[str(_task(suite, subject, work)) for subject in suite["subjects"]],
        limit=suite["limit"],
        log_samples=True,
        bootstrap_iters=0,
        task_manager=tasks,
    )
    for task, name in names.items():
        samples = sorted(found["samples"][task], key=lambda sample: sample["doc_id"])
        for sample in samples:
            yield _item(suite, name, sample, model)
        yield {
            "kind": "row",
            "suite": suite["name"],
            "row": task,
            "value": float(found["results"][task]["acc,none"]) * 100,
        }


def _task(suite: dict[str, Any], subject: dict[str, Any], work: Path) -> Path:
    """A task file that includes the package's own and names the job's data."""
    definition = TASKS / suite["config"].replace("{subject}", subject["name"])
    work.mkdir(parents=True, exist_ok=True)
    path = work / f"{subject['abbr']}.yaml"
    task = {
        "include": str(definition),
        "task": subject["abbr"],
        "dataset_path": "json",
        "dataset_name": None,
        "dataset_kwargs": {"data_files": subject["arguments"]["data_files"]},
    }
    path.write_text(json.dumps(task), encoding="utf-8")
    return path


def _item(suite: dict[str, Any], name: str, sample: dict[str, Any], model: Overheard) -> Record:
    texts = [tuple(pair) for pair in _arguments(sample["arguments"])]
    likelihoods = [float(response[0]) for response in sample["filtered_resps"]]
    return {
        "kind": "item",
        "suite": suite["name"],
        "item": f"{name}/{sample['doc_id']}",
        "prompts": {str(i): "".join(text) for i, text in enumerate(texts)},
        "token_ids": {str(i): model.tokens[text] for i, text in enumerate(texts)},
        "choice": str(likelihoods.index(max(likelihoods))),
        "values": {
            str(i): -likelihood / model.lengths[text]
            for i, (likelihood, text) in enumerate(zip(likelihoods, texts, strict=True))
        },
        "score": float(sample["acc"]),
    }


def _arguments(arguments: Any) -> list[Any]:
    """The pairs of context and continuation; the harness keeps them by position or by name."""
    if isinstance(arguments, dict):
        return [list(pair.values()) for pair in arguments.values()]
    return list(arguments)


if __name__ == "__main__":
    main(sys.argv[1])
