"""The way of a notice: a Secret's files, a request or an email, patience, and no redirect."""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Final

import httpx2
import stamina

from kompass_api.notifications import ChannelType, Notice
from kompass_worker.errors import InvalidRequest, NoticeRefused, NoticeUndelivered
from kompass_worker.notices.payloads import letter, refusal
from kompass_worker.notices.texts import plain, title

SECONDS: Final = 15.0
ATTEMPTS: Final = 5
PATIENCE_SECONDS: Final = 120.0
SMTPS_PORT: Final = 465
_LATER: Final = (408, 425, 429, 500, 502, 503, 504)

logger = logging.getLogger(__name__)


class Keys:
    """A Secret, mounted as a folder: a file for each key."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str, default: str = "") -> str:
        """The value, or the default where there is none."""
        try:
            return (self._folder / key).read_text(encoding="utf-8").strip() or default
        except FileNotFoundError:
            return default

    def need(self, key: str) -> str:
        """The value; InvalidRequest where there is none."""
        value = self.get(key)
        if not value:
            held = sorted(file.name for file in self._folder.glob("[!.]*"))
            raise InvalidRequest(
                f"the Secret of the notification has no key {key!r} (it has: "
                f"{', '.join(held) or 'none'})"
            )
        return value


def send(channel: ChannelType, notice: Notice, keys: Keys, *, now: Callable[[], datetime]) -> None:
    """Bring the notice to where it goes; what helps later is tried for two minutes."""
    for attempt in stamina.retry_context(
        on=NoticeUndelivered, attempts=ATTEMPTS, timeout=PATIENCE_SECONDS
    ):
        with attempt:
            if channel is ChannelType.EMAIL:
                _mail(notice, keys)
            else:
                _post(channel, notice, keys, now())
    logger.info("notice was taken", extra={"channel": channel.value, "notice": notice.id})


def _post(channel: ChannelType, notice: Notice, keys: Keys, now: datetime) -> None:
    sent = letter(channel, notice, url=keys.need("url"), secret=keys.get("secret"), now=now)
    try:
        answer = httpx2.post(
            sent.url,
            content=sent.body,
            headers=dict(sent.headers),
            timeout=SECONDS,
            follow_redirects=False,
        )
    except httpx2.InvalidURL as error:
        raise InvalidRequest("the Secret's url is none") from error
    except httpx2.HTTPError as error:
        # The address is a credential for most services: it is not told.
        raise NoticeUndelivered(f"{channel}: no answer ({type(error).__name__})") from None
    why = refusal(answer.status_code, answer.content)
    if not why:
        return
    if answer.status_code in _LATER:
        raise NoticeUndelivered(f"{channel}: {why}")
    raise NoticeRefused(f"{channel} does not take the notice: {why}")


def _mail(notice: Notice, keys: Keys) -> None:
    host, port = keys.need("host"), int(keys.get("port", "587"))
    message = _email(notice, keys)
    try:
        with _connection(host, port) as server:
            if port != SMTPS_PORT and server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
            if keys.get("username"):
                server.login(keys.need("username"), keys.need("password"))
            server.send_message(message)
    except (smtplib.SMTPAuthenticationError, smtplib.SMTPRecipientsRefused) as error:
        raise NoticeRefused(f"{host} does not take the email: {type(error).__name__}") from None
    except (smtplib.SMTPException, OSError) as error:
        raise NoticeUndelivered(f"{host}:{port}: {type(error).__name__}") from error


def _connection(host: str, port: int) -> smtplib.SMTP:
    if port == SMTPS_PORT:
        return smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=ssl.create_default_context())
    server = smtplib.SMTP(host, port, timeout=SECONDS)
    server.ehlo()
    return server


def _email(notice: Notice, keys: Keys) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = " ".join(title(notice).split())[:200]
    message["From"] = keys.need("from")
    message["To"] = keys.need("to")
    message["Message-ID"] = f"<{notice.id}@kompass.dev>"
    message.set_content(plain(notice))
    return message
