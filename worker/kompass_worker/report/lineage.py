"""scores.csv: every number with its error bar and everything it rests on, one line each.

Pure. The columns are for machines: unrounded numbers, whole digests.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Final

from kompass_api.results import DataLineage, ModelLineage, Report, Score
from kompass_worker.report.texts import spreadsheet

COLUMNS: Final = (
    "model",
    "benchmark",
    "row",
    "kind",
    "metric",
    "mode",
    "value",
    "stderr",
    "low",
    "high",
    "n",
    "unscored",
    "oc_version",
    "content_hash",
    "data_digest",
    "model_source",
    "model_revision",
    "model_digest",
    "tokenizer_digest",
    "dtype",
    "device",
    "packages",
    "profile",
    "seed",
)
_MODEL_COLUMNS: Final = 7


def scores_csv(report: Report) -> str:
    """The lines, with a header; text that a spreadsheet would run is quoted."""
    models = {lineage.model: lineage for lineage in report.models}
    data = {lineage.content_hash: lineage for lineage in report.data}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for score in report.scores:
        cells = (*_score(score), *_data(data.get(score.content_hash)))
        cells = (*cells, *_model(models.get(score.model)), report.profile, str(report.seed))
        writer.writerow([spreadsheet(cell) for cell in cells])
    return out.getvalue()


def _score(score: Score) -> Iterator[str]:
    yield from (score.model, score.benchmark, score.row_name, score.kind, score.metric, score.mode)
    interval = score.interval
    numbers = (
        score.value,
        score.stderr,
        interval.low if interval else None,
        interval.high if interval else None,
    )
    yield from ("" if number is None else repr(number) for number in numbers)
    yield from (str(score.n), str(score.unscored), score.oc_version, score.content_hash)


def _data(lineage: DataLineage | None) -> Iterator[str]:
    yield lineage.data_digest if lineage else ""


def _model(lineage: ModelLineage | None) -> Iterator[str]:
    if lineage is None:
        # A partial report has rows of a model that nothing is known to have run on.
        yield from [""] * _MODEL_COLUMNS
        return
    ran_on = lineage.environment
    yield from (lineage.source, lineage.revision or "", ran_on.model_digest)
    yield from (ran_on.tokenizer_digest, ran_on.dtype, ran_on.device)
    yield " ".join(f"{name}=={version}" for name, version in sorted(ran_on.packages.items()))
