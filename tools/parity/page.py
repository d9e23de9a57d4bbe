"""docs/parity.md out of comparisons. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from parity.compare import TOLERANCE, Aspect, Comparison, total
from parity.models import RANDOM_SEED, Model
from parity.suites import Suite


@dataclass(frozen=True)
class Section:
    """One suite with one model."""

    suite: Suite
    model: Model
    comparisons: Sequence[Comparison]


_HEADER: Final = ("compared", "items", "equal", "worst gap")
_MUST: Final = "must be"
_EQUAL: Final = "100 % equal"
_WITHIN: Final = f"within {TOLERANCE:.0e}".replace("e-0", "e-")

_WHAT: Final[Mapping[Aspect, str]] = {
    Aspect.PROMPT: "the text that the tokenizer gets, for every label where there are labels",
    Aspect.TOKENS: "what the model reads of it, cut where it is too long",
    Aspect.GENERATION: "what a model writes, always the likeliest token",
    Aspect.CHOICE: "the label that likelihood or perplexity chooses",
    Aspect.VALUE: "OpenCompass: mean negative log-likelihood of the text, in nats; "
    "lm-evaluation-harness: that of the continuation, a token",
    Aspect.EXTRACTED: "what is read out of the written text",
    Aspect.SCORE: "of each item, as the evaluator gives it for that item alone; likelihoods that "
    "are within 1e-4 make shares of them that are",
    Aspect.ROW: "in percent, before anybody rounds",
    Aspect.GROUP: "their means, before anybody rounds",
    Aspect.HASH: "six digits, for each subject",
}
_SHOWN_DIFFERENCES: Final = 3
_SHOWN_LENGTH: Final = 120


def table(title: str, comparisons: Sequence[Comparison]) -> str:
    """The comparisons as a small text table."""
    rows = [_HEADER, *(_cells(comparison) for comparison in comparisons)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEADER))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join(["", title, *lines])


def page(
    sections: Sequence[Section],
    versions: Mapping[str, str],
    *,
    sources: str,
    missing: Sequence[str] = (),
) -> str:
    """The whole page; every figure in it is counted from the sections."""
    everything = total(held for section in sections for held in section.comparisons)
    parts = [
        _INTRODUCTION.format(**versions),
        _totals(everything),
        _meanings(everything),
        "## By benchmark and model",
        _by_section(sections),
        *_differences(sections),
        *(["## Not compared yet", _KEPT, _listed(missing)] if missing else []),
        _CONDITIONS.format(sources=sources),
        "\n".join(_models(sections)),
        _KNOWN,
    ]
    return "\n\n".join(parts) + "\n"


def _cells(comparison: Comparison) -> tuple[str, str, str, str]:
    return (
        str(comparison.aspect),
        f"{comparison.compared:,}",
        f"{comparison.equal:,}",
        _gap(comparison.worst_gap),
    )


def _gap(gap: float | None) -> str:
    if gap is None:
        return ""
    return "0" if gap == 0 else f"{gap:.1e}"


def _totals(everything: Iterable[Comparison]) -> str:
    header = ("compared", _MUST, *_HEADER[1:])
    rows = [
        (name, _WITHIN if comparison.aspect is Aspect.VALUE else _EQUAL, *numbers)
        for comparison in everything
        for name, *numbers in [_cells(comparison)]
    ]
    return _markdown(header, rows)


def _meanings(everything: Iterable[Comparison]) -> str:
    return "\n".join(f"- {held.aspect}: {_WHAT[held.aspect]}." for held in everything)


def _by_section(sections: Sequence[Section]) -> str:
    aspects = [
        aspect
        for aspect in Aspect
        if any(held.aspect is aspect for section in sections for held in section.comparisons)
    ]
    rows = [_section_cells(section, aspects) for section in sections]
    return _markdown(("benchmark/rows", "model", "beside", *map(str, aspects)), rows)


def _section_cells(section: Section, aspects: Sequence[Aspect]) -> tuple[str, ...]:
    found = {held.aspect: held for held in section.comparisons}
    numbers = [_share(found[aspect]) if aspect in found else "" for aspect in aspects]
    return (section.suite.name, section.model.title, str(section.suite.peer), *numbers)


def _share(comparison: Comparison) -> str:
    share = f"{comparison.equal:,}/{comparison.compared:,}"
    return share if comparison.holds else f"**{share}**"


def _differences(sections: Sequence[Section]) -> list[str]:
    lines = [
        f"- {section.suite.name}, {section.model.title}, {comparison.aspect}, "
        f"{len(comparison.differences)} of {comparison.compared:,}: `{_short(first.place)}`: "
        f"ours `{_short(first.ours)}`, theirs `{_short(first.theirs)}`"
        for section in sections
        for comparison in section.comparisons
        for first in comparison.differences[:_SHOWN_DIFFERENCES]
    ]
    return ["## What is not the same", "\n".join(lines)] if lines else []


def _listed(names: Iterable[str]) -> str:
    return "\n".join(f"- {name}" for name in names)


def _models(sections: Sequence[Section]) -> Iterator[str]:
    for model in dict.fromkeys(section.model for section in sections):
        rows = f"about {model.limit} rows of each set" if model.limit else "all rows"
        note = f", the tokenizer of stories260K, weights drawn with seed {RANDOM_SEED}"
        drawn = note if model.name == "random-qwen2" else ""
        yield f"  - {model.title}: {rows}, up to {model.max_sequence_length:,} tokens{drawn}."


def _short(text: str) -> str:
    flat = text.replace("`", "'").replace("\n", "\\n").replace("|", "\\|")
    return flat if len(flat) <= _SHOWN_LENGTH else flat[:_SHOWN_LENGTH] + "..."


def _markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


_INTRODUCTION: Final = """\
# Parity with OpenCompass and lm-evaluation-harness

