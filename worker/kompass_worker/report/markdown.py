"""report.md: the table, how certain its numbers are, and what they rest on.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from kompass_api.results import Report, Score
from kompass_worker.report.cells import FIXED_COLUMNS, MISSING, cells_of, percent
from kompass_worker.report.notes import notes
from kompass_worker.report.texts import markdown

_ERRORS: Final = (
    "Standard error and 95 % interval, in the unit of the score. The interval of a share is "
    "Wilson's; a group has the combined error of its rows, which are taken to be independent."
)


def markdown_page(report: Report) -> str:
    """The page, in GitHub's Markdown."""
    parts = [
        f"# Report of {markdown(report.run)}\n",
        "\n".join(f"- {markdown(note)}" for note in notes(report)) + "\n",
        "## Scores\n",
        _scores(report),
        "## How certain they are\n",
        f"{_ERRORS}\n",
        _certainty(report),
        "## What they rest on\n",
        _models(report),
        _data(report),
    ]
    return "\n".join(parts)


def _scores(report: Report) -> str:
    cells = cells_of(report)
    return _table(cells.header, cells.rows, text_columns=len(FIXED_COLUMNS))


def _certainty(report: Report) -> str:
    numbers = ("score", "± stderr", "95 % interval", "n", "unscored")
    header = ("dataset", "metric", "mode", "model", *numbers)
    return _table(header, (_certainty_row(score) for score in report.scores), text_columns=4)


def _certainty_row(score: Score) -> tuple[str, ...]:
    interval = score.interval
    return (
        score.row_name,
        score.metric,
        score.mode,
        score.model,
        percent(score.value),
        percent(score.stderr),
        MISSING if interval is None else f"{percent(interval.low)} to {percent(interval.high)}",
        str(score.n),
        str(score.unscored),
    )


def _models(report: Report) -> str:
    header = ("model", "source", "weights", "tokenizer", "device", "dtype", "image", "packages")
    rows = (
        (
            held.model,
            held.source if held.revision is None else f"{held.source} at {held.revision}",
            held.environment.model_digest,
            held.environment.tokenizer_digest,
            held.environment.device,
            held.environment.dtype,
            held.environment.image or MISSING,
            ", ".join(
                f"{name} {version}" for name, version in sorted(held.environment.packages.items())
            ),
        )
        for held in report.models
    )
    return _table(header, rows, text_columns=len(header))


def _data(report: Report) -> str:
    header = ("benchmark", "subject", "version", "content", "data")
    rows = (
        (held.benchmark, held.subject, held.oc_version, held.content_hash, held.data_digest)
        for held in report.data
    )
    return _table(header, rows, text_columns=len(header))


def _table(header: Sequence[str], rows: Iterable[Sequence[str]], *, text_columns: int) -> str:
    rule = ["---" if place < text_columns else "---:" for place in range(len(header))]
    return "".join(
        [_line(map(markdown, header)), _line(rule), *(_line(map(markdown, row)) for row in rows)]
    )


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"
