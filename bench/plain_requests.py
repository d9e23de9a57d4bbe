"""The prompts of a finished `kompass run`, as text for a loop that knows nothing of Kompass."""

from __future__ import annotations

import json
from pathlib import Path

from transformers import AutoTokenizer

from kompass_api.plandocument import Plan
from kompass_api.rundocument import RunDocument
from kompass_worker.benchmarks.catalogue import builtin, catalogue, select
from kompass_worker.prompts import asked_subject
from kompass_worker.prompts.requests import GenerationRequest


def plain_requests(run: Path, model: Path) -> list[dict[str, object]]:
    """Templated text and limit of every item, in the plan's order."""
    document = RunDocument.model_validate_json((run / "run.json").read_text())
    plan = Plan.model_validate_json((run / "plan.json").read_text())
    tokenizer = AutoTokenizer.from_pretrained(model)
    asked = _requests(document, {item.id: item.examples for s in plan.shards for item in s.items})
    return [
        {
            "prompt": tokenizer.apply_chat_template(
                [{"role": said.role, "content": said.content} for said in asked[item.id].prompt],  # type: ignore[union-attr]
                tokenize=False,
                add_generation_prompt=True,
            ),
            "max_new_tokens": asked[item.id].max_new_tokens,
        }
        for shard in plan.shards
        for item in shard.items
    ]


def _requests(document: RunDocument, examples: dict[str, int]) -> dict[str, GenerationRequest]:
    found = {}
    for benchmark in document.benchmarks:
        spec = benchmark.spec or builtin(benchmark.name)
        assert benchmark.source is not None
        folder = Path(benchmark.source.uri.removeprefix("file://"))
        for subject in select(catalogue(spec, folder), benchmark.subjects):
            for question in asked_subject(
                benchmark.name,
                spec,
                subject,
                folder,
                max_new_tokens=benchmark.max_new_tokens or 0,
                limit=benchmark.limit,
            ).questions:
                request = question.request(examples[question.id], document.models[0].spec)
                assert isinstance(request, GenerationRequest)
                found[question.id] = request
    return found


if __name__ == "__main__":
    import sys

    print(json.dumps(plain_requests(Path(sys.argv[1]), Path(sys.argv[2])), ensure_ascii=False))
