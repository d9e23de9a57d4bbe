"""Messages as the services want them: signatures, tries, refusals, and no secrets told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import stamina

from kompass_api.notifications import ChannelType, Notice, RunEnd
from kompass_api.status import HeadlineScore
from kompass_worker.errors import InvalidRequest, NoticeRefused, NoticeUndelivered
from kompass_worker.main import read_notice
from kompass_worker.notices.payloads import letter, refusal
from kompass_worker.notices.sending import Keys, send
from kompass_worker.notices.texts import plain, title

Object = dict[str, Any]
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
POSTED = [channel for channel in ChannelType if channel is not ChannelType.EMAIL]


def notice(**changes: Any) -> Notice:
    score = HeadlineScore(
        benchmark="ceval", model="m", metric="accuracy", mode="gen", value="61.54", n=10
    )
    given = {
        "id": "uid-1",
        "namespace": "team",
        "run": "demo",
        "end": RunEnd.SUCCEEDED,
        "reason": "EvaluationSucceeded",
        "message": "the report is published",
        "report": "https://reports.example.com/demo",
        "headline": [score],
    }
    return Notice(**{**given, **changes})


def body_of(channel: ChannelType, told: Notice, secret: str = "") -> Object:
    sent = letter(channel, told, url="https://hook/x?a=1", secret=secret, now=NOW)
    found: Object = json.loads(sent.body)
    return found


def test_title_says_how_it_ended_and_the_first_number() -> None:
    assert title(notice()) == "team/demo succeeded: ceval accuracy 61.54"
    failed = notice(end=RunEnd.FAILED, reason="ModelLoadFailed", message="no weights")
    assert title(failed) == "team/demo failed: ModelLoadFailed"
    assert plain(failed).splitlines()[1] == "no weights"


def test_feishu_gets_a_post_with_a_link() -> None:
    body = body_of(ChannelType.FEISHU, notice())
    post = body["content"]["post"]["zh_cn"]
    assert body["msg_type"] == "post"
    assert post["title"].startswith("team/demo succeeded")
    assert post["content"][-1] == [
        {"tag": "a", "text": "report", "href": "https://reports.example.com/demo"}
    ]


def test_feishu_is_signed_with_the_stamp_and_secret_as_key() -> None:
    body = body_of(ChannelType.FEISHU, notice(), secret="demo")
    assert body["timestamp"] == str(int(NOW.timestamp()))
    key = f"{body['timestamp']}\ndemo".encode()
    expected = base64.b64encode(hmac.new(key, digestmod=hashlib.sha256).digest()).decode()
    assert body["sign"] == expected


def test_dingtalk_is_signed_in_its_address() -> None:
    url = "https://oapi.dingtalk.com/robot/send?access_token=t"
    sent = letter(ChannelType.DINGTALK, notice(), url=url, secret="SECx", now=NOW)
    asked = parse_qs(urlsplit(sent.url).query)
    stamp = str(int(NOW.timestamp() * 1000))
    text = f"{stamp}\nSECx".encode()
    expected = base64.b64encode(hmac.new(b"SECx", text, hashlib.sha256).digest()).decode()
    assert asked == {"access_token": ["t"], "timestamp": [stamp], "sign": [expected]}
    assert json.loads(sent.body)["msgtype"] == "markdown"


def test_slack_gets_escaped_text_and_a_link() -> None:
    failed = notice(end=RunEnd.FAILED, reason="X", message="<!channel> & co")
    text = body_of(ChannelType.SLACK, failed)["blocks"][0]["text"]["text"]
    assert "&lt;!channel&gt; &amp; co" in text
    assert "<https://reports.example.com/demo|report>" in text


def test_wecom_takes_no_more_than_it_can() -> None:
    failed = notice(end=RunEnd.FAILED, reason="X", message="错" * 5000)
    content = body_of(ChannelType.WECOM, failed)["markdown"]["content"]
    assert len(content.encode()) <= 4096


def test_markdown_of_a_message_means_nothing() -> None:
    failed = notice(end=RunEnd.FAILED, reason="X", message="[click](http://evil) **now**")
    text = body_of(ChannelType.DINGTALK, failed)["markdown"]["text"]
    assert "\\[click\\](http://evil) \\*\\*now\\*\\*" in text


def test_webhook_is_json_that_can_be_checked() -> None:
    sent = letter(ChannelType.WEBHOOK, notice(), url="https://hook", secret="s", now=NOW)
    body = json.loads(sent.body)
    assert (body["run"], body["end"], body["headline"][0]["value"]) == (
        "demo",
        "Succeeded",
        "61.54",
    )
    expected = hmac.new(b"s", sent.body, hashlib.sha256).hexdigest()
    assert sent.headers["X-Kompass-Signature-256"] == f"sha256={expected}"
    assert sent.headers["Idempotency-Key"] == "uid-1"


@pytest.mark.parametrize("channel", POSTED)
def test_place_that_is_no_link_is_text(channel: ChannelType) -> None:
    sent = letter(
        channel, notice(report="s3://bucket/demo/report"), url="https://x", secret="", now=NOW
    )
    assert b"s3://bucket/demo/report" in sent.body
    assert b'"href"' not in sent.body
    assert b"<s3://" not in sent.body


@pytest.mark.parametrize(
    ("status", "body", "refused"),
    [
        pytest.param(200, b"ok", False, id="slack"),
        pytest.param(204, b"", False, id="empty"),
        pytest.param(200, b'{"code":0,"msg":"success"}', False, id="feishu"),
        pytest.param(200, b'{"StatusCode":0}', False, id="feishu-old"),
        pytest.param(200, b'{"code":19021,"msg":"sign match fail"}', True, id="feishu-signature"),
        pytest.param(200, b'{"errcode":0,"errmsg":"ok"}', False, id="dingtalk"),
        pytest.param(200, b'{"errcode":310000,"errmsg":"keywords"}', True, id="dingtalk-words"),
        pytest.param(302, b"", True, id="redirect"),
        pytest.param(404, b"no_team", True, id="gone"),
    ],
)
def test_answers_are_understood(status: int, body: bytes, refused: bool) -> None:
    assert bool(refusal(status, body)) is refused


class Receiver:
    """Takes messages on loopback, answering as it is told, the last answer again and again."""

    def __init__(self, answers: list[tuple[int, bytes]]) -> None:
        self.answers = answers
        self.received: list[bytes] = []

    def handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                receiver.received.append(self.rfile.read(length))
                answers = receiver.answers
                status, body = answers.pop(0) if len(answers) > 1 else answers[0]
                self.send_response(status)
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@contextmanager
def receiving(answers: list[tuple[int, bytes]], keys: Path) -> Iterator[Receiver]:
    receiver = Receiver(answers)
    server = HTTPServer(("127.0.0.1", 0), receiver.handler())
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    (keys / "url").write_text(f"http://127.0.0.1:{server.server_port}/hook/very-secret-token\n")
    (keys / "secret").write_text("signing-secret")
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def impatient() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3):
        yield


def now() -> datetime:
    return NOW


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("channel", POSTED)
def test_message_arrives(channel: ChannelType, tmp_path: Path) -> None:
    with receiving([(200, b"{}")], tmp_path) as receiver:
        send(channel, notice(), Keys(tmp_path), now=now)
    assert len(receiver.received) == 1
    assert b"61.54" in receiver.received[0]


@pytest.mark.usefixtures("impatient")
def test_service_that_is_busy_is_asked_again(tmp_path: Path) -> None:
    answers = [(503, b"busy"), (429, b"slow down"), (200, b"ok")]
    with receiving(answers, tmp_path) as receiver:
        send(ChannelType.SLACK, notice(), Keys(tmp_path), now=now)
    assert len(receiver.received) == 3


@pytest.mark.usefixtures("impatient")
def test_service_that_stays_away_is_the_jobs_to_try_again(tmp_path: Path) -> None:
    with (
        receiving([(500, b"broken")], tmp_path) as receiver,
        pytest.raises(NoticeUndelivered, match="broken") as ended,
    ):
        send(ChannelType.SLACK, notice(), Keys(tmp_path), now=now)
    assert len(receiver.received) == 3
    assert ended.value.exit_code == 75


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((404, b"no_service"), id="wrong-address"),
        pytest.param((200, b'{"code":19021,"msg":"sign match fail"}'), id="wrong-secret"),
        pytest.param((302, b"moved"), id="redirect"),
    ],
)
def test_service_that_refuses_is_asked_once(answer: tuple[int, bytes], tmp_path: Path) -> None:
    with receiving([answer], tmp_path) as receiver, pytest.raises(NoticeRefused) as ended:
        send(ChannelType.FEISHU, notice(), Keys(tmp_path), now=now)
    assert len(receiver.received) == 1
    assert ended.value.exit_code == 78
    assert "secret" not in str(ended.value)


@pytest.mark.usefixtures("impatient")
def test_address_is_told_to_nobody(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("http://127.0.0.1:1/hook/very-secret-token")
    with pytest.raises(NoticeUndelivered) as ended:
        send(ChannelType.SLACK, notice(), Keys(tmp_path), now=now)
    assert "very-secret-token" not in str(ended.value)


def test_secret_without_its_key_says_which(tmp_path: Path) -> None:
    (tmp_path / "uri").write_text("x")
    with pytest.raises(InvalidRequest, match=r"no key 'url' \(it has: uri\)"):
        send(ChannelType.SLACK, notice(), Keys(tmp_path), now=now)


def test_notice_of_another_version_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="KOMPASS_NOTICE"):
        read_notice("{}")
    assert read_notice(notice().model_dump_json(by_alias=True)) == notice()


class MailServer(threading.Thread):
    """As much of SMTP as a message needs."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        self.lines: list[str] = []

    def run(self) -> None:
        connection, _ = self.socket.accept()
        with connection, connection.makefile("rwb") as stream:
            stream.write(b"220 mail\r\n")
            stream.flush()
            reading = False
            for raw in stream:
                line = raw.decode().rstrip("\r\n")
                self.lines.append(line)
                if reading and line != ".":
                    continue
                reading = line.upper() == "DATA"
                quitting = line.upper() == "QUIT"
                answer = b"354 go on" if reading else b"221 bye" if quitting else b"250 fine"
                stream.write(answer + b"\r\n")
                stream.flush()
                if quitting:
                    return


@pytest.mark.usefixtures("impatient")
def test_email_arrives(tmp_path: Path) -> None:
    server = MailServer()
    server.start()
    values = {"host": "127.0.0.1", "port": str(server.port), "from": "k@x.org", "to": "team@x.org"}
    for key, value in values.items():
        (tmp_path / key).write_text(value)
    send(ChannelType.EMAIL, notice(), Keys(tmp_path), now=now)
    server.join(5)
    server.socket.close()
    text = "\n".join(server.lines)
    assert "rcpt TO:<team@x.org>" in text
    assert "Subject: team/demo succeeded: ceval accuracy 61.54" in text
    assert "Message-ID: <uid-1@kompass.dev>" in text


@pytest.mark.usefixtures("impatient")
def test_mail_server_that_is_away_is_tried_again(tmp_path: Path) -> None:
    for key, value in {"host": "127.0.0.1", "port": "1", "from": "a@x", "to": "b@x"}.items():
        (tmp_path / key).write_text(value)
    with pytest.raises(NoticeUndelivered, match=r"127\.0\.0\.1:1"):
        send(ChannelType.EMAIL, notice(), Keys(tmp_path), now=now)
