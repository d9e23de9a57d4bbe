"""The seam between our requests and a provider's protocol."""

from __future__ import annotations

from typing import Annotated, Protocol

from pydantic import BaseModel, ConfigDict, Field

from kompass_worker.backends.served.asks import Answer, Ask


class Client(Protocol):
    """A server under one name of a model. Every call may raise Trouble."""

    async def ask(self, ask: Ask) -> Answer:
        """One answer."""
        ...

    async def served_names(self) -> list[str] | None:
        """The models that it serves, or None where it does not say."""
        ...


TokenCount = Annotated[int, Field(ge=0, le=2**53)]


class Wire(BaseModel):
    """A part of a server's JSON: what is not read may be there."""

    model_config = ConfigDict(extra="ignore", frozen=True)