`make parity` writes this page; do not edit it. It installs OpenCompass {opencompass} and
lm-evaluation-harness {lm_eval}, each into an environment of its own, lets them and `kompass run`
answer the same rows with the same models, and compares what both sides did, item by item."""

_CONDITIONS: Final = """\
## How it is compared

- Both sides compute in float32 on the CPU. The peers are given one item at a time, so that padding
  has no part in it; Kompass runs as it does always, in batches.
- The peers run their own code on their own definitions: the configurations in OpenCompass'
  package, the task files in lm-evaluation-harness'. They are pointed at the rows, and open-ended
  answers end after 32 tokens on both sides (those of ceval-gen after 16); the version hashes are
  those before that change. A set with subjects that a configuration lacks takes the place of its
  first subject's title; which subjects are in a group is Kompass' word, OpenCompass works out its
  number.
- Kompass runs as `kompass run`, from manifests to the report. Answers, likelihoods and scores are
  the report's. Texts and token ids are rendered again after the run by the functions that a shard
  uses; a shard checks that texts rendered again are those that were planned. All of it is of one
  state of the code, whose digest is {sources}.
- An answer in which nothing is found is None for some of OpenCompass' evaluators and an empty text
  for Kompass; they count as equal.
- truthfulqa-gen is compared up to what the model writes: OpenCompass' score of it needs code from a
  model hub.
- Rows and models are those of the folder `shared` beside the checkout:"""

_KEPT: Final = """\
This page is of what was recorded when it was written (`--kept`). Without a recording of both sides
are:"""

_KNOWN: Final = """\
## Known differences

- Where a text is too long for a model, OpenCompass drops examples label by label in perplexity
  questions and keeps the shorter list for the labels after: labels of one question may be compared
  behind different examples. Kompass gives all labels the examples that fit the longest. Labels of
  equal length, as in all the rows above, do not show it.
- Values that depend on the batch (OpenCompass' base class pads on the left and counts a loss at the
  padding) are not imitated: a number of Kompass does not depend on its neighbours."""
