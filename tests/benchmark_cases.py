"""Right and wrong Benchmark manifests, with what must be said about the wrong ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from manifest_cases import REMOVED, Wrong

BROKEN_RULES: Final[Mapping[str, Wrong]] = {
    "benchmark-name-with-dots": Wrong(
        "Benchmark", {"metadata/name": "mmlu.pro"}, "metadata.name", "must be a DNS label"
    ),
    "perplexity-without-labels": Wrong(
        "Benchmark",
        {"spec/method": "Perplexity", "spec/extraction": []},
        "spec.prompt.labels",
        "set at least two labels, or use another method",
    ),
    "perplexity-with-one-label": Wrong(
        "Benchmark",
        {"spec/method": "Perplexity", "spec/extraction": [], "spec/prompt/labels": ["A"]},
        "spec.prompt.labels",
        "set at least two labels, or use another method",
    ),
    "generation-with-labels": Wrong(
        "Benchmark",
        {"spec/prompt/labels": ["A", "B"]},
        "spec.prompt.labels",
        "use another method and remove them",
    ),
    "generation-with-one-label": Wrong(
        "Benchmark",
        {"spec/prompt/labels": ["A"]},
        "spec.prompt.labels",
        "use another method and remove them",
    ),
    "perplexity-with-extraction": Wrong(
        "Benchmark",
        {"spec/method": "Perplexity", "spec/prompt/labels": ["A", "B"]},
        "spec.extraction",
        "extraction belongs to methods that generate text",
    ),
    "perplexity-with-token-limit": Wrong(
        "Benchmark",
        {
            "spec/method": "Perplexity",
            "spec/extraction": [],
            "spec/prompt/labels": ["A", "B"],
            "spec/generation": {"maxNewTokens": 8},
        },
        "spec.generation",
        "remove generation.maxNewTokens and generation.stop",
    ),
    "perplexity-without-a-place": Wrong(
        "Benchmark",
        {
            "spec/method": "Perplexity",
            "spec/extraction": [],
            "spec/prompt": {
                "labels": ["A", "B"],
                "rounds": [{"role": "HUMAN", "prompt": "{question}"}],
            },
        },
        "spec.prompt",
        "write data.outputColumn in braces where the answer stands",
    ),
    "examples-without-answers": Wrong(
        "Benchmark",
        {
            "spec/examples": {"ids": [0, 1]},
            "spec/prompt/rounds": [{"role": "HUMAN", "prompt": "{question}"}],
        },
        "spec.examples",
        "examples need to show their answer",
    ),
    "two-subjects-in-one-file": Wrong(
        "Benchmark",
        {
            "spec/subjects": [{"name": "law"}, {"name": "logic"}],
            "spec/data/path": "{split}.jsonl",
        },
        "spec.data.path",
        "data.path must contain {subject}",
    ),
    "two-subjects-in-one-row": Wrong(
        "Benchmark",
        {"spec/subjects": [{"name": "law"}, {"name": "logic"}], "spec/rowName": "trivia"},
        "spec.rowName",
        "rowName must contain {subject}",
    ),
    "path-with-unknown-placeholder": Wrong(
        "Benchmark",
        {"spec/data/path": "{language}/{subject}.csv"},
        "spec.data.path",
        "only {split}, {subject} and {title} are filled in",
    ),
    "path-is-absolute": Wrong(
        "Benchmark",
        {"spec/data/path": "/data/{subject}.csv"},
        "spec.data.path",
        "path must be a file below the source",
    ),
    "path-leaves-the-source": Wrong(
        "Benchmark",
        {"spec/data/path": "../{subject}.csv"},
        "spec.data.path",
        "must not contain '..'",
    ),
    "row-name-with-space": Wrong(
        "Benchmark", {"spec/rowName": "my row"}, "spec.rowName", "such as my-set-{subject}"
    ),
    "range-in-brackets": Wrong(
        "Benchmark",
        {"spec/data/testRange": "[0:4]"},
        "spec.data.testRange",
        "from 0, such as 0:100",
    ),
    "split-with-slash": Wrong(
        "Benchmark",
        {"spec/data/testSplit": "a/b"},
        "spec.data.testSplit",
        "a split's name has letters, digits, '_' and '-'",
    ),
    "column-with-space": Wrong(
        "Benchmark",
        {"spec/data/inputColumns": ["the question"]},
        "spec.data.inputColumns[0]",
        "a column's name has letters, digits and '_'",
    ),
    "benchmark-takes-a-model-for-data": Wrong(
        "Benchmark",
        {"spec/data/source/uri": "hf://acme/trivia"},
        "spec.data.source.uri",
        "a data set on the hub is hf://datasets/owner/name",
    ),
    "retriever-with-ids": Wrong(
        "Benchmark",
        {"spec/examples": {"retriever": "Random", "ids": [0], "count": 5}},
        "spec.examples",
        "remove the other one",
    ),
    "retriever-without-count": Wrong(
        "Benchmark",
        {"spec/examples": {"retriever": "BM25"}},
        "spec.examples.count",
        "examples.retriever needs a count",
    ),
    "embedding-without-top-k": Wrong(
        "Benchmark",
        {
            "spec/examples": {
                "retriever": "Random",
                "count": 5,
                "embedding": {"uri": "hf://acme/mini"},
            }
        },
        "spec.examples.embedding",
        "examples.embedding belongs to retriever TopK",
    ),
    "temperature-in-words": Wrong(
        "Benchmark",
        {"spec/generation": {"temperature": "warm"}},
        "spec.generation.temperature",
        "a decimal number such as 0.7",
    ),
    "rule-name-with-spaces": Wrong(
        "Benchmark",
        {"spec/extraction": [{"name": "Last Capital"}]},
        "spec.extraction[0].name",
        "a rule's name has small letters",
    ),
    "two-kinds-of-labels": Wrong(
        "Benchmark",
        {
            "spec/method": "Perplexity",
            "spec/extraction": [],
            "spec/prompt/labels": ["A", "B"],
            "spec/prompt/labelsColumn": "choices",
        },
        "spec.prompt",
        "prompt takes one of labels, labelsColumn and labelTemplates",
    ),
    "neither-text-nor-rounds": Wrong(
        "Benchmark",
        {"spec/prompt": {"text": ""}},
        "spec.prompt",
        "prompt needs a text or rounds",
    ),
    "text-and-rounds": Wrong(
        "Benchmark",
        {"spec/prompt/text": "{question} {answer}"},
        "spec.prompt",
        "prompt takes a text or rounds, not both",
    ),
    "conversation-without-its-method": Wrong(
        "Benchmark",
        {"spec/conversation": {"column": "dialogue"}},
        "spec.conversation",
        "conversation belongs to method Conversation",
    ),
    "header-of-json": Wrong(
        "Benchmark",
        {"spec/data/format": "JSONL", "spec/data/header": ["question", "answer"]},
        "spec.data.header",
        "header belongs to CSV and TSV files",
    ),
    "records-of-a-table": Wrong(
        "Benchmark",
        {"spec/data/records": "examples"},
        "spec.data.records",
        "records belongs to format JSON",
    ),
    "weights-without-a-weighted-mean": Wrong(
        "Benchmark",
        {
            "spec/subjects": [{"name": "law"}, {"name": "logic"}],
            "spec/groups": [{"name": "all", "subjects": ["law", "logic"], "weights": [1, 2]}],
        },
        "spec.groups",
        "weights belongs to mean weighted_average",
    ),
}
"""Broken rules of ours: the API server and pydantic use the same words."""

BROKEN_TYPES: Final[Mapping[str, Wrong]] = {
    "no-prompt": Wrong("Benchmark", {"spec/prompt": REMOVED}, "spec.prompt", "Required value"),
    "unknown-role": Wrong(
        "Benchmark",
        {"spec/prompt/rounds/0/role": "user"},
        "spec.prompt.rounds[0].role",
        'supported values: "SYSTEM", "HUMAN", "BOT"',
    ),
    "same-subject-twice": Wrong(
        "Benchmark",
        {"spec/subjects": [{"name": "law"}, {"name": "law"}]},
        "spec.subjects[1]",
        "Duplicate value",
    ),
    "same-group-twice": Wrong(
        "Benchmark",
        {
            "spec/groups": [
                {"name": "all", "subjects": ["law"]},
                {"name": "all", "subjects": ["logic"]},
            ]
        },
        "spec.groups[1]",
        "Duplicate value",
    ),
    "negative-example": Wrong(
        "Benchmark",
        {"spec/examples": {"ids": [-1]}},
        "spec.examples.ids[0]",
        "should be greater than or equal to 0",
    ),
}
"""What types and bounds refuse: the API server says so in its own words."""

ALSO_RIGHT: Final[Mapping[str, tuple[str, Mapping[str, object]]]] = {
    "perplexity": (
        "Benchmark",
        {"spec/method": "Perplexity", "spec/extraction": [], "spec/prompt/labels": ["A", "B"]},
    ),
    "examples-with-answers": ("Benchmark", {"spec/examples": {"ids": [0, 1]}}),
    "one-subject-in-one-file": (
        "Benchmark",
        {"spec/subjects": [{"name": "law"}], "spec/data/path": "law.csv", "spec/rowName": "law"},
    ),
    "data-left-to-the-run": ("Benchmark", {"spec/data/source": REMOVED}),
}
"""What must be accepted."""
