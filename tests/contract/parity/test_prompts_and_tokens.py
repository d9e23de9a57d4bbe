"""All prompts and tokens of real rows, against digests of what the peers gave a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kompass_api.modelendpoint import ModelEndpointSpec
from kompass_worker.backends.folders import ModelFolders
from kompass_worker.backends.huggingface_tokenizers import load_tokenizer
from kompass_worker.benchmarks.catalogue import builtin, catalogue, select
from kompass_worker.prompts import asked_subject, fit
from parity.models import MODELS, Model, folder_of
from parity.ours import read_by_the_model
from parity.staging import staged
from parity.suites import SUITES, Suite
from parity.vectors import digest

pytestmark = pytest.mark.shared

VECTORS = Path(__file__).parents[2] / "unit" / "parity" / "vectors"
DIGESTS: dict[str, dict[str, Any]] = json.loads((VECTORS / "digests.json").read_text("utf-8"))
CASES = [
    pytest.param(model, suite, id=f"{model.key}-{suite.benchmark}-{suite.data}")
    for model in MODELS
    for suite in SUITES
    if suite.name in DIGESTS.get(model.key, {})
]


@pytest.mark.parametrize(("model", "suite"), CASES)
def test_every_prompt_and_token_is_the_peer_s(
    model: Model, suite: Suite, shared: Path, tmp_path: Path
) -> None:
    weights = folder_of(model, shared)
    endpoint = ModelEndpointSpec.model_validate(
        {
            "modelType": "Chat" if model.chat else "Base",
            "device": "CPU",
            "source": {"uri": weights.as_uri()},
            "maxSequenceLength": model.max_sequence_length,
            "longPrompt": "TruncateLeft",
        }
    )
    tokenizer = load_tokenizer(ModelFolders.of(weights), endpoint, model.key)
    data = staged(suite.data, suite.shape, data=shared / "data", into=tmp_path)
    spec = builtin(suite.benchmark)
    found = {}
    for subject in select(catalogue(spec, data), suite.subjects):
        asked = asked_subject(suite.benchmark, spec, subject, data, max_new_tokens=16).questions
        read = [
            read_by_the_model(held.question.request(held.examples, endpoint), tokenizer)
            for held in fit(asked, tokenizer, endpoint)
        ]
        prompts = digest([held.prompts for held in read])
        found[subject.name] = [len(read), prompts, digest([held.token_ids for held in read])]
    assert found == DIGESTS[model.key][suite.name]
