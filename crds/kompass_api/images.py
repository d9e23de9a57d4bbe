"""References to container images."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kompass_api.rules import Shape

ImageReference = Annotated[
    str,
    Field(min_length=1, max_length=256),
    Shape(
        r"^[a-zA-Z0-9][a-zA-Z0-9._/:@-]*$",
        "image must be an image reference such as registry.example.com/kompass/worker:1.0",
    ),
]
"""An image as a container names it."""
