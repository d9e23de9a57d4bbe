"""What `kompass translate` says of values that no manifest may have."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from kompass_worker.cli.opencompass import Translation, translated
from kompass_worker.cli.usage import WrongUsage
from kompass_worker.locations import folder_of

HERE = Path("/home/me/here")
MODEL = "--datasets ceval_gen --hf-path a/b"
LONG = "x/" * 300


def line(text: str, here: Path = HERE) -> Translation:
    return translated(shlex.split(text), here)


def weights(path: str, here: Path = HERE) -> str:
    words = ["--datasets", "ceval_gen", "--hf-path", path]
    found: str = translated(words, here).manifests[0]["spec"]["source"]["uri"]
    return found


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        pytest.param("--batch-size -3", "--batch-size -3: .*or equal to 1", id="batch-size"),
        pytest.param("--batch-size 0", "--batch-size 0: .*or equal to 1", id="no-batch"),
        pytest.param("--max-out-len 0", "--max-out-len 0: .*or equal to 1", id="out-len"),
        pytest.param("--max-seq-len 0", "--max-seq-len 0: .*or equal to 16", id="seq-len"),
        pytest.param(
            "--max-num-workers 100000", "--max-num-workers 100000: .*or equal to 512", id="workers"
        ),
        pytest.param("--max-num-workers 0", "--max-num-workers 0: .*or equal to 1", id="no-worker"),
        pytest.param("--hf-num-gpus 100", "--hf-num-gpus 100: .*or equal to 16", id="gpus"),
        pytest.param("--hf-num-gpus -1", "--hf-num-gpus -1: .*or equal to 1", id="minus-gpus"),
        pytest.param("--num-gpus 100", "--num-gpus 100: .*or equal to 16", id="old-gpus"),
        pytest.param("--stop-words ''", "--stop-words '': .*at least 1 char", id="stop-words"),
        pytest.param("--stop-words 'a b' ''", "--stop-words 'a b' '': ", id="stop-words-quoted"),
        pytest.param("--retry -1", "--retry -1: .*or equal to 1", id="retry"),
        pytest.param(
            "--tokenizer-kwargs use_fast=3",
            "--tokenizer-kwargs use_fast=3: .*switches must be 'true' or 'false'",
            id="switch",
        ),
        pytest.param(f"--tokenizer-path {LONG}", "--tokenizer-path .*512 bytes", id="tokenizer"),
        pytest.param(f"--peft-path {LONG}", "--peft-path .*512 bytes", id="adapter"),
        pytest.param("--peft-path ''", "--peft-path '': expected a folder", id="no-adapter"),
        pytest.param("--hf-path 'my org/b'", "--hf-path 'my org/b': .*owner/name", id="space"),
        pytest.param("--hf-path 千问/b", "--hf-path '千问/b': .*owner/name", id="not-ascii"),
        pytest.param("--hf-path b/", "--hf-path 'b/': .* ./b/ for a folder", id="slash"),
        pytest.param(f"--hf-path {LONG}", "--hf-path .*512 bytes", id="long-path"),
        pytest.param("--hf-path datasets/b", "--hf-path datasets/b: .*data set", id="data-set"),
        pytest.param("--hf-path '~nobody-here/b'", "--hf-path '~nobody-here/b': ", id="no-home"),
        pytest.param("--custom-dataset-path ''", "--custom-dataset-path '': ", id="no-data"),
    ],
)
def test_values_that_no_manifest_may_have_name_their_flag(flags: str, message: str) -> None:
    with pytest.raises(WrongUsage, match=message):
        line(f"{MODEL} {flags}")


def test_everything_that_is_wrong_is_said_once() -> None:
    with pytest.raises(WrongUsage) as found:
        line(f"{MODEL} --batch-size 0 --max-num-workers 0")
    said = [problem.partition(":")[0] for problem in str(found.value).splitlines()]
    assert said == ["--batch-size 0", "--max-num-workers 0"]


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        pytest.param("../model", "/home/me/model", id="beside"),
        pytest.param("./a/../model/", "/home/me/here/model", id="around"),
        pytest.param(".", "/home/me/here", id="here"),
        pytest.param("/data/my model", "/data/my model", id="space"),
        pytest.param("/data/模型/千问", "/data/模型/千问", id="not-ascii"),
        pytest.param("/data/100%#?x", "/data/100%#?x", id="signs-of-a-uri"),
        pytest.param("~/model", str(Path.home() / "model"), id="home"),
    ],
)
def test_paths_are_folders_that_a_run_finds(path: str, folder: str) -> None:
    assert folder_of(weights(path)) == Path(folder)


def test_a_folder_comes_before_a_name_on_the_hub(tmp_path: Path) -> None:
    (tmp_path / "models" / "my model").mkdir(parents=True)
    (tmp_path / "models" / "small").mkdir()
    assert weights("models/small", tmp_path) == (tmp_path / "models/small").as_uri()
    assert folder_of(weights("models/my model", tmp_path)) == tmp_path / "models/my model"
    assert weights("models/large", tmp_path) == "hf://models/large"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        pytest.param("../My Model", "my-model-hf", id="beside"),
        pytest.param(".", "here-hf", id="here"),
        pytest.param("/data/千问", "model-hf", id="no-letters"),
    ],
)
def test_an_endpoint_is_named_after_its_folder(path: str, name: str) -> None:
    words = ["--datasets", "ceval_gen", "--hf-path", path]
    assert translated(words, HERE).manifests[0]["metadata"]["name"] == name


def test_own_data_may_lie_beside(tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    (tmp_path / "my quiz.csv").write_text("question,A,B,answer\nWhich?,x,y,A\n", encoding="utf-8")
    found = line("--hf-path a/b --custom-dataset-path '../my quiz.csv'", here)
    assert found.manifests[1]["spec"]["data"]["source"] == {"uri": tmp_path.as_uri()}


@pytest.mark.parametrize("value", ["[1]", "{[]:1}"])
def test_values_of_odd_types_are_said(value: str) -> None:
    flag = f"--tokenizer-kwargs padding_side={value}"
    assert any("--tokenizer-kwargs padding_side" in note for note in line(f"{MODEL} {flag}").notes)


def test_a_name_that_no_folder_can_have_is_said(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(WrongUsage, match=r"--hf-path '.*': File name too long"):
        line(f"--datasets ceval_gen --hf-path a/{'b' * 300}", tmp_path)
