"""The files of a report.

Pure.
"""

from __future__ import annotations

import csv
import io
import json

from kompass_api.evalrun import Profile
from kompass_api.results import Report
from kompass_worker.report.cells import cells_of
from kompass_worker.report.lineage import scores_csv
from kompass_worker.report.lm_eval import NO_RULES, Rules, lm_eval_files
from kompass_worker.report.markdown import markdown_page
from kompass_worker.report.notes import notes
from kompass_worker.report.sections import sections
from kompass_worker.report.table import table
from kompass_worker.report.texts import spreadsheet


def renderings(report: Report, rules: Rules = NO_RULES) -> dict[str, str]:
    """File name -> content."""
    return {
        "report.json": report_json(report),
        "report.csv": report_csv(report),
        "report.txt": report_txt(report),
        "report.md": markdown_page(report),
        "scores.csv": scores_csv(report),
        **lm_eval_files(report, rules),
    }


def report_json(report: Report) -> str:
    """The report itself, indented; the same report gives the same bytes."""
    content = report.model_dump(mode="json", by_alias=True)
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def report_csv(report: Report) -> str:
    """The table as CSV; text that a spreadsheet would run is quoted."""
    cells = cells_of(report)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in (cells.header, *cells.rows):
        writer.writerow([spreadsheet(cell) for cell in row])
    return out.getvalue()


def report_txt(report: Report) -> str:
    """The table, in OpenCompass' sections where its profile is followed, and notes on it."""
    shown = table(report) if report.profile == Profile.KOMPASS_1 else sections(report)
    return "".join([shown, "\n", *(f"{note}\n" for note in notes(report))])
