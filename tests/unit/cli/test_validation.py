"""`kompass validate` finds what no schema can say, at its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from kompass_worker.cli.validation import validate

ENDPOINT = """\
apiVersion: kompass.dev/v1alpha1
kind: ModelEndpoint
metadata: {name: small}
spec: {modelType: Chat, device: CPU, source: {uri: "hf://a/b"}}
"""
RUN = """\
apiVersion: kompass.dev/v1alpha1
kind: EvalRun
metadata: {name: trial}
spec:
  models:
    - name: small
  benchmarks:
    - name: own
"""
BENCHMARK = """\
apiVersion: kompass.dev/v1alpha1
kind: Benchmark
metadata: {name: own}
spec:
  data:
    source: {uri: "s3://data/set"}
    where: "answer != ''"
    columns:
      - name: first
        expression: split(question, ' ')
    inputColumns: [question]
    outputColumn: answer
  subjects: [{name: a}, {name: b}]
  groups:
    - name: all
      subjects: [a, b]
  prompt: {rounds: [{role: HUMAN, prompt: "{question}"}]}
  method: Generation
  extraction:
    - name: first_capital
  metric: {name: accuracy}
"""
ALL = {"endpoint": ENDPOINT, "run": RUN, "benchmark": BENCHMARK}


def problems(folder: Path, *, in_cluster: bool = False, **changed: str) -> list[str]:
    for name, text in {**ALL, **changed}.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    found = validate([folder], in_cluster=in_cluster)
    return [problem.removeprefix(f"{folder}/") for problem in found.problems]


def test_what_is_right_has_no_problem(tmp_path: Path) -> None:
    assert problems(tmp_path) == []


@pytest.mark.parametrize(
    ("before", "after", "start", "end"),
    [
        pytest.param(
            "where: \"answer != ''\"",
            'where: "answer !="',
            "benchmark.yaml:7: Benchmark own: spec.data.where: ",
            "expected JMESPath",
            id="expression",
        ),
        pytest.param(
            "split(question",
            "splt(question",
            "benchmark.yaml:10: Benchmark own: spec.data.columns[0].expression: ",
            "did you mean split, sort?",
            id="function",
        ),
        pytest.param(
            "name: first_capital",
            "name: first_captal",
            "benchmark.yaml:20: Benchmark own: spec.extraction[0].name: ",
            "did you mean first_capital, first_capital_multi, last_capital?",
            id="extraction",
        ),
        pytest.param(
            "{name: accuracy}",
            "{name: accuracies}",
            "benchmark.yaml:21: Benchmark own: spec.metric.name: ",
            "",
            id="metric",
        ),
        pytest.param(
            "{name: accuracy}",
            "{name: accuracy, arguments: {strict: 'true'}}",
            "benchmark.yaml:21: Benchmark own: spec.metric.name: ",
            "",
            id="argument",
        ),
        pytest.param(
            "subjects: [a, b]",
            "subjects: [a, c]",
            "benchmark.yaml:16: Benchmark own: spec.groups[0].subjects[1]: ",
            "; there are a, b",
            id="group",
        ),
    ],
)
def test_benchmarks(tmp_path: Path, before: str, after: str, start: str, end: str) -> None:
    (problem,) = problems(tmp_path, benchmark=BENCHMARK.replace(before, after))
    assert problem.startswith(start)
    assert problem.endswith(end)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(
            "- name: small",
            "- name: smaller",
            "run.yaml:6: EvalRun trial: spec.models[0].name: ModelEndpoint 'smaller' is not in "
            "these files (name its file too, or say --in-cluster); did you mean small?",
            id="model",
        ),
        pytest.param(
            "- name: own",
            "- name: ceval-gem",
            "run.yaml:8: EvalRun trial: spec.benchmarks[0].name: benchmark 'ceval-gem' is neither "
            "built in nor in these files (name its file too, or say --in-cluster); did you mean "
            "ceval-gen",
            id="benchmark",
        ),
        pytest.param(
            "- name: own",
            "- name: gsm8k-gen",
            "run.yaml:8: EvalRun trial: spec.benchmarks[0].name: benchmark 'gsm8k-gen' brings no "
            "data: set source",
            id="data",
        ),
        pytest.param(
            "- name: own",
            "- name: ceval-ppl",
            "run.yaml:8: EvalRun trial: spec.benchmarks[0].name: benchmark 'ceval-ppl' weighs",
            id="method-and-model",
        ),
    ],
)
def test_references(tmp_path: Path, before: str, after: str, expected: str) -> None:
    (problem,) = problems(tmp_path, run=RUN.replace(before, after))
    assert problem.startswith(expected)


def test_a_namespace_may_have_what_the_files_have_not(tmp_path: Path) -> None:
    assert problems(tmp_path, in_cluster=True, endpoint="", run=RUN) == []


def test_a_wrong_document_is_not_missed_as_well(tmp_path: Path) -> None:
    wrong = ENDPOINT.replace("device: CPU", "device: TPU")
    (problem,) = problems(tmp_path, endpoint=wrong)
    assert problem.startswith("endpoint.yaml:4: ModelEndpoint small: spec.device: ")


def test_every_file_is_looked_at(tmp_path: Path) -> None:
    found = problems(tmp_path, endpoint="a: [", benchmark="- 1\n")
    assert [problem.partition(":")[0] for problem in found] == [
        "benchmark.yaml",
        "endpoint.yaml",
        "run.yaml",
        "run.yaml",
    ]


SUITE = """\
apiVersion: kompass.dev/v1alpha1
kind: EvalSuite
metadata: {name: board}
spec:
  template:
    spec:
      models:
        - name: minor
      benchmarks:
        - name: own
"""


def test_what_a_suite_names_is_looked_for(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, suite=SUITE)
    expected = "suite.yaml:8: EvalSuite board: spec.template.spec.models[0].name: ModelEndpoint "
    assert problem.startswith(expected)
    assert problems(tmp_path, suite=SUITE.replace("minor", "small")) == []
