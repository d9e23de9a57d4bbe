"""`kompass run` refuses what cannot be, and says what to do instead; exit status 2."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from kompass_api.rundocument import RunDocument
from kompass_api.sources import Source
from kompass_worker.cli import app
from kompass_worker.cli.manifests import read_manifests
from kompass_worker.cli.mappings import Mapping, parse_mapping
from kompass_worker.cli.run import Wish, cache_folder, local_settings, prepare
from kompass_worker.cli.usage import WrongUsage

ENDPOINT = """
apiVersion: kompass.dev/v1alpha1
kind: ModelEndpoint
metadata: {name: small}
spec: {modelType: Base, device: CPU, source: {uri: "s3://kompass/models/small"}}
"""
RUN = """
apiVersion: kompass.dev/v1alpha1
kind: EvalRun
metadata: {name: trial}
spec:
  models: [{name: small}]
  benchmarks: [{name: ceval-gen, source: {uri: "s3://kompass/data/set"}}]
"""


def write(folder: Path, *documents: str) -> Path:
    file = folder / "run.yaml"
    file.write_text("---".join(documents), encoding="utf-8")
    return file


def wish(folder: Path, *documents: str, **settings: object) -> Wish:
    values: dict[str, object] = {
        "files": (write(folder, *documents),),
        "out": folder / "out",
        "run": None,
        "resume": False,
        "sources": (),
        "parallelism": 1,
        "verbose": False,
    }
    return Wish(**{**values, **settings})  # type: ignore[arg-type]


def uris_of(document: RunDocument) -> list[str | None]:
    sources = [model.spec.source for model in document.models]
    return [source.uri if source else None for source in sources]


def test_a_manifest_becomes_a_run_document(tmp_path: Path) -> None:
    document, out = prepare(wish(tmp_path, ENDPOINT, RUN))
    assert out == tmp_path / "out"
    assert document.storage.uri == out.as_uri()
    assert uris_of(document) == ["s3://kompass/models/small"]


def test_sources_are_put_elsewhere(tmp_path: Path) -> None:
    sources = ("s3://kompass=file:///all", f"s3://kompass/models={tmp_path}/models")
    document, _ = prepare(wish(tmp_path, ENDPOINT, RUN, sources=sources))
    assert uris_of(document) == [f"{(tmp_path / 'models').as_uri()}/small"]
    source = document.benchmarks[0].source
    assert source is not None
    assert source.uri == "file:///all/data/set"


def test_a_volume_of_a_cluster_can_be_put_elsewhere(tmp_path: Path) -> None:
    endpoint = ENDPOINT.replace("s3://kompass/models/small", "pvc://models/small")
    document, _ = prepare(wish(tmp_path, endpoint, RUN, sources=("pvc://models=file:///m",)))
    assert uris_of(document) == ["file:///m/small"]


@pytest.mark.parametrize(
    ("documents", "message"),
    [
        pytest.param([ENDPOINT], "no EvalRun in these files", id="no-run"),
        pytest.param([RUN], r"ModelEndpoint 'small' does not exist", id="no-endpoint"),
        pytest.param(
            [ENDPOINT, RUN.replace("ceval-gen", "ceval-gne")],
            r"'ceval-gne' is neither built in .* did you mean ceval-gen",
            id="unknown-benchmark",
        ),
        pytest.param(
            [ENDPOINT, RUN, RUN.replace("trial", "other")],
            r"2 EvalRuns \(trial, other\): choose one with --run",
            id="several-runs",
        ),
        pytest.param(
            [ENDPOINT, ENDPOINT, RUN], "ModelEndpoint small is there more than once", id="twice"
        ),
        pytest.param(
            [ENDPOINT.replace("device: CPU", "device: TPU"), RUN],
            r'run\.yaml:5: ModelEndpoint small: spec\.device: .*"TPU".*values: "CUDA", "CPU"',
            id="wrong-value",
        ),
        pytest.param(
            [ENDPOINT, RUN.replace("benchmarks:", "benchmark:")],
            r'run\.yaml:12: .*unknown field "spec.benchmark"; did you mean benchmarks',
            id="misspelt-field",
        ),
        pytest.param(["kind: Pod\napiVersion: v1\n"], r"kind 'Pod'; expected", id="other-kind"),
        pytest.param(["a: [1\n"], "not YAML", id="not-yaml"),
        pytest.param(["just text\n"], "expected an object with apiVersion", id="no-object"),
        pytest.param(
            [ENDPOINT.replace("s3://kompass/models/small", "pvc://models/small"), RUN],
            "a volume of a cluster",
            id="volume",
        ),
    ],
)
def test_wrong_manifests_are_explained(tmp_path: Path, documents: list[str], message: str) -> None:
    with pytest.raises(WrongUsage, match=message):
        prepare(wish(tmp_path, *documents))


def test_every_problem_of_the_files_is_told(tmp_path: Path) -> None:
    broken = ENDPOINT.replace("Base", "Bass").replace("CPU", "TPU")
    with pytest.raises(WrongUsage) as caught:
        prepare(wish(tmp_path, broken, RUN.replace("trial", "Trial")))
    assert len(str(caught.value).splitlines()) == 3


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match=r"none\.yaml: No such file"):
        read_manifests([tmp_path / "none.yaml"])


def test_one_of_several_runs_is_chosen(tmp_path: Path) -> None:
    other = RUN.replace("trial", "other")
    document, _ = prepare(wish(tmp_path, ENDPOINT, RUN, other, run="other"))
    assert document.run.name == "other"
    with pytest.raises(WrongUsage, match="did you mean other"):
        prepare(wish(tmp_path, ENDPOINT, RUN, other, run="oth3r"))


@pytest.mark.parametrize(
    ("held", "resume", "message"),
    [
        pytest.param({"notes.txt": "x"}, False, "add --resume", id="not-empty"),
        pytest.param({"notes.txt": "x"}, True, "no run to resume", id="nothing-to-resume"),
        pytest.param({"run.json": "{}", "plan.json": "{}"}, True, "another one", id="another-run"),
    ],
)
def test_folders_that_are_taken(
    tmp_path: Path, held: dict[str, str], resume: bool, message: str
) -> None:
    (tmp_path / "out").mkdir()
    for name, text in held.items():
        (tmp_path / "out" / name).write_text(text)
    with pytest.raises(WrongUsage, match=message):
        prepare(wish(tmp_path, ENDPOINT, RUN, resume=resume))


def test_a_run_that_was_never_planned_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "run.json").write_text("{}")
    prepare(wish(tmp_path, ENDPOINT, RUN))
    assert not (tmp_path / "out" / "run.json").exists()


def test_a_run_of_the_same_manifest_is_resumed(tmp_path: Path) -> None:
    document, out = prepare(wish(tmp_path, ENDPOINT, RUN))
    out.mkdir()
    (out / "run.json").write_text(document.encoded())
    (out / "plan.json").write_text("{}")
    assert prepare(wish(tmp_path, ENDPOINT, RUN, resume=True))[0] == document


@pytest.mark.parametrize("text", ["s3://kompass", "models=/data", "s3://kompass="])
def test_wrong_mappings_show_the_form(text: str) -> None:
    with pytest.raises(WrongUsage, match="FROM=TO"):
        parse_mapping(text)


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("s3://kompass/a", "file:///x/a"),
        ("s3://kompass", "file:///x"),
        ("s3://kompass-two/a", None),
    ],
)
def test_a_mapping_ends_at_a_slash(uri: str, expected: str | None) -> None:
    mapping = Mapping("s3://kompass", "file:///x/")
    assert (mapping.apply(uri) if mapping.applies_to(uri) else None) == expected


def test_a_built_in_benchmark_reads_its_data_elsewhere(tmp_path: Path) -> None:
    run = RUN.replace(', source: {uri: "s3://kompass/data/set"}', "")
    sources = ("hf://datasets/ceval=file:///hub",)
    document, _ = prepare(wish(tmp_path, ENDPOINT, run, sources=sources))
    assert document.benchmarks[0].source == Source(uri="file:///hub/ceval-exam")


def test_a_mapping_that_does_not_apply_changes_nothing(tmp_path: Path) -> None:
    plain, _ = prepare(wish(tmp_path, ENDPOINT, RUN))
    document, _ = prepare(wish(tmp_path, ENDPOINT, RUN, sources=("s3://other=file:///x",)))
    assert document == plain


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"KOMPASS_CACHE": "/k", "XDG_CACHE_HOME": "/x"}, Path("/k")),
        ({"XDG_CACHE_HOME": "/x"}, Path("/x/kompass")),
        ({}, Path.home() / ".cache" / "kompass"),
    ],
)
def test_where_fetched_files_stay(environment: dict[str, str], folder: Path) -> None:
    assert cache_folder(environment) == folder


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        (["--version"], 0, "kompass "),
        (["run", "--help"], 0, "--source"),
        (["run"], 2, "Missing argument"),
        (["run", "x.yaml", "--no-such-option"], 2, "No such option"),
        (["run", "no-such.yaml"], 2, "no-such.yaml: No such file"),
    ],
)
def test_exit_status(arguments: list[str], status: int, text: str) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == status
    assert text in result.output


@pytest.mark.parametrize("environment", [{}, {"KOMPASS_STORAGE_PATIENCE_SECONDS": "5"}])
def test_a_person_waits_less_than_a_pod(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = local_settings(environment)
    assert settings.storage_patience_seconds == float(
        environment.get("KOMPASS_STORAGE_PATIENCE_SECONDS", "30")
    )
    assert settings.work_dir.name == "sources"
