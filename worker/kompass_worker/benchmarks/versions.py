"""What a benchmark's numbers can be compared with: OpenCompass' version and our content hash.

Pure. OpenCompass hashes the inference part of a dataset's configuration as sorted JSON (SHA-256,
six digits in the table). That covers prompt, examples and limits set by the benchmark; it covers
neither data nor scoring, nor a limit that the model or the run sets. `content_hash` covers all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Final

from kompass_api.benchmark import BenchmarkSpec, Subject, extraction_of, metric_of
from kompass_api.evalrun import Profile
from kompass_api.methods import Method
from kompass_api.prompts import Role
from kompass_api.rundocument import canonical_json, digest_of
from kompass_worker.prompts.templates import EXAMPLES_TOKEN, Template, template_of

_OPENICL: Final = "opencompass.openicl"
_TEMPLATE: Final = f"{_OPENICL}.icl_prompt_template.PromptTemplate"
_INFERENCERS: Final = {
    Method.GENERATION: f"{_OPENICL}.icl_inferencer.GenInferencer",
    Method.PERPLEXITY: f"{_OPENICL}.icl_inferencer.PPLInferencer",
}


def oc_version(spec: BenchmarkSpec, subject: Subject) -> str:
    """Six digits, as in the `version` column of OpenCompass' table."""
    return oc_hash(spec, subject)[:6]


def file_version(spec: BenchmarkSpec, subjects: Iterable[Subject]) -> str:
    """Six digits, as at the end of the name of OpenCompass' configuration file."""
    hashes = [oc_hash(spec, subject) for subject in subjects]
    if len(hashes) == 1:
        return hashes[0][:6]
    return hashlib.sha256(",".join(hashes).encode()).hexdigest()[:6]


def oc_hash(spec: BenchmarkSpec, subject: Subject) -> str:
    """SHA-256 of the configuration that OpenCompass would have for this subject."""
    return hashlib.sha256(
        json.dumps(_infer_cfg(spec, subject), sort_keys=True).encode()
    ).hexdigest()


def content_hash(
    spec: BenchmarkSpec,
    subject: Subject,
    data_digest: str,
    *,
    limit: int | None = None,
    max_new_tokens: int | None = None,
    profile: Profile = Profile.OPENCOMPASS_05,
) -> str:
    """`sha256:` over everything of the benchmark that its number depends on.

    `max_new_tokens` is what the run sets, if it does; the model's own limit belongs to the model.
    """
    depends_on = {
        "profile": profile,
        "data": data_digest,
        "rows": spec.data.model_dump(mode="json", exclude={"source", "path"}),
        "limit": limit,
        "subject": subject.model_dump(mode="json", exclude={"name", "scoring"}),
        "prompt": spec.prompt.model_dump(mode="json"),
        "examples": spec.examples.model_dump(mode="json"),
        "method": spec.method,
        "max_new_tokens": max_new_tokens or spec.generation.max_new_tokens,
        "generation": spec.generation.model_dump(mode="json", exclude={"max_new_tokens"}),
        "conversation": spec.conversation and spec.conversation.model_dump(mode="json"),
        "likelihood": spec.likelihood.model_dump(mode="json"),
        "scoring": [
            held.model_dump(mode="json")
            for held in (*extraction_of(spec, subject), metric_of(spec, subject))
        ],
    }
    return digest_of(canonical_json(depends_on).encode())


def _infer_cfg(spec: BenchmarkSpec, subject: Subject) -> Mapping[str, object]:
    """OpenCompass' `infer_cfg`; fix_id_list stands with the inferencer, as its hash wants it."""
    shots = bool(spec.examples.ids)
    inferencer: dict[str, object] = {"type": _INFERENCERS[spec.method]}
    if shots:
        inferencer["fix_id_list"] = spec.examples.ids
    if spec.generation.max_new_tokens is not None:
        inferencer["max_out_len"] = spec.generation.max_new_tokens
    if spec.generation.stop:
        inferencer["stopping_criteria"] = spec.generation.stop
    retriever = "FixKRetriever" if shots else "ZeroRetriever"
    template: dict[str, object] = {"type": _TEMPLATE, "template": _template_cfg(spec, subject)}
    if shots:
        template["ice_token"] = EXAMPLES_TOKEN
    return {
        "ice_template" if shots else "prompt_template": template,
        "retriever": {"type": f"{_OPENICL}.icl_retriever.{retriever}"},
        "inferencer": inferencer,
    }


def _template_cfg(spec: BenchmarkSpec, subject: Subject) -> Mapping[str, object]:
    template = template_of(spec, subject.title)
    if not spec.prompt.labels:
        return _dialogue_cfg(template)
    return {label: _dialogue_cfg(template.labelled(label)) for label in spec.prompt.labels}


def _dialogue_cfg(template: Template) -> Mapping[str, object]:
    system: list[object] = [
        {"role": turn.role, "fallback_role": Role.HUMAN, "prompt": turn.text}
        for turn in template.begin
    ]
    rounds = [{"role": turn.role, "prompt": turn.text} for turn in template.rounds]
    if not system:
        return {"begin": EXAMPLES_TOKEN, "round": rounds} if template.shots else {"round": rounds}
    return {"begin": [*system, *[EXAMPLES_TOKEN] * template.shots], "round": rounds}
