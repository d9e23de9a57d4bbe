"""What a model endpoint says of loading reaches transformers, or is refused in words."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tiny_models import Plain, asked, endpoint, loaded

from kompass_api.rundocument import ResolvedModel
from kompass_api.sources import S3Connection
from kompass_worker.backends import huggingface_scoring
from kompass_worker.backends.folders import ModelFolders
from kompass_worker.backends.huggingface_tokenizers import load_tokenizer
from kompass_worker.backends.models import FetchedModels
from kompass_worker.credentials import Credentials
from kompass_worker.errors import InvalidRequest, ModelUnusable
from kompass_worker.prompts.requests import (
    Candidate,
    GenerationRequest,
    Message,
    ScoringRequest,
)
from kompass_worker.sources.fetching import Fetcher

pytestmark = [
    pytest.mark.shared,
    # peft reads a name that transformers retires.
    pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning"),
]

CITIES = ("日本", "法国", "埃及", "德国")


@pytest.fixture
def folder(shared: Path, tmp_path: Path) -> Path:
    """A copy of a tiny model that may be changed."""
    copy = tmp_path / "model"
    shutil.copytree(shared / "models" / "tiny-mc", copy)
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o755)
    return copy


def scored() -> ScoringRequest:
    texts = [f"{city}的首都是{end}" for city in CITIES for end in ("东京", "开罗的巴黎")]
    return ScoringRequest("i", tuple(Candidate(text, text) for text in texts))


def with_template(folder: Path, template: str) -> None:
    (folder / "chat_template.jinja").write_text(template)


# ---- chat templates ----------------------------------------------------------------------------


def test_a_template_that_refuses_says_why(folder: Path) -> None:
    with_template(folder, "{{ raise_exception('roles must alternate') }}")
    tokenizer = load_tokenizer(ModelFolders.of(folder), endpoint(folder, modelType="Chat"), "m")
    with pytest.raises(InvalidRequest, match="roles must alternate") as caught:
        tokenizer.rendered((Message("system", "s"), Message("user", "u")))
    assert "system/user" in str(caught.value)


def test_a_template_that_is_no_template_says_why(folder: Path) -> None:
    with_template(folder, "{% if %}")
    tokenizer = load_tokenizer(ModelFolders.of(folder), endpoint(folder, modelType="Chat"), "m")
    with pytest.raises(InvalidRequest, match="chat template refuses the messages user"):
        tokenizer.rendered((Message("user", "u"),))


def test_a_template_is_given_what_the_endpoint_says(folder: Path) -> None:
    with_template(folder, "{{ tone }}{% if enable_thinking %}<think>{% endif %}")
    given = endpoint(
        folder,
        modelType="Chat",
        chatTemplate={"arguments": {"tone": "kind"}, "flags": {"enable_thinking": True}},
    )
    tokenizer = load_tokenizer(ModelFolders.of(folder), given, "m")
    assert tokenizer.rendered((Message("user", "u"),)) == "kind<think>"


# ---- tokenizers --------------------------------------------------------------------------------


def test_a_tokenizer_may_lie_elsewhere(folder: Path, shared: Path) -> None:
    other = shared / "models" / "stories260K"
    folders = ModelFolders(folder, other)
    given = endpoint(folder, huggingFace={"tokenizer": {"uri": other.as_uri()}})
    (ids,) = load_tokenizer(folders, given, "m").encode(["Once upon a time"])
    assert ids == Plain(other).ids("Once upon a time")


def test_options_reach_the_tokenizer(folder: Path) -> None:
    options = {"pad_token": "A", "eos_token": "B"}
    given = endpoint(
        folder,
        longPrompt="TruncateRight",
        huggingFace={"tokenizerOptions": options, "paddingSide": "Right"},
    )
    held = load_tokenizer(ModelFolders.of(folder), given, "m").tokenizer
    assert (held.pad_token, held.eos_token) == ("A", "B")
    assert (held.padding_side, held.truncation_side) == ("right", "right")


def test_no_answer_depends_on_the_padding_side(folder: Path) -> None:
    requests = [
        GenerationRequest(f"{i}", f"{city}的首都是" * (1 + i % 3), 6)
        for i, city in enumerate(CITIES)
    ]
    left, right = (
        asked(loaded(folder, huggingFace={"paddingSide": side}), *requests, scored())
        for side in ("Left", "Right")
    )
    assert left == right


# ---- models ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attention", "found"),
    [pytest.param("Eager", "eager", id="eager"), pytest.param("Sdpa", "sdpa", id="sdpa")],
)
def test_attention_is_computed_as_told(folder: Path, attention: str, found: str) -> None:
    backend = loaded(folder, huggingFace={"attention": attention})
    assert backend.scorer.model.config._attn_implementation == found
    (told,), (auto,) = asked(backend, scored()), asked(loaded(folder), scored())
    assert [one.nll for one in told.scores] == pytest.approx(
        [one.nll for one in auto.scores], abs=1e-5
    )


def test_attention_that_is_not_installed_is_said(folder: Path) -> None:
    with pytest.raises(ModelUnusable, match=r"(?i)flash"):
        loaded(folder, huggingFace={"attention": "FlashAttention2"})


# ---- memory ------------------------------------------------------------------------------------


def test_logits_are_computed_a_few_at_a_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = loaded(folder)
    assert backend.scorer.is_plain
    (whole,) = asked(backend, scored())
    vocabulary = backend.scorer.model.config.vocab_size
    monkeypatch.setitem(huggingface_scoring.LOGITS_AT_A_TIME, "cpu", 3 * vocabulary)
    rows: list[int] = []
    head = backend.scorer.model.get_output_embeddings()  # type: ignore[no-untyped-call]
    head.register_forward_hook(lambda _, given, made: rows.append(made.shape[0]))
    (parts,) = asked(backend, scored())
    assert max(rows) == 3
    assert [one.nll for one in parts.scores] == pytest.approx(
        [one.nll for one in whole.scores], abs=1e-6
    )


def test_the_long_way_round_gives_the_same(folder: Path) -> None:
    backend = loaded(folder)
    longer = replace(backend, scorer=replace(backend.scorer, is_plain=False))
    (short,), (long,) = asked(backend, scored()), asked(longer, scored())
    assert [one.nll for one in short.scores] == pytest.approx(
        [one.nll for one in long.scores], abs=1e-6
    )


def test_a_model_that_bends_its_logits_is_not_plain() -> None:
    from transformers import Gemma2Config, Gemma2ForCausalLM

    sizes = {"vocab_size": 32, "hidden_size": 16, "intermediate_size": 16, "head_dim": 8}
    layers = {"num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1}
    torch.manual_seed(0)
    config = Gemma2Config(**sizes, **layers, final_logit_softcapping=0.1)  # type: ignore[arg-type]
    assert not huggingface_scoring.scorer_of(Gemma2ForCausalLM(config)).is_plain


# ---- adapters ----------------------------------------------------------------------------------


@pytest.fixture
def adapter(folder: Path, tmp_path: Path) -> Path:
    """A LoRA adapter whose weights are not zero."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    config = LoraConfig(r=2, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    made = tmp_path / "adapter"
    get_peft_model(model, config).save_pretrained(str(made))
    return made


