"""A shard's page: how far and how fast, in whole numbers, and nothing of what is asked."""

from __future__ import annotations

import http.client
import json
import socket

import pytest
from prometheus_client.parser import text_string_to_metric_families

from kompass_api.progress import ShardProgress
from kompass_api.results import Prediction
from kompass_worker import measures
from kompass_worker.backends.batches import Batcher
from kompass_worker.inference.pace import Pace
from kompass_worker.inference.page import served
from kompass_worker.inference.progress import both


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def told() -> ShardProgress:
    return ShardProgress(shard=3, done=120, planned=400, items_per_minute=84, eta_seconds=200)


def asked(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def test_pace_is_that_of_the_last_minute() -> None:
    clock = Clock()
    pace = Pace(0, clock)
    assert pace.told() == ShardProgress(shard=0, done=0, planned=0, items_per_minute=0)
    pace(10, 1000)
    for second in range(1, 121):
        clock.now += 1
        pace(10 + second * 2, 1000)
    assert pace.told() == ShardProgress(
        shard=0, done=250, planned=1000, items_per_minute=120, eta_seconds=375
    )


def test_pace_of_a_shard_that_hangs_falls() -> None:
    clock = Clock()
    pace = Pace(0, clock)
    for second in range(61):
        clock.now += 1
        pace(second, 1000)
    clock.now += 540
    told = pace.told()
    assert (told.done, told.items_per_minute) == (60, 0)
    assert told.eta_seconds is not None
    assert told.eta_seconds > 100_000


def test_pace_between_slow_batches_is_that_of_the_last() -> None:
    clock = Clock()
    pace = Pace(0, clock)
    for batch in range(4):
        pace(batch * 100, 1000)
        clock.now += 300
    assert pace.told().items_per_minute == 10


def test_resumed_shard_counts_what_was_done_and_not_its_speed() -> None:
    clock = Clock()
    pace = Pace(0, clock)
    pace(900, 1000)
    clock.now += 60
    pace(910, 1000)
    assert pace.told().items_per_minute == 10


def test_page_tells_progress_as_whole_numbers() -> None:
    with served(told, free_port()) as port:
        assert port is not None
        status, body = asked(port, "/progress")
    assert status == 200
    expected = {"shard": 3, "done": 120, "planned": 400, "itemsPerMinute": 84, "etaSeconds": 200}
    assert json.loads(body) == expected


def test_page_tells_metrics() -> None:
    before = items_answered()
    answer = Prediction(
        item="secret-item",
        prompt_hash="secret-hash",
        prediction="secret answer",
        tokens_in=7,
        tokens_out=2,
        finish_reason="stop",
    )
    measures.answered(answer)
    with served(told, free_port()) as port:
        assert port is not None
        body = asked(port, "/metrics")[1].decode()
    assert items_answered() == before + 1
    assert "kompass_worker_tokens_total" in body
    assert "secret" not in body


def items_answered() -> float:
    return measures.REGISTRY.get_sample_value("kompass_worker_items_total", {"reason": "stop"}) or 0


def test_batches_are_measured() -> None:
    name = "kompass_worker_batch_rows_sum"
    before = measures.REGISTRY.get_sample_value(name) or 0
    list(Batcher(2).run([1, 2, 3], list))
    assert measures.REGISTRY.get_sample_value(name) == before + 3


def test_every_metric_has_the_prefix_and_closed_labels() -> None:
    labels = {"reason", "direction", "stage", "le"}
    for family in measures.REGISTRY.collect():
        assert family.name.startswith(("kompass_worker_", "process_"))
        assert all(set(sample.labels) <= labels for sample in family.samples)


def test_metrics_are_text_that_prometheus_reads() -> None:
    with served(told, free_port()) as port:
        assert port is not None
        body = asked(port, "/metrics")[1].decode()
    names = {family.name for family in text_string_to_metric_families(body)}
    assert {"kompass_worker_items", "kompass_worker_part_items"} <= names


@pytest.mark.parametrize("path", ["/", "/progress/3", "/../etc/passwd", "/metrics?x=1"])
def test_page_has_nothing_else(path: str) -> None:
    with served(told, free_port()) as port:
        assert port is not None
        assert asked(port, path)[0] == 404


def test_slow_reader_holds_up_nobody_for_long() -> None:
    with served(told, free_port()) as port:
        assert port is not None
        with socket.create_connection(("127.0.0.1", port)):
            assert asked(port, "/progress")[0] == 200


def test_port_that_is_taken_is_no_reason_to_stop() -> None:
    port = free_port()
    with served(told, port) as first, served(told, port) as second:
        assert (first, second) == (port, None)


def test_no_port_means_no_page() -> None:
    with served(told, None) as port:
        assert port is None


def test_both_hear_of_every_answer() -> None:
    heard: list[tuple[str, int, int]] = []
    tell = both(
        lambda done, total: heard.append(("first", done, total)),
        lambda done, total: heard.append(("second", done, total)),
    )
    tell(1, 2)
    assert heard == [("first", 1, 2), ("second", 1, 2)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
