"""What a model can be: the words of a ModelEndpoint."""

from __future__ import annotations

from enum import StrEnum


class Backend(StrEnum):
    """What runs the model."""

    HUGGING_FACE = "HuggingFace"
    """Weights that a shard loads."""
    OPENAI = "OpenAI"
    """A server that speaks OpenAI's protocol."""
    ANTHROPIC = "Anthropic"
    GEMINI = "Gemini"
    SPARK = "Spark"
    """XunFei Spark."""

    @property
    def is_served(self) -> bool:
        """Whether the model runs elsewhere and is asked over the network."""
        return self is not Backend.HUGGING_FACE


class ModelType(StrEnum):
    """How a prompt reaches the model: through its chat template, or as plain text."""

    CHAT = "Chat"
    BASE = "Base"


class Device(StrEnum):
    """Where the model computes."""

    CUDA = "CUDA"
    CPU = "CPU"


class DType(StrEnum):
    """Number format of the weights; Auto takes the checkpoint's own."""

    AUTO = "Auto"
    FLOAT32 = "Float32"
    BFLOAT16 = "BFloat16"
    FLOAT16 = "Float16"


class LongPrompt(StrEnum):
    """What happens to a prompt that does not fit even without examples."""

    REFUSE = "Refuse"
    TRUNCATE_LEFT = "TruncateLeft"
    """Its beginning is cut off (`front` in OpenCompass)."""
    TRUNCATE_MIDDLE = "TruncateMiddle"
    """Its middle is cut out (`mid`)."""
    TRUNCATE_RIGHT = "TruncateRight"
    """Its end is cut off (`rear`)."""
