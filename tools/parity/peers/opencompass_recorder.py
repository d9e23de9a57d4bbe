"""What OpenCompass does with a model and its own configurations, item by item, as JSON lines.

Runs under the Python of OpenCompass' environment: `python opencompass_recorder.py JOB.json`. It
loads the configurations of the installed package, points them at the data of the job, and runs
OpenCompass' own inference task, evaluation task and summarizer on them, one item at a time in
float32 on the CPU. Nothing of OpenCompass is replaced; it is listened to where it hands texts to
its tokenizer and answers to its evaluator, which is then asked about every item alone as well. One
method that transformers 5 no longer has is put back: OpenCompass 0.5.4 does not run without it.
"""

from __future__ import annotations

import copy
import functools
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import evaluate
import opencompass
from mmengine.config import Config, ConfigDict
from opencompass.registry import ICL_EVALUATORS
from opencompass.summarizers.default import METRIC_WHITELIST, DefaultSummarizer
from opencompass.tasks import OpenICLEvalTask, OpenICLInferTask
from opencompass.utils import build_model_from_cfg
from opencompass.utils.prompt import get_prompt_hash
from transformers import PreTrainedTokenizerBase

CONFIGS = Path(opencompass.__file__).parent / "configs" / "datasets"
Record = dict[str, Any]


def put_back_batch_encode_plus() -> None:
    """The method under its old name; transformers 5 kept only what it did."""

    def batch_encode_plus(self: Any, texts: list[str], **options: Any) -> Any:
        return self(texts, **options)

    if not hasattr(PreTrainedTokenizerBase, "batch_encode_plus"):
        PreTrainedTokenizerBase.batch_encode_plus = batch_encode_plus


class Listener:
    """Notes what reaches the model: texts and tokens, in order."""

    def __init__(self, model: Any) -> None:
        self.heard: list[tuple[str, list[int]]] = []
        tokenizer = model.tokenizer
        encode = tokenizer.batch_encode_plus

        def listening(texts: list[str], **options: Any) -> Any:
            encoded = encode(texts, **options)
            ids = encoded["input_ids"].tolist()
            assert len(texts) == len(ids) == 1, "one item at a time"
            self.heard.append((texts[0], ids[0]))
            return encoded

        tokenizer.batch_encode_plus = listening

    def take(self) -> list[tuple[str, list[int]]]:
        """What was heard since the last time."""
        heard, self.heard = self.heard, []
        return heard


class Judged:
    """Notes what OpenCompass' evaluator says, of all items and of each alone."""

    def __init__(self) -> None:
        self.verdicts: list[Record] = []

    def listen_to(self, evaluator: type) -> type:
        """The evaluator's class, with its `score` overheard."""
        verdicts = self.verdicts

        class Overheard(evaluator):
            def score(self, predictions: Any, references: Any) -> Any:
                score = super().score
                for answer, reference in zip(predictions, references, strict=True):
                    alone = score([copy.deepcopy(answer)], [copy.deepcopy(reference)])
                    verdicts.append({"extracted": _read(alone, answer), "score": _share(alone)})
                return score(predictions, references)

        return Overheard


def _read(result: Record, answer: Any) -> Any:
    """The answer that was compared: some evaluators go on reading it."""
    details = result.get("details")
    if not details:
        return answer
    first = details[0] if isinstance(details, list) else next(iter(details.values()))
    return first.get("pred", answer)


def _share(result: Record) -> float:
    """The main number of a result, as a share; the first of those the summarizer prefers."""
    return next(float(result[name]) for name in METRIC_WHITELIST if name in result) / 100


def main(job_path: str) -> None:
    """Record every suite of the job."""
    put_back_batch_encode_plus()
    # OpenCompass reads the code of its metric anew for every score.
    evaluate.load = functools.cache(evaluate.load)
    job = json.loads(Path(job_path).read_text(encoding="utf-8"))
    work = Path(job["work"])
    shutil.rmtree(work, ignore_errors=True)
    model_cfg = model_config(job["model"])
    model = build_model_from_cfg(model_cfg)
    listener = Listener(model)
    for suite in job["suites"]:
        out = Path(suite["out"])
        new = out.with_suffix(".new")
        with new.open("w", encoding="utf-8") as lines:
            for record in record_suite(suite, model_cfg, model, listener, work / suite["name"]):
                lines.write(json.dumps(record, ensure_ascii=False) + "\n")
        new.replace(out)


def model_config(model: dict[str, Any]) -> ConfigDict:
    """OpenCompass' own class for the model: chat or base, float32, one item at a time."""
    kind = "HuggingFacewithChatTemplate" if model["chat"] else "HuggingFaceBaseModel"
    return ConfigDict(
        type=f"opencompass.models.{kind}",
        abbr=model["name"],
        path=model["path"],
        model_kwargs={"device_map": "cpu", "torch_dtype": "torch.float32"},
        max_seq_len=model["max_sequence_length"],
        batch_size=1,
        run_cfg={"num_gpus": 0},
    )


def record_suite(
    suite: dict[str, Any], model_cfg: ConfigDict, model: Any, listener: Listener, work: Path
) -> Iterator[Record]:
    """Every item and row of a suite."""
    configured = configured_datasets(suite, work)
    datasets = [dataset_config(configured, subject) for subject in suite["subjects"]]
    for subject, dataset in zip(suite["subjects"], datasets, strict=True):
        yield from record_subject(suite, subject, dataset, (model_cfg, model, listener, work))
    yield from rows(suite, datasets, model_cfg, work)


