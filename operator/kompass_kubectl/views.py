"""What the terminal shows of runs, as rich renderables. Pure: the time is given."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from rich import box
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from kompass_kubectl.comparing import Row
from kompass_kubectl.runs import Run, Score

_COLOURS: Final = {
    "Succeeded": "green",
    "Failed": "red",
    "Running": "cyan",
    "Summarizing": "cyan",
    "Planning": "blue",
    "Suspended": "yellow",
}
_STATES: Final = (
    ("succeeded", "green"),
    ("running", "cyan"),
    ("queued", "white"),
    ("failed", "red"),
)
_SHOWN_TROUBLES: Final = 3
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def run_list(runs: Iterable[Run], *, now: datetime, with_namespace: bool) -> RenderableType:
    """A line for each run."""
    table = _table()
    table.expand = True
    for name in (*(["Namespace"] if with_namespace else []), "Run", "Phase"):
        table.add_column(name, no_wrap=True)
    for name in ("Shards", "Items", "ETA", "Score", "Age"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("Why", ratio=1, overflow="ellipsis", no_wrap=True)
    for run in runs:
        why = run.why
        table.add_row(
            *([run.namespace] if with_namespace else []),
            Text(run.name, style="bold"),
            _phase(run),
            run.progress,
            _items(run),
            span(None if run.is_finished else run.eta_seconds),
            run.score,
            span(_seconds(run.created, now)),
            Text(why.message if why else "", style="dim"),
        )
    return table


def run_view(run: Run, *, now: datetime) -> RenderableType:
    """Everything about one run."""
    parts: list[RenderableType] = [_facts(run, now), Text()]
    if run.shards.get("total"):
        parts += [_bars(run), Text()]
    why = run.why
    if why is not None:
        style = "red" if run.holds("Failed") else ("yellow" if why.status == "False" else "default")
        parts += [Text.assemble((f"{why.reason}  ", f"bold {style}"), (why.message, style)), Text()]
    if run.scores:
        parts += [score_table(run.scores), Text()]
    if run.troubles:
        parts += [_troubles(run), Text()]
    return Panel(
        Group(*parts[:-1]),
        title=Text.assemble((f"{run.namespace}/", "dim"), (run.name, "bold")),
        title_align="left",
        border_style=_COLOURS.get(run.phase, "white"),
        padding=(1, 2),
    )


def score_table(scores: Iterable[Score]) -> RenderableType:
    """The headline of the report."""
    table = _table()
    table.add_column("Benchmark", no_wrap=True)
    table.add_column("Model", no_wrap=True)
    table.add_column("Metric", no_wrap=True)
    for name in ("Score", "±", "n", "Unscored"):
        table.add_column(name, justify="right", no_wrap=True)
    for score in scores:
        table.add_row(
            escape(score.benchmark),
            escape(score.model),
            score.metric,
            Text(score.value, style="bold"),
            Text(score.stderr, style="dim"),
            str(score.n),
            Text(str(score.unscored or ""), style="yellow"),
        )
    return table


def comparison(rows: Iterable[Row], first: str, second: str) -> RenderableType:
    """Two runs' numbers and their differences."""
    table = _table()
    for name in ("Benchmark", "Model", "Metric"):
        table.add_column(name, no_wrap=True)
    for name in (first, second, "Difference"):
        table.add_column(escape(name), justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            escape(row.benchmark),
            escape(row.model),
            row.metric,
            _number(row.first),
            _number(row.second),
            _difference(row),
        )
    return table


def span(seconds: float | None) -> str:
    """`45s`, `12m`, `3h20m` or `2d4h`; empty where nothing is known."""
    if seconds is None:
        return ""
    whole = max(0, int(seconds))
    if whole < 2 * _MINUTE:
        return f"{whole}s"
    if whole < 2 * _HOUR:
        return f"{whole // _MINUTE}m"
    if whole < 2 * _DAY:
        return f"{whole // _HOUR}h{whole % _HOUR // _MINUTE:02}m"
    return f"{whole // _DAY}d{whole % _DAY // _HOUR}h"


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold dim")


def _phase(run: Run) -> Text:
    return Text(run.phase, style=_COLOURS.get(run.phase, "default"))


def _items(run: Run) -> str:
    return f"{run.done}/{run.planned}" if run.planned else ""


def _facts(run: Run, now: datetime) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("phase", _phase(run))
    grid.add_row("models", Text(", ".join(run.models)))
    grid.add_row("benchmarks", Text(", ".join(run.benchmarks)))
    if run.started:
        end = _moment(run.ended) if run.ended else now
        taken = span((end - _moment(run.started)).total_seconds())
        grid.add_row("taken" if run.ended else "running for", taken)
    if run.results:
        grid.add_row("report", Text(run.results))
    return grid


def _bars(run: Run) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(width=40)
    grid.add_column(no_wrap=True)
    total = run.shards["total"]
    states = Text("  ").join(
        Text(f"{run.shards[state]} {state}", style=colour)
        for state, colour in _STATES
        if run.shards.get(state)
    )
    shown = Text.assemble(f"{run.shards.get('succeeded', 0)}/{total}  ", states)
    grid.add_row("shards", _bar(run.shards.get("succeeded", 0), total), shown)
    if run.planned:
        pace = f"  {run.per_minute} a minute" if run.per_minute is not None else ""
        left = f"  {span(run.eta_seconds)} left" if run.eta_seconds is not None else ""
        grid.add_row("items", _bar(run.done, run.planned), f"{_items(run)}{pace}{left}")
    return grid


def _bar(done: int, total: int) -> ProgressBar:
    return ProgressBar(total=total, completed=done, width=40, complete_style="cyan")


def _troubles(run: Run) -> RenderableType:
    table = _table()
    for name in ("Failed", "Class"):
        table.add_column(name, no_wrap=True)
    table.add_column("Message", ratio=1, overflow="fold")
    table.add_column("Pod", no_wrap=True)
    for trouble in run.troubles[:_SHOWN_TROUBLES]:
        table.add_row(
            trouble.place,
            Text(trouble.kind, style="red"),
            Text(trouble.message),
            Text(trouble.pod, style="dim"),
        )
    return table


def _number(score: Score | None) -> Text:
    if score is None:
        return Text("-", style="dim")
    return Text.assemble(score.value, (f" ±{score.stderr}" if score.stderr else "", "dim"))


def _difference(row: Row) -> Text:
    if not row.is_comparable:
        return Text("other version", style="yellow")
    difference = row.difference
    if difference is None:
        return Text("-", style="dim")
    colour = "green" if difference > 0 else "red" if difference < 0 else "dim"
    return Text(f"{difference:+}" if difference else f"{Decimal(0)}", style=colour)


def _seconds(stamp: str, now: datetime) -> float | None:
    return (now - _moment(stamp)).total_seconds() if stamp else None


def _moment(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp).astimezone(UTC)
