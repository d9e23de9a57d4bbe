"""Busy, broken, hanging and lying servers: what passes is waited for, what stays is said."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest
from contract.served.servers import (
    KEY,
    Failing,
    Reply,
    Request,
    backend,
    echoing,
    models,
    said,
    serving,
)

from kompass_api.outcomes import ExitCode
from kompass_api.results import Prediction
from kompass_worker.backends.served.backend import ServedBackend
from kompass_worker.errors import (
    AccessDenied,
    EndpointUnavailable,
    InputMissing,
    InvalidRequest,
    PromptTooLong,
    WorkerError,
)
from kompass_worker.prompts.requests import (
    Candidate,
    GenerationRequest,
    Group,
    Message,
    ScoringRequest,
)

pytestmark = pytest.mark.timeout(60)


def question(i: int) -> GenerationRequest:
    return GenerationRequest(f"q/{i}", (Message("user", f"question {i}"),), 8)


def answers(held: ServedBackend, count: int = 1) -> list[Prediction]:
    return list(held.answer([Group(tuple(question(i) for i in range(count)))]))


@pytest.mark.parametrize(
    ("replies", "seconds"),
    [
        pytest.param([], 0, id="well-behaved"),
        pytest.param([Reply(429, {}, {"retry-after": "1"})], 1, id="busy"),
        pytest.param([Reply(500), Reply(502, b"<html>")], 1, id="broken"),
        pytest.param([Reply(after_seconds=3)], 1, id="hangs"),
        pytest.param([Reply(body=b'{"choices": [', cut=True)], 0, id="cut"),
        pytest.param([Reply(body=b'{"choices": [')], 0, id="half-a-json"),
        pytest.param([Reply(body=b"<html>login</html>")], 0, id="a-web-page"),
        pytest.param([Reply(body=[1, 2])], 0, id="a-list"),
        pytest.param([Reply(body={"choices": [{"message": 3}]})], 0, id="another-form"),
    ],
)
def test_what_passes_is_waited_for(replies: list[Reply], seconds: float) -> None:
    with serving(Failing(*replies)) as server:
        held = backend(server.url, timeoutSeconds=2, retryDeadlineSeconds=20)
        started = time.monotonic()
        [found] = answers(held)
        assert found.prediction == "question 0"
        assert (found.tokens_in, found.tokens_out, found.finish_reason) == (7, 3, "stop")
        assert time.monotonic() - started >= seconds
        assert len(server.asked) == len(replies) + 1


def test_every_question_is_answered_once_and_no_more_than_allowed_at_a_time() -> None:
    def slow(request: Request) -> Reply:
        found = echoing(request)
        return Reply(found.status, found.body, found.headers, after_seconds=0.02)

    with serving(slow) as server:
        found = answers(backend(server.url, concurrency=3), 24)
        assert {one.item: one.prediction for one in found} == {
            f"q/{i}": f"question {i}" for i in range(24)
        }
        assert len(server.asked) == 24
        assert server.most_at_once == 3


def test_requests_a_minute_are_kept() -> None:
    with serving(echoing) as server:
        held = backend(server.url, requestsPerMinute=240)
        started = time.monotonic()
        answers(held, 10)
        # Four at once, then one every quarter of a second.
        assert time.monotonic() - started >= 1.4


def test_the_key_goes_with_every_request() -> None:
    with serving(echoing) as server:
        answers(backend(server.url, headers=[{"name": "X-Team", "value": "eval"}]), 2)
        assert {one.headers["authorization"] for one in server.requests} == {f"Bearer {KEY}"}
        assert {one.headers["x-team"] for one in server.requests} == {"eval"}


def always(reply: Reply, names: Sequence[str] = ("m",)) -> Failing:
    class Always(Failing):
        def __call__(self, request: Request) -> Reply:
            return models(*names) if request.path.endswith("/models") else reply

    return Always()


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        pytest.param(
            Reply(400, {"error": {"message": "no temperature"}}),
            InvalidRequest,
            ["item q/0", "refuses the request (400): no temperature"],
            id="invalid",
        ),
        pytest.param(
            Reply(400, {"error": {"message": "maximum context length is 10 tokens"}}),
            PromptTooLong,
            ["item q/0", "maximum context length is 10 tokens", "set source"],
            id="too-long",
        ),
        pytest.param(
            Reply(429, {"error": {"code": "insufficient_quota", "message": "pay"}}),
            AccessDenied,
            ["quota is used up (429): pay"],
            id="unpaid",
        ),
        pytest.param(
            Reply(401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}),
            AccessDenied,
            ["refuses the key (401): Incorrect API key provided: [key]", "apiKeySecretRef"],
            id="denied",
        ),
        pytest.param(
            Reply(307, b"", {"location": "http://elsewhere.example.com/v1"}),
            InvalidRequest,
            ["it redirects to http://elsewhere.example.com/v1"],
            id="redirected",
        ),
        pytest.param(
            Reply(503, {"error": "loading"}),
            EndpointUnavailable,
            ["is too busy (503): loading", "what was answered is kept"],
            id="busy-for-ever",
        ),
    ],
)
def test_what_stays_is_said(reply: Reply, error: type[WorkerError], words: list[str]) -> None:
    with serving(always(reply)) as server:
        held = backend(server.url, retryDeadlineSeconds=1)
        with pytest.raises(error) as caught:
            answers(held)
        assert all(one in str(caught.value) for one in words), str(caught.value)
        assert KEY not in str(caught.value)


def test_answers_before_the_failure_are_handed_over() -> None:
    def fails_late(request: Request) -> Reply:
        return Reply(500) if request.question == "question 3" else echoing(request)

    with serving(fails_late) as server:
        held = backend(server.url, retryDeadlineSeconds=0, concurrency=1)
        found = held.answer([Group(tuple(question(i) for i in range(9)))])
        assert [next(found).item for _ in range(3)] == ["q/0", "q/1", "q/2"]
        with pytest.raises(EndpointUnavailable) as caught:
            next(found)
        assert caught.value.exit_code is ExitCode.UNAVAILABLE
        assert caught.value.item == "q/3"


def test_a_filtered_question_is_a_refused_answer() -> None:
    filtered = Reply(400, {"error": {"code": "content_filter", "message": "no"}})
    with serving(Failing(filtered)) as server:
        found = answers(backend(server.url, concurrency=1), 2)
    assert [(one.prediction, one.finish_reason) for one in found] == [
        ("", "content_filter"),
        ("question 1", "stop"),
    ]


@pytest.mark.parametrize(
    "listed",
    [
        pytest.param(models("m"), id="listed"),
        pytest.param(models("another"), id="not-listed-and-served"),
        pytest.param(Reply(404), id="no-list"),
        pytest.param(Reply(500), id="a-broken-list"),
        pytest.param(Reply(403), id="a-list-for-others"),
    ],
)
def test_a_model_that_answers_is_there(listed: Reply) -> None:
    def listing(request: Request) -> Reply:
        return listed if request.path.endswith("/models") else said("hello")

    with serving(listing) as server:
        assert backend(server.url).environment.model_digest == "served:m"


def test_a_model_that_is_not_there_is_named_with_those_that_are() -> None:
    missing = Reply(404, {"error": {"message": "The model does not exist"}})
    with (
        serving(always(missing, ["llama-8b", "m-7b", "other"])) as server,
        pytest.raises(InputMissing, match=r"does not exist; it serves m-7b.*check serving\.model"),
    ):
        backend(server.url)


def test_a_server_that_is_away_is_said_before_anything_is_asked() -> None:
    with serving(echoing) as server:
        url = server.url
    with pytest.raises(EndpointUnavailable, match="does not answer: ConnectError"):
        backend(url, retryDeadlineSeconds=1)


def test_likelihoods_that_a_server_does_not_give_are_refused_before_an_item_is_spent() -> None:
    def plain(request: Request) -> Reply:
        if request.path.endswith("/models"):
            return models("m")
        if request.path.endswith("/tokenize"):
            return Reply(404, {"detail": "Not Found"})
        return Reply(body={"choices": [{"text": "x", "logprobs": None}], "usage": {}})

    request = ScoringRequest("q/0", (Candidate("A", "the item's text"),))
    with serving(plain) as server:
        held = backend(server.url, model_type="Base")
        with pytest.raises(InvalidRequest, match="does not say how likely the tokens"):
            list(held.answer([Group((request,))]))
        assert "the item's text" not in server.asked


def test_closing_ends_what_is_under_way_at_once() -> None:
    def hangs(request: Request) -> Reply:
        found = echoing(request)
        late = 8 if request.question == "question 1" else 0
        return Reply(found.status, found.body, after_seconds=late)

    with serving(hangs) as server:
        held = backend(server.url).answer([Group((question(0), question(1)))])
        assert next(held).item == "q/0"
        started = time.monotonic()
        held.close()  # type: ignore[attr-defined]
        assert time.monotonic() - started < 2
