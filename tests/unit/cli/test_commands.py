"""The commands as a shell calls them: statuses, forms of output, help."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from kompass_worker.cli import app
from kompass_worker.cli.app import unwrapped
from kompass_worker.cli.outputs import Output
from kompass_worker.cli.scores import show_scores
from kompass_worker.runs import open_run

COMMANDS = ("run", "list", "render", "validate", "inspect", "compare", "rescore", "translate")


def kompass(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def printable(text: str) -> bool:
    return all(character.isprintable() or character == "\n" for character in text)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_what_and_shows_how(command: str) -> None:
    found = kompass(command, "--help")
    assert found.exit_code == 0
    assert f"kompass {command}" in found.output


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        pytest.param(["inspect", "nowhere"], 2, "nowhere holds no run", id="no-run"),
        pytest.param(["compare", "nowhere", "nowhere"], 2, "holds no run", id="no-runs"),
        pytest.param(["rescore", "nowhere"], 2, "holds no run", id="no-run-to-score"),
        pytest.param(["rescore", "a/rescored/b"], 2, "name the run it was made of, a", id="again"),
        pytest.param(["render", "ceval-gem"], 2, "did you mean ceval-gen", id="no-benchmark"),
        pytest.param(["render", "ceval-gen", "-o", "csv"], 2, "use -o json", id="no-table"),
        pytest.param(["list", "-o", "csv"], 2, "CSV holds one table", id="two-tables"),
        pytest.param(
            ["list", "-f", "/nonexistent"],
            2,
            "--file /nonexistent: there is no",
            id="no-file-to-list",
        ),
        pytest.param(["validate", "nowhere.yaml"], 2, "nowhere.yaml: No such file", id="no-file"),
        pytest.param(["translate"], 2, "Missing argument", id="nothing-to-translate"),
        pytest.param(["inspect", "x", "--verdict", "bad"], 2, "'bad' is none of", id="verdict"),
        pytest.param(["inspect", "x", "-o", "xml"], 2, "'xml' is not one of", id="form"),
    ],
)
def test_wrong_usage(arguments: list[str], status: int, message: str) -> None:
    found = kompass(*arguments)
    assert found.exit_code == status
    assert message in " ".join(found.output.split())


@pytest.mark.parametrize(
    ("documents", "message"),
    [
        pytest.param(1, "1 document, nothing wrong", id="one"),
        pytest.param(2, "2 documents, nothing wrong", id="two"),
    ],
)
def test_validate_counts_documents(tmp_path: Path, documents: int, message: str) -> None:
    endpoint = """