def configured_datasets(suite: dict[str, Any], work: Path) -> list[ConfigDict]:
    """The datasets of a configuration of the package, through a dump as OpenCompass does it."""
    work.mkdir(parents=True)
    dump = work / "config.py"
    Config.fromfile(str(CONFIGS / suite["config"])).dump(str(dump))
    return Config.fromfile(str(dump), format_python_code=False)[suite["variable"]]


def dataset_config(configured: list[ConfigDict], subject: dict[str, Any]) -> ConfigDict:
    """The subject's dataset, pointed at the job's data."""
    same = (held for held in configured if held["abbr"] == subject["abbr"])
    dataset = copy.deepcopy(next(same, configured[0]))
    if subject.get("renamed"):
        dataset = _replaced(dataset, *subject["renamed"])
    dataset["abbr"] = subject["abbr"]
    for key, value in subject["arguments"].items():
        dataset[key] = value
    return dataset


def shortened(dataset: ConfigDict, suite: dict[str, Any]) -> ConfigDict:
    """The dataset with the job's limits on rows and new tokens, which its version leaves out."""
    dataset = copy.deepcopy(dataset)
    if suite["limit"]:
        dataset["reader_cfg"]["test_range"] = f"[0:{suite['limit']}]"
    if suite["max_new_tokens"]:
        dataset["infer_cfg"]["inferencer"]["max_out_len"] = suite["max_new_tokens"]
    return dataset


def _replaced(value: Any, old: str, new: str) -> Any:
    """The configuration with one text in place of another, wherever it stands."""
    if isinstance(value, dict):
        return ConfigDict({key: _replaced(held, old, new) for key, held in value.items()})
    if isinstance(value, list):
        return [_replaced(held, old, new) for held in value]
    return value.replace(old, new) if isinstance(value, str) else value


def record_subject(
    suite: dict[str, Any],
    subject: dict[str, Any],
    dataset: ConfigDict,
    place: tuple[ConfigDict, Any, Listener, Path],
) -> Iterator[Record]:
    """Every item of a subject."""
    model_cfg, model, listener, work = place
    dataset = shortened(dataset, suite)
    task = ConfigDict(models=[model_cfg], datasets=[[dataset]], work_dir=str(work))
    listener.take()
    OpenICLInferTask(copy.deepcopy(task)).run(cur_model=model, cur_model_abbr=model_cfg["abbr"])
    heard = listener.take()
    verdicts = judge(copy.deepcopy(task)) if suite["scores"] else []
    path = work / "predictions" / model_cfg["abbr"] / f"{subject['abbr']}.json"
    predictions = list(json.loads(path.read_text(encoding="utf-8")).values())
    labels = [key.removeprefix("label: ") for key in predictions[0] if key.startswith("label: ")]
    for i, prediction in enumerate(predictions):
        record: Record = {"kind": "item", "suite": suite["name"], "item": f"{subject['name']}/{i}"}
        if verdicts:
            record |= verdicts[i]
        if labels:
            record |= _chosen(prediction, i, labels, heard, len(predictions))
        else:
            text, ids = heard[i]
            record |= {"prompts": {"": text}, "token_ids": {"": ids}}
            record |= {"generation": prediction["prediction"]}
        yield record


def judge(task: ConfigDict) -> list[Record]:
    """What the task's evaluator says of each item, in the items' order."""
    judged = Judged()
    evaluator = task["datasets"][0][0]["eval_cfg"]["evaluator"]
    held = evaluator["type"]
    kind = ICL_EVALUATORS.get(held) if isinstance(held, str) else held
    evaluator["type"] = judged.listen_to(kind)
    OpenICLEvalTask(task).run()
    return judged.verdicts


def _chosen(
    prediction: dict[str, Any], i: int, labels: list[str], heard: list[Any], items: int
) -> Record:
    """A choice between labels; OpenCompass asks for one label of all items, then for the next."""
    asked = {label: heard[place * items + i] for place, label in enumerate(labels)}
    return {
        "prompts": {label: text for label, (text, _) in asked.items()},
        "token_ids": {label: ids for label, (_, ids) in asked.items()},
        "choice": prediction["prediction"],
        "extracted": None,
        "values": {label: prediction[f"label: {label}"]["PPL"] for label in labels},
    }


def rows(
    suite: dict[str, Any], datasets: list[ConfigDict], model_cfg: ConfigDict, work: Path
) -> Iterator[Record]:
    """The rows of the table, as OpenCompass' summarizer works them out before it rounds."""
    config = ConfigDict(models=[model_cfg], datasets=datasets, work_dir=str(work))
    groups = [ConfigDict(name=held["name"], subsets=held["rows"]) for held in suite["groups"]]
    summarizer = DefaultSummarizer(config, summary_groups=groups)
    found = summarizer._pick_up_results()  # noqa: SLF001  (it rounds what it prints)
    results = summarizer._calculate_group_metrics(*found)  # noqa: SLF001
    parsed, metrics = results[1][model_cfg["abbr"]], results[2]
    versions = {held["abbr"]: get_prompt_hash(copy.deepcopy(held))[:6] for held in datasets}
    for name in dict.fromkeys([*versions, *parsed]):
        is_group = name not in versions
        metric = "naive_average" if is_group else metrics.get(name, [""])[0]
        yield {
            "kind": "row",
            "suite": suite["name"],
            "row": name,
            "is_group": is_group,
            "value": parsed.get(name, {}).get(metric),
            "version": versions.get(name),
        }


if __name__ == "__main__":
    main(sys.argv[1])
