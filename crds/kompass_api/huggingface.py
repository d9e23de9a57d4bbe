"""Backend HuggingFace: how transformers loads a model and its tokenizer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from kompass_api.resources import RuledModel
from kompass_api.rules import cel_text, rule
from kompass_api.sources import HUB_DATA, Source


class Side(StrEnum):
    """An end of a text."""

    LEFT = "Left"
    RIGHT = "Right"


class Attention(StrEnum):
    """What computes attention; Auto leaves it to transformers."""

    AUTO = "Auto"
    EAGER = "Eager"
    SDPA = "Sdpa"
    FLASH = "FlashAttention2"
    FLEX = "FlexAttention"


class OptionKind(StrEnum):
    """What an option's text becomes."""

    TEXT = "text"
    SWITCH = "true or false"


TOKENIZER_OPTIONS: Final[Mapping[str, OptionKind]] = {
    "add_bos_token": OptionKind.SWITCH,
    "add_eos_token": OptionKind.SWITCH,
    "add_prefix_space": OptionKind.SWITCH,
    "bos_token": OptionKind.TEXT,
    "clean_up_tokenization_spaces": OptionKind.SWITCH,
    "eos_token": OptionKind.TEXT,
    "fix_mistral_regex": OptionKind.SWITCH,
    "legacy": OptionKind.SWITCH,
    "pad_token": OptionKind.TEXT,
    "split_special_tokens": OptionKind.SWITCH,
    "unk_token": OptionKind.TEXT,
    "use_fast": OptionKind.SWITCH,
}
"""What `tokenizerOptions` passes on; nothing in it reaches beyond the tokenizer's own files."""

MODEL_OPTIONS: Final[Mapping[str, OptionKind]] = {
    "device_map": OptionKind.TEXT,
    "experts_implementation": OptionKind.TEXT,
    "offload_buffers": OptionKind.SWITCH,
    "tie_word_embeddings": OptionKind.SWITCH,
    "variant": OptionKind.TEXT,
}
"""What `modelOptions` passes on."""

DEVICE_MAPS: Final = ("auto", "balanced", "balanced_low_0", "sequential")

_OptionText = Annotated[str, Field(max_length=256)]
_OptionName = Annotated[str, Field(min_length=1, max_length=63)]
_Options = dict[_OptionName, _OptionText]
_SWITCHES: Final = ("true", "false")


def _passed_on(what: str, known: Mapping[str, OptionKind]) -> str:
    return f"Passed on to the {what}: {', '.join(known)}. Switches are 'true' or 'false'."


def _names(known: Mapping[str, OptionKind]) -> str:
    return f"[{', '.join(map(cel_text, known))}]"


def _switches(known: Mapping[str, OptionKind]) -> str:
    held = [name for name, kind in known.items() if kind is OptionKind.SWITCH]
    return f"[{', '.join(map(cel_text, held))}]"


def _are_known(options: Mapping[str, str], known: Mapping[str, OptionKind]) -> bool:
    return all(name in known for name in options)


def _are_readable(options: Mapping[str, str], known: Mapping[str, OptionKind]) -> bool:
    return all(
        known.get(name) is not OptionKind.SWITCH or value in _SWITCHES
        for name, value in options.items()
    )


class Adapter(RuledModel):
    """Weights that were trained on top of the model's (PEFT: LoRA and its kin)."""

    source: Annotated[
        Source, Field(description="Folder with adapter_config.json and adapter_model.safetensors.")
    ]
    merge: Annotated[
        bool,
        Field(
            description="Add them to the model's weights before anything is computed: faster, and "
            "rounded once in the weights' dtype, so that the last bits differ."
        ),
    ] = False

    @rule(
        f"!self.source.uri.startsWith({cel_text(HUB_DATA)})",
        "adapter.source.uri names a data set: an adapter on the hub is hf://owner/name",
        field=".source.uri",
    )
    def _source_is_no_data_set(self) -> bool:
        return not self.source.uri.startswith(HUB_DATA)


