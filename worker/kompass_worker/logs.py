"""Log lines: JSON for containers, on standard error."""

from __future__ import annotations

import logging
import sys

from pythonjsonlogger.json import JsonFormatter

# What these say at Info is of no use to a reader of our logs, or shows request headers.
_QUIET = (
    "boto3",
    "botocore",
    "urllib3",
    "httpx",
    "httpx2",
    "httpcore",
    "huggingface_hub",
    "websockets",
    "filelock",
)


def configure(level: str = "INFO") -> None:
    """One JSON object a line; Python's warnings become log lines too."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(json_lines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    quieten_libraries()


def json_lines() -> JsonFormatter:
    """The form of a line."""
    return JsonFormatter(
        "%(asctime)s %(levelname)s %(name)s %(message)s",
        rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
        json_ensure_ascii=False,
    )


def quieten_libraries() -> None:
    """Keep what libraries say for themselves out of our logs."""
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
