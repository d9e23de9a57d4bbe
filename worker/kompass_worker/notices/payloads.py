"""A notice as each service wants it: body, signature and the answer that means "taken". Pure.

Sources: the services' pages on custom bots and incoming webhooks (Feishu "custom bot guide", Slack
"incoming webhooks", DingTalk "custom robot access", WeCom "group robot configuration").
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote_plus, urlsplit

from kompass_api.notifications import ChannelType, Notice
from kompass_worker.notices.texts import lines, plain, title

WECOM_BYTES: Final = 4096
LONGEST: Final = 12_000
"""Characters of a text; Feishu takes 20 KB, Slack 40,000 characters."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Letter:
    """A request to make."""

    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def letter(channel: ChannelType, notice: Notice, *, url: str, secret: str, now: datetime) -> Letter:
    """The request that brings the notice to a service."""
    if channel is ChannelType.FEISHU:
        return _letter(url, {**_feishu(notice), **_feishu_signature(secret, now)})
    if channel is ChannelType.SLACK:
        return _letter(url, _slack(notice))
    if channel is ChannelType.DINGTALK:
        return _letter(_dingtalk_url(url, secret, now), _dingtalk(notice))
    if channel is ChannelType.WECOM:
        return _letter(url, _wecom(notice))
    return _webhook(url, notice, secret)


def refusal(status: int, body: bytes) -> str:
    """Why a service did not take the notice; empty where it did.

    Feishu, DingTalk and WeCom answer 200 and say in the body what is wrong.
    """
    said = body[:300].decode(errors="replace")
    if not 200 <= status < 300:  # noqa: PLR2004  (HTTP)
        return f"{status} {said}"
    try:
        answer = json.loads(body)
    except ValueError:
        return ""
    codes = [answer.get(key) for key in ("code", "StatusCode", "errcode")] if _is(answer) else []
    return said if any(code not in (None, 0) for code in codes) else ""


def _letter(url: str, body: Json, headers: Mapping[str, str] | None = None) -> Letter:
    content = json.dumps(body, ensure_ascii=False).encode()
    return Letter(url, content, {"Content-Type": "application/json", **(headers or {})})


def _feishu(notice: Notice) -> Json:
    rows: list[list[Json]] = [[{"tag": "text", "text": line}] for line in lines(notice)]
    if _is_link(notice.report):
        rows.append([{"tag": "a", "text": "report", "href": notice.report}])
    elif notice.report:
        rows.append([{"tag": "text", "text": f"report: {notice.report}"}])
    content = {"title": title(notice), "content": rows}
    return {"msg_type": "post", "content": {"post": {"en_us": content, "zh_cn": content}}}


def _feishu_signature(secret: str, now: datetime) -> Json:
    """Feishu signs nothing, with the stamp, a line break and the secret as the key."""
    if not secret:
        return {}
    stamp = str(int(now.timestamp()))
    digest = hmac.new(f"{stamp}\n{secret}".encode(), b"", hashlib.sha256).digest()
    return {"timestamp": stamp, "sign": base64.b64encode(digest).decode()}


def _slack(notice: Notice) -> Json:
    heading = html.escape(title(notice), quote=False)
    text = html.escape("\n".join(lines(notice))[:LONGEST], quote=False)
    link = f"<{notice.report}|report>" if _is_link(notice.report) else notice.report
    parts = [part for part in (f"*{heading}*", text, link) if part]
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "\n".join(parts)[:3000]}}
    return {"text": heading, "blocks": [section]}


def _dingtalk(notice: Notice) -> Json:
    return {
        "msgtype": "markdown",
        "markdown": {"title": title(notice), "text": _markdown(notice)[:LONGEST]},
    }


def _dingtalk_url(url: str, secret: str, now: datetime) -> str:
    """DingTalk signs stamp, line break and secret with the secret, all in the address."""
    if not secret:
        return url
    stamp = str(int(now.timestamp() * 1000))
    digest = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
    return f"{url}&timestamp={stamp}&sign={quote_plus(base64.b64encode(digest))}"


def _wecom(notice: Notice) -> Json:
    text = _markdown(notice).encode()[:WECOM_BYTES].decode(errors="ignore")
    return {"msgtype": "markdown", "markdown": {"content": text}}


def _webhook(url: str, notice: Notice, secret: str) -> Letter:
    body = notice.model_dump(mode="json", by_alias=True)
    plain_letter = _letter(url, {**body, "text": plain(notice)}, {"Idempotency-Key": notice.id})
    if not secret:
        return plain_letter
    digest = hmac.new(secret.encode(), plain_letter.body, hashlib.sha256).hexdigest()
    signed = {**plain_letter.headers, "X-Kompass-Signature-256": f"sha256={digest}"}
    return Letter(url, plain_letter.body, signed)


def _markdown(notice: Notice) -> str:
    link = f"[report]({notice.report})" if _is_link(notice.report) else notice.report
    listed = [f"- {_unmarked(line)}" for line in lines(notice)]
    return "\n".join([f"### {_unmarked(title(notice))}", "", *listed, "", link]).strip()


def _unmarked(text: str) -> str:
    """Text whose signs mean nothing: it may come from a model or a server."""
    for sign in "\\`*_[]<>#":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())


def _is_link(place: str) -> bool:
    return urlsplit(place).scheme in ("http", "https")


def _is(answer: object) -> bool:
    return isinstance(answer, dict)
