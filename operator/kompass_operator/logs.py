"""The operator's log: a JSON object a line, what a pass is about in each, and no credentials."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from pythonjsonlogger.json import JsonFormatter

HIDDEN: Final = "[hidden]"

_ABOUT: Final[ContextVar[Mapping[str, str]]] = ContextVar("about", default={})  # noqa: B039
_CREDENTIALS: Final = (
    re.compile(r"(?i)(\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(r"(?i)(\bauthorization['\"]?\s*[:=]\s*['\"]?)(?!bearer|basic)[^\s'\",}]+"),
    re.compile(r"()\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),
    re.compile(r"(?i)(\bx-amz-(?:signature|credential|security-token)=)[^&\s'\"]+"),
    re.compile(
        r"(?i)(['\"]?\b(?:aws_)?(?:secret_access_key|session_token|password|api_key|secretkey)"
        r"['\"]?\s*[:=]\s*['\"]?)[^\s'\",}]+"
    ),
    re.compile(r"(\w://[^/\s:@]*:)[^/\s@]+(?=@)"),
)


@contextmanager
def about(**fields: str) -> Iterator[None]:
    """Every line of the block, and of the tasks that it starts, has these fields."""
    token = _ABOUT.set({**_ABOUT.get(), **fields})
    try:
        yield
    finally:
        _ABOUT.reset(token)


def without_credentials(text: str) -> str:
    """The text with everything hidden that looks like a key, token or signature."""
    for pattern in _CREDENTIALS:
        text = pattern.sub(lambda found: f"{found[1]}{HIDDEN}", text)
    return text


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return without_credentials(value)
    if isinstance(value, Mapping):
        return {key: _clean(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(part) for part in value]
    if value is None or isinstance(value, int | float):
        return value
    return without_credentials(str(value))


class LogLines(JsonFormatter):
    """Adds what the pass is about, and hides credentials whatever the level and the library."""

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """The fields of a line."""
        # Before they are JSON: escaped quotes and line breaks would hide what has to be hidden.
        return {**_ABOUT.get(), **_clean(log_data)}


def configure_logging(level: str) -> None:
    """JSON lines on standard error; what libraries chat about only where they warn."""
    handler = logging.StreamHandler()
    handler.setFormatter(log_lines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    if level != "DEBUG":
        for chatty in ("kopf", "aiohttp.access"):
            logging.getLogger(chatty).setLevel(logging.WARNING)


def log_lines() -> LogLines:
    """The form of a line."""
    return LogLines(
        "%(levelname)s %(name)s %(message)s",
        timestamp=True,
        rename_fields={"levelname": "level"},
    )
