"""What a benchmark's numbers can be compared with: OpenCompass' version and our content hash.

Pure. OpenCompass hashes the inference part of a dataset's configuration as sorted JSON (SHA-256,
six digits in the table). That covers prompt, examples and limits set by the benchmark; it covers
neither data nor scoring, nor a limit that the model or the run sets. `content_hash` covers all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from kompass_api.benchmark import BenchmarkSpec, Subject, extraction_of, metric_of
from kompass_api.methods import Method
from kompass_api.prompts import Retriever
from kompass_api.rundocument import canonical_json, digest_of
from kompass_worker.errors import InvalidRequest
from kompass_worker.prompts.questions import USUAL, Manner
from kompass_worker.prompts.templates import EXAMPLES, Form, Forms, Line, Text

_OPENICL: Final = "opencompass.openicl"
_TEMPLATE: Final = f"{_OPENICL}.icl_prompt_template.PromptTemplate"
_TOKEN: Final = "</E>"  # noqa: S105  (a mark, not a secret)
"""Where OpenCompass' configurations put the examples."""
_INFERENCERS: Final = {
    Method.GENERATION: "GenInferencer",
    Method.PERPLEXITY: "PPLInferencer",
    Method.LOG_LIKELIHOOD: "LLInferencer",
    Method.CONDITIONAL_LOG_PROBABILITY: "CLPInferencer",
    Method.PERPLEXITY_ONLY: "PPLOnlyInferencer",
    Method.BITS_PER_CHARACTER: "SWCELossInferencer",
    Method.MIN_K_PERCENT: "MinKPercentInferencer",
    Method.CONVERSATION: "ChatInferencer",
}
_RETRIEVERS: Final = f"{_OPENICL}.icl_retriever"
_RETRIEVER_NAMES: Final = {
    Retriever.FIX_K: "FixKRetriever",
    Retriever.RANDOM: "RandomRetriever",
    Retriever.BM25: "BM25Retriever",
    Retriever.SLIDING_WINDOW: "SlidingWindowRetriever",
    Retriever.TOP_K: "TopkRetriever",
}
_USUAL_SEED: Final = 43
"""Of a random retriever, which a configuration does not say."""


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
    manner: Manner = USUAL,
) -> str:
    """`sha256:` over everything of the benchmark that its number depends on.

    `max_new_tokens` is what the run sets, if it does; the model's own limit belongs to the model.
    The run's seed counts where answers are drawn.
    """
    origin = spec.open_compass
    depends_on = {
        "profile": manner.profile,
        "data": data_digest,
        "rows": spec.data.model_dump(mode="json", exclude={"source", "path"}),
        "limit": limit,
        "subject": subject.model_dump(mode="json", exclude={"name", "scoring"}),
        "prompt": spec.prompt.model_dump(mode="json"),
        "examples": spec.examples.model_dump(mode="json"),
        "place_for_examples": origin is not None and origin.place_for_examples,
        "pred_role": origin and origin.pred_role,
        # Data of a benchmark that equals OpenCompass' is read exactly.
        "exact": origin is not None,
        "method": spec.method,
        "max_new_tokens": max_new_tokens or spec.generation.max_new_tokens,
        "generation": spec.generation.model_dump(mode="json", exclude={"max_new_tokens"}),
        "seed": manner.seed if float(spec.generation.temperature) > 0 else None,
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
    return {
        **_templates(Forms(spec, subject)),
        "retriever": _retriever(spec),
        "inferencer": _inferencer(spec),
    }


def _templates(forms: Forms) -> Mapping[str, object]:
    """Where OpenCompass' configurations put a prompt and the form of its examples.

    A dialogue with examples, or whatever the benchmark says, stands in ice_template alone and is
    both; a text has a form of its own for examples beside it, with or without saying so.
    """
    spec = forms.spec
    alone = bool(spec.open_compass and spec.open_compass.ice_template)
    question = _question(forms)
    has_own = spec.prompt.example is not None
    shots = not spec.examples.is_empty
    if has_own or (shots and not alone and not _has_rounds(spec)):
        labelled = _says_the_answer(spec)
        example = _map(forms, forms.example, place=False) if labelled else _cfg(forms.example())
        return {
            "ice_template": _template(example, token=False),
            "prompt_template": _template(question, token=forms.has_place),
        }
    if alone or shots:
        return {"ice_template": _template(question, token=True)}
    return {"prompt_template": _template(question, token=forms.has_place)}


def _question(forms: Forms) -> object:
    conversation = forms.spec.conversation
    if conversation is not None:
        return f"{{{conversation.column}}}"
    return _map(forms, forms.question, place=forms.has_place)


def _template(template: object, *, token: bool) -> Mapping[str, object]:
    held = {"type": _TEMPLATE, "template": template}
    return {**held, "ice_token": _TOKEN} if token else held


def _map(forms: Forms, form: Callable[[str | None], Form], *, place: bool) -> object:
    """A map of labels, where the prompt is one."""
    names = forms.spec.prompt.label_names
    if forms.is_label_map and names:
        return {label: _cfg(form(label), place=place) for label in names}
    key = forms.spec.open_compass.label_key if forms.spec.open_compass else ""
    return {key: _cfg(form(None), place=place)} if key else _cfg(form(None), place=place)


def _cfg(form: Form, *, place: bool = False) -> object:
    if isinstance(form, Text):
        return form.text.replace(EXAMPLES, _TOKEN if place else "")
    begin: list[object] = [*map(_line, form.begin), *[_TOKEN] * place]
    parts = {
        "begin": _TOKEN if begin == [_TOKEN] else begin,
        "round": [_line(line) for line in form.rounds],
        "end": [_line(line) for line in form.end],
    }
    return {name: part for name, part in parts.items() if part or name == "round"}


def _line(line: Line) -> Mapping[str, object]:
    said: dict[str, object] = {"role": line.role, "prompt": line.text}
    return {**said, "fallback_role": line.fallback} if line.fallback else said


def _has_rounds(spec: BenchmarkSpec) -> bool:
    prompt = spec.prompt
    return bool(prompt.rounds or any(held.rounds for held in prompt.label_templates))


def _says_the_answer(spec: BenchmarkSpec) -> bool:
    """Whether examples differ by label."""
    own = spec.prompt.example
    if own is None:
        return True
    place = f"{{{spec.data.output_column}}}"
    return any(place in text for text in (own.text, *(turn.prompt for turn in own.rounds)))


def _retriever(spec: BenchmarkSpec) -> Mapping[str, object]:
    examples = spec.examples
    if examples.is_empty:
        return {"type": f"{_RETRIEVERS}.ZeroRetriever"}
    held: dict[str, object] = {"type": f"{_RETRIEVERS}.{_RETRIEVER_NAMES[examples.retriever]}"}
    if examples.count:
        held["k" if examples.retriever is Retriever.SLIDING_WINDOW else "ice_num"] = examples.count
    if examples.retriever is Retriever.RANDOM and examples.seed != _USUAL_SEED:
        held["seed"] = examples.seed
    return held


def _inferencer(spec: BenchmarkSpec) -> Mapping[str, object]:
    said, likelihood = spec.generation, spec.likelihood
    name = _INFERENCERS[spec.method]
    held: dict[str, object] = {}
    if spec.examples.ids:
        held["fix_id_list"] = spec.examples.ids
    if said.max_new_tokens is not None:
        held["max_out_len"] = said.max_new_tokens
    if said.min_new_tokens:
        held["min_out_len"] = said.min_new_tokens
    if said.stop:
        held["stopping_criteria"] = said.stop
    if spec.method is Method.BITS_PER_CHARACTER:
        held |= {"block_size": likelihood.block_size, "stride": likelihood.stride}
    if spec.conversation is not None:
        held["infer_mode"] = spec.conversation.infer_mode
    held |= {key: _json(key, text) for key, text in _further(spec).items()}
    return {**held, "type": f"{_OPENICL}.icl_inferencer.{held.get('type', name)}"}


def _further(spec: BenchmarkSpec) -> Mapping[str, str]:
    return spec.open_compass.inferencer if spec.open_compass else {}


def _json(key: str, text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidRequest(
            f"openCompass.inferencer.{key} is {text!r}, which is not JSON ({error}): write a text "
            "in quotes, such as '\"SCInferencer\"', and a number without"
        ) from error
