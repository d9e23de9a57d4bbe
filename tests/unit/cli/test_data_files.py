"""`kompass run FILE.csv --model MODEL`: what is run, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from kompass_api.modelendpoint import ModelType
from kompass_worker.cli import app
from kompass_worker.cli.data_files import NOTHING_ASKED, Asked, own_manifests, plain_manifests
from kompass_worker.cli.manifests import read_manifests
from kompass_worker.cli.opencompass import translated
from kompass_worker.cli.run import Wish, prepare
from kompass_worker.cli.usage import WrongUsage
from kompass_worker.datasets.own_meta import DataType, InferMethod, OwnMeta

QUIZ = "question,A,B,C,answer\nWhich is a gas?,iron,oxygen,salt,（b）\nWhich is wet?,water,a,b,A\n"
ENDPOINT = """
apiVersion: kompass.dev/v1alpha1
kind: ModelEndpoint
metadata: {name: small}
spec: {modelType: Base, device: CPU, source: {uri: "s3://kompass/models/small"}}
"""


@pytest.fixture
def quiz(tmp_path: Path) -> Path:
    path = tmp_path / "quiz.csv"
    path.write_text(QUIZ, encoding="utf-8")
    (tmp_path / "one.yaml").write_text(ENDPOINT, encoding="utf-8")
    (tmp_path / "none.yaml").write_text("", encoding="utf-8")
    (tmp_path / "nothing.jsonl").write_text("", encoding="utf-8")
    (tmp_path / "other.csv").write_text("prompt,answer\nWhy?,because\n", encoding="utf-8")
    (tmp_path / "quiz.jsonl").write_text('{"question": "1 + 1?", "answer": "2"}', encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("asked", "flags"),
    [
        pytest.param(Asked(("owner/name",)), "--hf-path owner/name", id="as-in-opencompass"),
        pytest.param(
            Asked(("./weights",), ModelType.BASE, gpus=0),
            "--hf-path ./weights --hf-type base --hf-num-gpus 0",
            id="base-on-the-cpu",
        ),
        pytest.param(
            Asked(("owner/name",), ModelType.CHAT, gpus=2),
            "--hf-path owner/name --hf-type chat --hf-num-gpus 2",
            id="chat-on-two-gpus",
        ),
        pytest.param(
            Asked(("owner/name",), said=OwnMeta(infer_method=InferMethod.PPL)),
            "--hf-path owner/name --custom-dataset-infer-method ppl",
            id="by-perplexity",
        ),
        pytest.param(
            Asked(("owner/name",), said=OwnMeta(data_type=DataType.QA)),
            "--hf-path owner/name --custom-dataset-data-type qa",
            id="question-and-answer",
        ),
    ],
)
def test_it_runs_what_translate_writes(quiz: Path, asked: Asked, flags: str) -> None:
    words = ["--custom-dataset-path", str(quiz), *flags.split()]
    file = quiz.with_name("translated.yaml")
    file.write_text(translated(words, quiz.parent).yaml(), encoding="utf-8")
    assert own_manifests([quiz], asked, quiz.parent) == read_manifests([file])


def test_the_models_of_a_yaml_file_are_asked(quiz: Path) -> None:
    other = quiz.with_name("other.tsv")
    other.write_text("question\tanswer\nWhy?\tbecause\n", encoding="utf-8")
    model = str(quiz.with_name("one.yaml"))
    held = own_manifests([quiz, other], Asked((model, "owner/name")), quiz.parent)
    (run,) = held.runs.values()
    assert [ref.name for ref in run.spec.models] == ["small", "name-hf"]
    assert [ref.name for ref in run.spec.benchmarks] == ["quiz", "other"]
    assert held.endpoints["small"] == read_manifests([Path(model)]).endpoints["small"]


def test_a_meta_file_may_lie_elsewhere(quiz: Path) -> None:
    meta = quiz.with_name("trivia.json")
    meta.write_text('{"abbr": "trivia", "infer_method": "ppl"}', encoding="utf-8")
    held = own_manifests([quiz], Asked(("owner/name",), meta=meta), quiz.parent)
    assert held.benchmarks["trivia"].spec.method == "Perplexity"


def test_sources_of_its_models_are_put_elsewhere(quiz: Path) -> None:
    wish = Wish(
        files=(quiz,),
        out=quiz.parent / "out",
        run=None,
        resume=False,
        sources=("s3://kompass/models=file:///all",),
        parallelism=1,
        verbose=False,
        own=Asked((str(quiz.with_name("one.yaml")),)),
    )
    document, _ = prepare(wish)
    source = document.models[0].spec.source
    assert source is not None
    assert source.uri == "file:///all/small"


@pytest.mark.parametrize(
    ("files", "asked", "message"),
    [
        pytest.param(["none.csv"], Asked(("a/b",)), "there is no file .*none.csv", id="no-file"),
        pytest.param(["nothing.jsonl"], Asked(("a/b",)), "has no rows", id="no-rows"),
        pytest.param(["one.yaml"], Asked(("a/b",)), "one.yaml: --model is asked a file", id="yaml"),
        pytest.param(
            ["other.csv"], Asked(("a/b",)), "no column 'question' .found: prompt", id="no-question"
        ),
        pytest.param(
            ["quiz.csv", "quiz.jsonl"],
            Asked(("a/b",)),
            "two data files are called quiz",
            id="twice",
        ),
        pytest.param(
            ["quiz.csv"], Asked(("a/b", "c/b")), "two --model are called b-hf", id="names"
        ),
        pytest.param(
            ["quiz.csv"], Asked(("a b/c",)), "--model .a b/c.: there is no such", id="no-model"
        ),
        pytest.param(
            ["quiz.csv"],
            Asked(("none.yaml",)),
            "none.yaml holds no ModelEndpoint",
            id="no-endpoint",
        ),
        pytest.param(
            ["quiz.csv"], Asked(("one.yaml",), gpus=1), "--gpus: the ModelEndpoint in", id="gpus"
        ),
        pytest.param(
            ["quiz.csv"],
            Asked(("one.yaml",), ModelType.BASE),
            "--model-type: the ModelEndpoint in",
            id="type",
        ),
        pytest.param(
            ["quiz.csv", "other.csv"],
            Asked(("a/b",), meta=Path("m.json")),
            "--meta m.json can be of one file, here are 2",
            id="one-meta-for-two",
        ),
        pytest.param(
            ["quiz.csv"],
            Asked(("a/b",), said=OwnMeta(data_type=DataType.QA, infer_method=InferMethod.PPL)),
            "qa by ppl is not a way to ask",
            id="no-way-to-ask",
        ),
    ],
)
def test_what_cannot_be_run_is_said(
    quiz: Path, monkeypatch: pytest.MonkeyPatch, files: list[str], asked: Asked, message: str
) -> None:
    monkeypatch.chdir(quiz.parent)
    with pytest.raises(WrongUsage, match=message):
        own_manifests([Path(file) for file in files], asked, quiz.parent)


@pytest.mark.parametrize(
    ("files", "asked", "message"),
    [
        pytest.param(
            ["quiz.csv"], NOTHING_ASKED, "quiz.csv holds questions.*add --model", id="csv"
        ),
        pytest.param(["one.yaml"], Asked(gpus=1), "--gpus is for a file of questions", id="option"),
    ],
)
def test_questions_and_models_come_together(files: list[str], asked: Asked, message: str) -> None:
    with pytest.raises(WrongUsage, match=message):
        plain_manifests([Path(file) for file in files], asked)


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(NOTHING_ASKED, id="manifests"),
        pytest.param(Asked(("a/b", "one.yaml")), id="models"),
        pytest.param(
            Asked(
                ("a b/c",),
                ModelType.BASE,
                gpus=0,
                said=OwnMeta(data_type=DataType.MCQ, infer_method=InferMethod.PPL),
                meta=Path("m.json"),
            ),
            id="everything",
        ),
    ],
)
def test_its_words_are_taken_by_the_command(asked: Asked) -> None:
    found = CliRunner().invoke(app, ["run", "no-such.yaml", *asked.words()])
    assert found.exit_code == 2
    assert "no-such.yaml: " in found.output


def test_defaults_are_in_the_help() -> None:
    found = CliRunner().invoke(app, ["run", "--help"], env={"COLUMNS": "200"})
    assert "[default: kompass-out/<run>]" in found.output
