"""`kubectl evals` without a cluster: what it asks kubectl for, shows and returns."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from rich.console import Console
from typer.main import get_command
from typer.testing import CliRunner

from kompass_kubectl import app as plugin
from kompass_kubectl import views
from kompass_kubectl.comparing import compared
from kompass_kubectl.completing import COMMANDS, candidates
from kompass_kubectl.kubectl import Cluster, KubectlFailed, Place
from kompass_kubectl.runs import read_run

Object = dict[str, Any]
NOW = datetime(2026, 1, 2, 4, 0, tzinfo=UTC)


def condition(kind: str, status: str, reason: str, message: str = "") -> Object:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def evalrun(name: str = "demo", **status: Any) -> Object:
    """A run at work; `status` replaces fields of the status."""
    held = {
        "phase": "Running",
        "progress": "3/8",
        "startTime": "2026-01-02T03:30:00Z",
        "shards": {"total": 8, "succeeded": 3, "running": 4, "queued": 1, "failed": 0},
        "items": {"planned": 4000, "done": 1510, "itemsPerMinute": 83, "etaSeconds": 1800},
        "conditions": [
            condition("Finished", "False", "ShardsRunning"),
            condition("Succeeded", "Unknown", "ShardsRunning"),
            condition("Progressing", "True", "ShardsRunning", "3 of 8 shards are done"),
            condition("Stalled", "False", "ShardsRunning"),
        ],
        **status,
    }
    return {
        "metadata": {
            "name": name,
            "namespace": "team",
            "creationTimestamp": "2026-01-02T03:29:00Z",
        },
        "spec": {"models": [{"name": "llama"}], "benchmarks": [{"name": "ceval-gen"}]},
        "status": held,
    }


def score(value: str, benchmark: str = "ceval", **more: Any) -> Object:
    return {
        "benchmark": benchmark,
        "model": "llama",
        "metric": "accuracy",
        "mode": "gen",
        "version": "abc123",
        "value": value,
        "stderr": "1.20",
        "n": 1346,
        "unscored": 2,
        **more,
    }


def finished(name: str = "demo", *, well: bool = True, scores: Sequence[Object] = ()) -> Object:
    reason = "EvaluationSucceeded" if well else "OutOfMemory"
    message = "report published" if well else "shard 3 (model llama) ran out of memory 2 times"
    return evalrun(
        name,
        phase="Succeeded" if well else "Failed",
        completionTime="2026-01-02T03:50:00Z",
        score=scores[0]["value"] if scores else "",
        results={"uri": f"s3://results/{name}/report", "headline": list(scores)},
        conditions=[
            condition("Finished", "True", reason, message),
            condition("Succeeded", "True" if well else "False", reason, message),
            condition("Failed", "False" if well else "True", reason, message),
        ],
    )


@dataclass
class FakeKubectl:
    """Answers from a list of objects, each used once until the last."""

    answers: dict[str, list[Object]] = field(default_factory=dict)
    asked: list[list[str]] = field(default_factory=list)

    def output(self, arguments: Sequence[str]) -> str:
        self.asked.append(list(arguments))
        if arguments[0] != "get":
            return ""
        name = arguments[2] if not arguments[2].startswith("-") else "*"
        held = self.answers.get(name)
        if not held:
            raise KubectlFailed(f'evalruns.kompass.dev "{name}" not found')
        return json.dumps(held.pop(0) if len(held) > 1 else held[0])

    def through(self, arguments: Sequence[str]) -> int:
        self.asked.append(list(arguments))
        return 0


@dataclass
class Terminal:
    """The plugin in a terminal of 100 columns."""

    kubectl: FakeKubectl

    def run(self, *words: str) -> tuple[int, str]:
        console = Console(file=io.StringIO(), width=100, no_color=True)
        session = plugin._Session(Cluster(self.kubectl, Place("team")), console)
        done = CliRunner().invoke(plugin.app, list(words), obj=session)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert isinstance(console.file, io.StringIO)
        return done.exit_code, console.file.getvalue() + done.output


def terminal(**answers: list[Object]) -> Terminal:
    return Terminal(FakeKubectl(answers))


def test_list_tells_how_far_how_good_and_why() -> None:
    items = {"items": [evalrun(), finished("other", scores=[score("61.54")])]}
    code, text = Terminal(FakeKubectl({"*": [items]})).run("status")
    assert code == 0
    line = next(line for line in text.splitlines() if line.strip().startswith("demo"))
    assert line.split()[:5] == ["demo", "Running", "3/8", "1510/4000", "30m"]
    assert "3 of 8 shards are done" in line
    assert "61.54" in text


def test_list_of_nothing_says_what_to_do() -> None:
    _, text = Terminal(FakeKubectl({"*": [{"items": []}]})).run("status")
    assert "kubectl apply" in text


def test_all_namespaces_are_asked_for() -> None:
    shell = Terminal(FakeKubectl({"*": [{"items": [evalrun()]}]}))
    _, text = shell.run("status", "-A")
    assert "--all-namespaces" in shell.kubectl.asked[0]
    assert "team" in text


def test_one_run_is_shown_whole() -> None:
    code, text = terminal(demo=[evalrun()]).run("status", "demo")
    assert code == 0
    for part in ("team/demo", "1510/4000", "83 a minute", "30m left", "4 running", "running for"):
        assert part in text


def test_failures_are_shown_with_their_pod() -> None:
    failure = {
        "stage": "shard",
        "shard": 3,
        "class": "OutOfMemory",
        "message": "killed",
        "pod": "demo-s3-x",
        "node": "n1",
        "time": "2026-01-02T03:40:00Z",
    }
    body = finished(well=False)
    body["status"]["failures"] = [failure]
    _, text = terminal(demo=[body]).run("status", "demo")
    for part in ("shard 3", "OutOfMemory", "killed", "demo-s3-x", "ran out of memory 2 times"):
        assert part in text


@pytest.mark.parametrize(
    ("well", "code"), [pytest.param(True, 0, id="good"), pytest.param(False, 1, id="bad")]
)
def test_watch_ends_with_the_run(well: bool, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin, "POLL_SECONDS", 0)
    shell = terminal(demo=[evalrun(), evalrun(), finished(well=well, scores=[score("61.54")])])
    assert shell.run("watch", "demo")[0] == code
    assert len(shell.kubectl.asked) == 3


def test_logs_follow_the_pods_of_a_shard() -> None:
    shell = terminal()
    assert shell.run("logs", "demo", "--shard", "3", "-f")[0] == 0
    assert shell.kubectl.asked == [
        [
            "logs",
            "--selector",
            "kompass.dev/run=demo,kompass.dev/stage=shard,kompass.dev/shard=3",
            "--prefix",
            "--tail=-1",
            "--follow",
            "--max-log-requests=50",
            "--namespace=team",
        ]
    ]


def test_report_prints_the_table_and_its_place() -> None:
    code, text = terminal(demo=[finished(scores=[score("61.54")])]).run("report", "demo")
    assert code == 0
    for part in ("ceval", "61.54", "1.20", "1346", "s3://results/demo/report"):
        assert part in text


def test_report_as_json_can_be_read() -> None:
    _, text = terminal(demo=[finished(scores=[score("61.54")])]).run("report", "demo", "-o", "json")
    found = json.loads(text)
    assert (found["run"], found["scores"][0]["value"]) == ("demo", "61.54")


def test_report_of_a_run_without_one_is_refused() -> None:
    code, text = terminal(demo=[evalrun()]).run("report", "demo")
    assert code == 1
    assert "no report (Running)" in text


def test_comparison_shows_differences_and_what_cannot_be_compared() -> None:
    first = finished("a", scores=[score("60.00"), score("10.00", "old"), score("5.00", "gone")])
    second = finished("b", scores=[score("62.50"), score("11.00", "old", version="other")])
    rows = compared(read_run(first), read_run(second))
    assert [row.difference for row in rows] == [Decimal("2.50"), None, None]
    code, text = terminal(a=[first], b=[second]).run("compare", "a", "b")
    assert code == 0
    assert "+2.50" in text
    assert "other version" in text
    assert "kompass compare s3://results/a/report s3://results/b/report" in text


def test_runs_of_different_models_are_compared_by_benchmark() -> None:
    first = finished("a", scores=[score("60.00")])
    second = finished("b", scores=[score("61.00", model="qwen")])
    assert [row.difference for row in compared(read_run(first), read_run(second))] == [Decimal(1)]


def patches(shell: Terminal) -> list[Object]:
    return [
        json.loads(asked[4].removeprefix("--patch="))
        for asked in shell.kubectl.asked
        if asked[0] == "patch"
    ]


def test_rerun_sets_a_new_token() -> None:
    shell = terminal()
    assert shell.run("rerun", "demo")[0] == 0
    assert list(patches(shell)[0]["spec"]) == ["rerunToken"]


@pytest.mark.parametrize(
    ("command", "suspend"),
    [pytest.param("cancel", True, id="cancel"), pytest.param("resume", False, id="resume")],
)
def test_run_is_stopped_and_goes_on(command: str, suspend: bool) -> None:
    shell = terminal(demo=[evalrun()])
    assert shell.run(command, "demo")[0] == 0
    assert patches(shell) == [{"spec": {"execution": {"suspend": suspend}}}]


def test_finished_run_is_not_stopped() -> None:
    shell = terminal(demo=[finished()])
    code, text = shell.run("cancel", "demo")
    assert (code, patches(shell)) == (1, [])
    assert "has finished" in text


def test_cancel_may_delete() -> None:
    shell = terminal()
    assert shell.run("cancel", "demo", "--delete")[0] == 0
    assert shell.kubectl.asked[0][:3] == ["delete", "evalruns.kompass.dev", "demo"]


def test_kubectls_own_words_reach_the_user() -> None:
    with pytest.raises(KubectlFailed, match="not found"):
        terminal().run("status", "absent")


def test_status_of_a_run_that_nobody_touched_is_shown() -> None:
    body = evalrun()
    del body["status"]
    _, text = terminal(demo=[body]).run("status", "demo")
    assert "Pending" in text


def test_markup_in_a_message_is_text() -> None:
    claims = [condition("Progressing", "False", "Waiting", "[red]no[/red] [link=x]")]
    _, text = terminal(demo=[evalrun(conditions=claims)]).run("status", "demo")
    assert "[red]no[/red] [link=x]" in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        pytest.param(None, "", id="unknown"),
        pytest.param(45, "45s", id="seconds"),
        pytest.param(720, "12m", id="minutes"),
        pytest.param(12_000, "3h20m", id="hours"),
        pytest.param(187_200, "2d4h", id="days"),
    ],
)
def test_spans_are_short(seconds: int | None, text: str) -> None:
    assert views.span(seconds) == text


def names(_place: Place) -> list[str]:
    return ["demo", "other"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(["wa"], [f"watch\t{COMMANDS['watch']}"], id="command"),
        pytest.param(["watch", ""], ["demo", "other"], id="names"),
        pytest.param(["-n", "team", "report", "d"], ["demo"], id="after-flags"),
        pytest.param(["compare", "demo", "o"], ["other"], id="second-name"),
        pytest.param(["logs", "demo", "--f"], ["--follow"], id="flag"),
        pytest.param(["logs", "demo", "--stage", "p"], ["plan"], id="value"),
    ],
)
def test_tab_completes(words: list[str], expected: list[str]) -> None:
    assert candidates(words, names) == expected


def test_completion_looks_where_the_flags_say() -> None:
    asked: list[Place] = []

    def look(place: Place) -> list[str]:
        asked.append(place)
        return []

    candidates(["--namespace=a", "--context", "c", "watch", ""], look)
    assert asked == [Place("a", "c")]


def test_completion_knows_every_command() -> None:
    group = get_command(plugin.app)
    assert set(COMMANDS) == set(group.commands)  # type: ignore[attr-defined]
