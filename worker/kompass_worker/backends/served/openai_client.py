"""Servers that speak OpenAI's protocol."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from kompass_api.modelendpoint import ModelEndpointSpec
from kompass_api.serving import ServedPath
from kompass_worker.backends.served.asks import Answer, Ask
from kompass_worker.backends.served.http import Http
from kompass_worker.backends.served.openai_protocol import answer_of, request_body
from kompass_worker.backends.served.presets import Preset
from kompass_worker.prompts.requests import Prompt

PATHS: Final = {
    ServedPath.CHAT: "/chat/completions",
    ServedPath.COMPLETIONS: "/completions",
}

Render = Callable[[Prompt], str]
"""A chat template: messages to the text that the model reads."""


@dataclass(frozen=True)
class OpenAIClient:
    """Chat or completions of one model."""

    http: Http
    endpoint: ModelEndpointSpec
    preset: Preset
    render: Render
    """For messages at path Completions."""

    async def ask(self, ask: Ask) -> Answer:
        """One answer."""
        prompt = ask.prompt
        if self.endpoint.served_path is ServedPath.COMPLETIONS:
            prompt = self.render(prompt)
        body = request_body(ask, prompt, self.endpoint, self.preset)
        found = await self.http.post(PATHS[self.endpoint.served_path], body)
        return answer_of(found, ask, self.endpoint)

    async def served_names(self) -> list[str] | None:
        """The ids of the server's model list."""
        return names_in(await self.http.get("/models"), "id")


def names_in(body: dict[str, Any], field: str) -> list[str] | None:
    """The names of a list of models; None where the answer holds none."""
    listed = body.get("data", body.get("models"))
    if not isinstance(listed, list):
        return None
    return [str(one[field]) for one in listed if isinstance(one, dict) and field in one]