def nlls(folder: Path, adapter: Path | None = None, *, merge: bool = False) -> list[float]:
    options = {"adapter": {"source": {"uri": adapter.as_uri()}, "merge": merge}} if adapter else {}
    (prediction,) = asked(loaded(folder, adapter, huggingFace=options), scored())
    return [one.nll for one in prediction.scores]


def test_an_adapter_changes_the_model_merged_or_not(folder: Path, adapter: Path) -> None:
    from peft import PeftModel

    plain = Plain(folder)
    plain.model = PeftModel.from_pretrained(plain.model, str(adapter))
    ids = [plain.ids(candidate.text) for candidate in scored().candidates]
    expected = [sum(plain.nlls(one)) / len(one) for one in ids]
    assert nlls(folder, adapter) == pytest.approx(expected, abs=1e-4)
    assert nlls(folder, adapter, merge=True) == pytest.approx(expected, abs=1e-4)
    assert nlls(folder) != pytest.approx(expected, abs=1e-2)


def test_an_adapter_is_part_of_what_a_number_rests_on(folder: Path, adapter: Path) -> None:
    options = {"adapter": {"source": {"uri": adapter.as_uri()}}}
    environment = loaded(folder, adapter, huggingFace=options).environment
    assert (environment.adapter_digest or "").startswith("sha256:")
    assert "peft" in environment.packages
    assert loaded(folder).environment.adapter_digest is None


def test_all_parts_of_a_model_are_fetched_and_put_together(
    folder: Path, adapter: Path, shared: Path, tmp_path: Path
) -> None:
    fetcher = Fetcher(
        cache=tmp_path / "cache",
        pvc_root=tmp_path / "volumes",
        credentials=Credentials({}),
        storage=S3Connection(),
        patience_seconds=1,
    )
    other = tmp_path / "tokenizer"
    shutil.copytree(shared / "models" / "tiny-mc", other)
    for path in folder.glob("tokenizer*"):
        path.unlink()
    options = {
        "tokenizer": {"uri": other.as_uri()},
        "adapter": {"source": {"uri": adapter.as_uri()}},
    }
    model = ResolvedModel(name="m", spec=endpoint(folder, huggingFace=options))
    models = FetchedModels(fetcher, image=None, clock=lambda: 0.0)
    (prediction,) = asked(models.load(model).backend, scored())
    assert [one.nll for one in prediction.scores] == nlls(shared / "models" / "tiny-mc", adapter)
    assert models.tokenizer(model).count(["日本"]) == [len(Plain(other).ids("日本"))]


def without_config(adapter: Path) -> None:
    (adapter / "adapter_config.json").unlink()


def pickled(adapter: Path) -> None:
    weights = adapter / "adapter_model.safetensors"
    weights.rename(adapter / "adapter_model.bin")


def of_another_model(adapter: Path) -> None:
    path = adapter / "adapter_config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps({**config, "target_modules": ["no_such_module"]}))


def half(adapter: Path) -> None:
    from safetensors.torch import load_file, save_file

    path = adapter / "adapter_model.safetensors"
    tensors = load_file(path)
    save_file({name: held for name, held in tensors.items() if "v_proj" not in name}, path)


def of_tokens(adapter: Path) -> None:
    config = {"peft_type": "PROMPT_TUNING", "task_type": "CAUSAL_LM", "num_virtual_tokens": 2}
    (adapter / "adapter_config.json").write_text(json.dumps(config))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        pytest.param(without_config, "has no adapter_config.json", id="without-configuration"),
        pytest.param(pickled, r"found: adapter_model.bin\); only safetensors", id="pickled"),
        pytest.param(of_another_model, "was it trained on this model", id="of-another-model"),
        pytest.param(half, "is not whole", id="half-of-it"),
        pytest.param(of_tokens, "writes tokens before every prompt", id="prompt-tuning"),
    ],
)
def test_an_adapter_that_does_not_fit_is_refused(
    folder: Path, adapter: Path, spoil: object, words: str
) -> None:
    assert callable(spoil)
    spoil(adapter)
    with pytest.raises(ModelUnusable, match=words):
        nlls(folder, adapter)
