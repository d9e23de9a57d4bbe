"""The signature in the address of XunFei Spark's WebSocket. Pure.

HMAC-SHA256 over host, date and request line, as the service's documentation has it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime
from email.utils import format_datetime
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit


class SparkKeys(NamedTuple):
    """What a request is signed with."""

    app_id: str
    api_key: str
    api_secret: str

    def __repr__(self) -> str:
        return "SparkKeys(...)"


def signed_url(url: str, keys: SparkKeys, when: datetime) -> str:
    """The address with its signature, which holds for a few minutes; `when` is UTC."""
    parts = urlsplit(url)
    date = format_datetime(when, usegmt=True)
    signed = f"host: {parts.netloc}\ndate: {date}\nGET {parts.path} HTTP/1.1"
    digest = hmac.new(keys.api_secret.encode(), signed.encode(), hashlib.sha256).digest()
    authorization = (
        f'api_key="{keys.api_key}", algorithm="hmac-sha256", headers="host date request-line", '
        f'signature="{base64.b64encode(digest).decode()}"'
    )
    query = {
        "authorization": base64.b64encode(authorization.encode()).decode(),
        "date": date,
        "host": parts.netloc,
    }
    return f"{url}?{urlencode(query)}"