apiVersion: kompass.dev/v1alpha1
kind: ModelEndpoint
metadata: {name: small-PLACE}
spec: {modelType: Base, device: CPU, source: {uri: "s3://kompass/models/small"}}
"""
    held = [endpoint.replace("PLACE", str(place)) for place in range(documents)]
    (tmp_path / "all.yaml").write_text("---".join(held), encoding="utf-8")
    found = kompass("validate", tmp_path)
    assert (found.exit_code, found.output.strip()) == (0, message)


@pytest.mark.parametrize("output", ["table", "json", "csv", "md"])
def test_inspect_controls_no_terminal(before: Path, output: str) -> None:
    found = kompass("inspect", before, "-o", output)
    assert found.exit_code == 0
    assert printable(found.stdout)
    assert "geography/0" in found.stdout


def test_inspect_gives_programs_every_item_in_full(before: Path) -> None:
    found = kompass("inspect", before, "--verdict", "all", "--limit", 1, "-o", "json")
    rows = json.loads(found.stdout)
    assert len(rows) == 10
    assert rows[0]["prediction"] == "\x1b[2JB\u202e\x9b1m"
    assert rows[0]["verdict"] == "wrong"


def test_inspect_says_what_it_does_not_show(before: Path) -> None:
    found = kompass("inspect", before, "--limit", 1)
    assert "2 items; 1 of them not shown" in found.output


def test_compare_in_csv(before: Path, after: Path) -> None:
    found = kompass("compare", before, after, "-o", "csv")
    (row,) = csv.DictReader(io.StringIO(found.stdout))
    assert (row["first"], row["second"], row["better"], row["worse"]) == ("80.0", "70.0", "1", "2")


def test_compare_shows_the_items(before: Path, after: Path) -> None:
    found = kompass("compare", before, after, "--items")
    assert found.exit_code == 0
    assert printable(found.stdout)
    changes = [line.split()[:2] for line in found.stdout.splitlines() if "geography" in line]
    assert changes == [
        ["ceval-gen/geography/1", "worse"],
        ["ceval-gen/geography/2", "worse"],
        ["ceval-gen/geography/0", "better"],
    ]


def test_compare_refuses_where_nothing_can_be_compared(before: Path, tmp_path: Path) -> None:
    path = before / "report/report.json"
    other = tmp_path / "other/report"
    other.mkdir(parents=True)
    report = json.loads(path.read_text())
    for held in report["data"]:
        held["contentHash"] = "sha256:other"
    (other / "report.json").write_text(json.dumps(report))
    samples = "samples.jsonl.zst"
    (other / samples).write_bytes((before / "report" / samples).read_bytes())
    found = kompass("compare", before, other)
    assert found.exit_code == 2
    assert "the content of every benchmark differs" in " ".join(found.output.split())
    assert kompass("compare", before, other, "--different").exit_code == 0


def test_list_in_json_has_both_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = json.loads(kompass("list", "benchmarks", "ceval-gen", "-o", "json").stdout)
    assert found[0]["name"] == "ceval-gen"
    assert found[0]["version"] == "5f30c7"


def test_translate_prints_manifests_and_says_the_rest_elsewhere() -> None:
    found = kompass("translate", "--", "--datasets", "ceval_gen", "--hf-path", "a/b", "-a", "vllm")
    assert found.exit_code == 0
    assert found.stdout.startswith("---\napiVersion: kompass.dev/v1alpha1\nkind: ModelEndpoint\n")
    assert "--accelerator: no counterpart" in found.stderr


def test_flags_of_opencompass_are_none_of_ours() -> None:
    found = kompass("translate", "run.py", "--datasets", "ceval_gen", "--hf-path", "a/b")
    assert found.exit_code == 0


def test_validate_of_the_examples(root: Path) -> None:
    gitops = root / "examples" / "gitops" / "repository"
    repository = [gitops / "record", gitops / "gate" / "evaluation"]
    for files in (sorted((root / "examples").glob("*.yaml")), repository):
        found = kompass("validate", *files, "--in-cluster")
        assert (found.exit_code, found.stdout) == (0, "")
        assert "nothing wrong" in found.stderr


@pytest.mark.parametrize(
    ("output", "start"),
    [
        pytest.param(Output.TABLE, "\ndataset  ", id="table"),
        pytest.param(Output.CSV, "dataset,version,metric,mode,model-0\nceval-geography,", id="csv"),
        pytest.param(Output.MD, "| dataset | version | metric | mode | model-0 |\n", id="md"),
        pytest.param(
            Output.JSON, '[\n {\n  "model": "model-0",\n  "benchmark": "ceval-gen"', id="json"
        ),
    ],
)
def test_scores_have_every_form(
    before: Path, capsys: pytest.CaptureFixture[str], output: Output, start: str
) -> None:
    show_scores(open_run(before).report, output)
    assert capsys.readouterr().out.startswith(start)


def test_paragraphs_of_a_help_text_have_one_line_each() -> None:
    text = "\nOne\nline.\n\n    an example\n      of two\n\nThe\nend.\n"
    assert unwrapped(text) == "One line.\n\n    an example\n      of two\n\nThe end."


def test_a_reader_that_has_seen_enough_is_no_error(before: Path) -> None:
    command = f"{sys.executable} -m kompass_worker.cli inspect {before} --verdict all | head -1"
    found = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert found.stdout.startswith("item")
    assert "Traceback" not in found.stderr


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        pytest.param(["cevla"], "Nothing has 'cevla' in its name; did you mean ", id="misspelt"),
        pytest.param(["benchmarks", "ceval", "gsm8q"], "Nothing has 'gsm8q'", id="one-of-several"),
        pytest.param(["models", "gpt"], "Nothing has 'gpt' in its name; there are none", id="none"),
        pytest.param(["ceval"], "", id="found"),
    ],
)
def test_a_word_that_nothing_has_is_answered_with_near_names(
    words: list[str], hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = kompass("list", *words)
    assert found.exit_code == 0
    assert found.stderr.startswith(hint) if hint else not found.stderr
