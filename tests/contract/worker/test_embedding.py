"""Neighbours by an embedding model of transformers: the mean of its last hidden states."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from kompass_api.prompts import Examples
from kompass_worker.errors import ModelUnusable
from kompass_worker.fewshot import Corpus, example_ids
from kompass_worker.fewshot.embedding import load_embedding

TEXTS = ("Once upon a time there was a dog.", "A cat sat.", "The dog ran to the park.")

pytestmark = pytest.mark.shared


@pytest.fixture(scope="session")
def folder(shared: Path) -> Path:
    return shared / "models" / "stories260K"


def test_a_text_becomes_the_mean_of_its_states_at_length_one(folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder, dtype=torch.float32)
    with torch.inference_mode():
        states = model(**tokenizer(TEXTS[0], return_tensors="pt")).last_hidden_state[0]
    expected = torch.nn.functional.normalize(states.mean(dim=0), dim=0).numpy()
    (found,) = load_embedding(folder).embed(TEXTS[:1])
    assert np.allclose(found, expected, atol=1e-6)
    assert np.linalg.norm(found) == pytest.approx(1)


def test_a_text_is_the_same_beside_others(folder: Path) -> None:
    embedding = load_embedding(folder)
    together = embedding.embed(TEXTS)
    assert (together[1] == embedding.embed(TEXTS[1:2])[0]).all()


def test_the_nearest_row_of_a_text_is_itself(folder: Path) -> None:
    examples = Examples.model_validate(
        {"retriever": "TopK", "count": 1, "embedding": {"uri": folder.as_uri()}}
    )
    corpus = Corpus("dev.csv", TEXTS)
    found = example_ids(examples, corpus, TEXTS[::-1], load_embedding(folder))
    assert found == [(2,), (1,), (0,)]


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match=r"examples\.embedding: the model in .* does not load"):
        load_embedding(tmp_path)