class HuggingFaceOptions(RuledModel):
    """How transformers loads a model and its tokenizer."""

    tokenizer: Annotated[
        Source | None,
        Field(description="Where the tokenizer lies. Left out: with the weights."),
    ] = None
    tokenizer_options: Annotated[
        _Options,
        Field(
            description=_passed_on("tokenizer", TOKENIZER_OPTIONS),
            max_length=len(TOKENIZER_OPTIONS),
        ),
    ] = {}
    model_options: Annotated[
        _Options,
        Field(
            description=_passed_on("model", MODEL_OPTIONS),
            max_length=len(MODEL_OPTIONS),
        ),
    ] = {}
    padding_side: Annotated[
        Side,
        Field(
            description="The tokenizer's own setting. No answer depends on it: a batch is filled "
            "up where the model does not look."
        ),
    ] = Side.LEFT
    truncation_side: Annotated[
        Side | None,
        Field(
            description="The tokenizer's own setting; longPrompt says whether and where a prompt "
            "is cut, and may not say otherwise. Left out: as longPrompt has it, else Left."
        ),
    ] = None
    attention: Annotated[
        Attention,
        Field(description="What computes attention; Auto leaves it to transformers."),
    ] = Attention.AUTO
    adapter: Annotated[
        Adapter | None,
        Field(description="Weights on top of the model's, as save_pretrained of peft wrote them."),
    ] = None

    @property
    def sources(self) -> Iterator[Source]:
        """What has to be fetched besides the model."""
        if self.tokenizer is not None:
            yield self.tokenizer
        if self.adapter is not None:
            yield self.adapter.source

    @rule(
        f"!has(self.tokenizer) || !self.tokenizer.uri.startsWith({cel_text(HUB_DATA)})",
        "tokenizer.uri names a data set: a tokenizer on the hub is hf://owner/name",
        field=".tokenizer.uri",
    )
    def _tokenizer_is_no_data_set(self) -> bool:
        return self.tokenizer is None or not self.tokenizer.uri.startswith(HUB_DATA)

    @rule(
        f"self.tokenizerOptions.all(name, name in {_names(TOKENIZER_OPTIONS)})",
        f"tokenizerOptions may have {', '.join(TOKENIZER_OPTIONS)}: remove the others (paddingSide "
        "and truncationSide are fields of their own, and so is trustRemoteCode)",
        field=".tokenizerOptions",
    )
    def _tokenizer_options_are_known(self) -> bool:
        return _are_known(self.tokenizer_options, TOKENIZER_OPTIONS)

    @rule(
        f"self.tokenizerOptions.all(name, !(name in {_switches(TOKENIZER_OPTIONS)}) || "
        "self.tokenizerOptions[name] in ['true', 'false'])",
        "tokenizerOptions that are switches must be 'true' or 'false'",
        field=".tokenizerOptions",
    )
    def _tokenizer_switches_are_readable(self) -> bool:
        return _are_readable(self.tokenizer_options, TOKENIZER_OPTIONS)

    @rule(
        f"self.modelOptions.all(name, name in {_names(MODEL_OPTIONS)})",
        f"modelOptions may have {', '.join(MODEL_OPTIONS)}: remove the others (dtype, attention "
        "and trustRemoteCode are fields of their own)",
        field=".modelOptions",
    )
    def _model_options_are_known(self) -> bool:
        return _are_known(self.model_options, MODEL_OPTIONS)

    @rule(
        f"self.modelOptions.all(name, !(name in {_switches(MODEL_OPTIONS)}) || "
        "self.modelOptions[name] in ['true', 'false'])",
        "modelOptions that are switches must be 'true' or 'false'",
        field=".modelOptions",
    )
    def _model_switches_are_readable(self) -> bool:
        return _are_readable(self.model_options, MODEL_OPTIONS)

    @rule(
        "!('device_map' in self.modelOptions) || self.modelOptions['device_map'] in "
        f"[{', '.join(map(cel_text, DEVICE_MAPS))}]",
        f"modelOptions device_map must be one of {', '.join(DEVICE_MAPS)}: how the layers are laid "
        "out over gpu.count GPUs",
        field=".modelOptions",
    )
    def _device_map_is_known(self) -> bool:
        return self.model_options.get("device_map", "auto") in DEVICE_MAPS


def option_values(
    options: Mapping[str, str], known: Mapping[str, OptionKind]
) -> dict[str, str | bool]:
    """The options as the library takes them."""
    return {
        name: value == "true" if known[name] is OptionKind.SWITCH else value
        for name, value in options.items()
    }
