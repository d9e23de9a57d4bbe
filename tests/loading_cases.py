"""Right and wrong ways to have transformers load a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from manifest_cases import COMMIT, DIGEST, Wrong


def _options(**given: object) -> dict[str, object]:
    return {f"spec/huggingFace/{name}": value for name, value in given.items()}


BROKEN_RULES: Final[Mapping[str, Wrong]] = {
    "tokenizer-is-a-data-set": Wrong(
        "ModelEndpoint",
        _options(tokenizer={"uri": "hf://datasets/some/rows"}),
        "spec.huggingFace.tokenizer.uri",
        "a tokenizer on the hub is hf://owner/name",
    ),
    "adapter-is-a-data-set": Wrong(
        "ModelEndpoint",
        _options(adapter={"source": {"uri": "hf://datasets/some/rows"}}),
        "spec.huggingFace.adapter.source.uri",
        "an adapter on the hub is hf://owner/name",
    ),
    "tokenizer-option-nobody-knows": Wrong(
        "ModelEndpoint",
        _options(tokenizerOptions={"padding_side": "left"}),
        "spec.huggingFace.tokenizerOptions",
        "tokenizerOptions may have add_bos_token",
    ),
    "tokenizer-switch-is-a-word": Wrong(
        "ModelEndpoint",
        _options(tokenizerOptions={"use_fast": "no"}),
        "spec.huggingFace.tokenizerOptions",
        "must be 'true' or 'false'",
    ),
    "remote-code-among-the-model-s-options": Wrong(
        "ModelEndpoint",
        _options(modelOptions={"trust_remote_code": "true"}),
        "spec.huggingFace.modelOptions",
        "dtype, attention and trustRemoteCode are fields of their own",
    ),
    "remote-code-among-the-tokenizer-s-options": Wrong(
        "ModelEndpoint",
        _options(tokenizerOptions={"trust_remote_code": "true"}),
        "spec.huggingFace.tokenizerOptions",
        "and so is trustRemoteCode",
    ),
    "model-option-nobody-knows": Wrong(
        "ModelEndpoint",
        _options(modelOptions={"torch_dtype": "float16"}),
        "spec.huggingFace.modelOptions",
        "dtype, attention and trustRemoteCode are fields of their own",
    ),
    "model-switch-is-a-word": Wrong(
        "ModelEndpoint",
        _options(modelOptions={"offload_buffers": "1"}),
        "spec.huggingFace.modelOptions",
        "must be 'true' or 'false'",
    ),
    "device-map-is-a-device": Wrong(
        "ModelEndpoint",
        _options(modelOptions={"device_map": "cuda:1"}),
        "spec.huggingFace.modelOptions",
        "device_map must be one of auto",
    ),
    "truncation-side-and-long-prompt-disagree": Wrong(
        "ModelEndpoint",
        {"spec/longPrompt": "TruncateLeft", **_options(truncationSide="Right")},
        "spec.huggingFace.truncationSide",
        "contradicts longPrompt",
    ),
    "remote-code-with-a-tokenizer-that-moves": Wrong(
        "ModelEndpoint",
        {
            "spec/trustRemoteCode": True,
            "spec/source/uri": "hf://some/model",
            "spec/source/revision": COMMIT,
            **_options(tokenizer={"uri": "hf://some/model", "revision": "main"}),
        },
        "spec.huggingFace.tokenizer",
        "trustRemoteCode needs a pinned tokenizer",
    ),
    "served-model-with-options-of-another-backend": Wrong(
        "ModelEndpoint",
        {
            "spec/backend": "OpenAI",
            "spec/serving": {"url": "http://localhost:8000/v1", "model": "some"},
            **_options(attention="Eager"),
        },
        "spec.huggingFace",
        "huggingFace belongs to backend HuggingFace",
    ),
}
"""Broken rules of ours."""

BROKEN_TYPES: Final[Mapping[str, Wrong]] = {
    "attention-of-another-library": Wrong(
        "ModelEndpoint",
        _options(attention="Xformers"),
        "spec.huggingFace.attention",
        "Sdpa",
    ),
    "padding-side-in-the-middle": Wrong(
        "ModelEndpoint", _options(paddingSide="Middle"), "spec.huggingFace.paddingSide", "Left"
    ),
    "stop-word-without-letters": Wrong(
        "ModelEndpoint", {"spec/stopWords": [""]}, "spec.stopWords", "1"
    ),
    "fewer-than-no-tokens": Wrong(
        "ModelEndpoint", {"spec/minNewTokens": -1}, "spec.minNewTokens", "0"
    ),
}
"""What types and bounds refuse."""

ALSO_RIGHT: Final[Mapping[str, tuple[str, Mapping[str, object]]]] = {
    "every-option-of-transformers": (
        "ModelEndpoint",
        {
            "spec/longPrompt": "TruncateMiddle",
            "spec/stopWords": ["<|im_end|>"],
            "spec/minNewTokens": 1,
            **_options(
                tokenizer={"uri": "s3://models/tokenizer", "digest": DIGEST},
                tokenizerOptions={"use_fast": "true", "pad_token": "<pad>"},
                modelOptions={"device_map": "sequential", "tie_word_embeddings": "false"},
                paddingSide="Right",
                truncationSide="Right",
                attention="FlashAttention2",
                adapter={"source": {"uri": "pvc://adapters/lora"}, "merge": True},
            ),
        },
    ),
    "truncation-side-as-long-prompt-has-it": (
        "ModelEndpoint",
        {"spec/longPrompt": "TruncateRight", **_options(truncationSide="Right")},
    ),
}
"""What must be accepted."""
