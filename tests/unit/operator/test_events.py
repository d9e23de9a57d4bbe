"""What `kubectl describe evalrun` tells, and a log that can be followed and gives nothing away."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from unit.operator.world import (
    World,
    applied,
    failure_message,
    plan_message,
    report_message,
)

from kompass_operator.logs import HIDDEN, about, log_lines, without_credentials


def told(world: World) -> list[tuple[str, str]]:
    """Type and reason of every Event, in order."""
    return [
        (held["type"], held["reason"])
        for (kind, _, _), held in world.cluster.objects.items()
        if kind == "Event"
    ]


def message_of(world: World, reason: str) -> str:
    return next(
        str(held["message"])
        for (kind, _, _), held in world.cluster.objects.items()
        if kind == "Event" and held["reason"] == reason
    )


async def test_good_run_tells_its_turns_once() -> None:
    world = applied(execution={"parallelism": 2})
    await world.planned(shards=2)
    world.run_pod("s0")
    await world.settle()
    world.complete("s0")
    world.complete("s1")
    await world.settle()
    world.complete("summarize", report_message())
    await world.settle()
    assert told(world) == [
        ("Normal", "Accepted"),
        ("Normal", "JobsCreated"),
        ("Normal", "AllShardsSucceeded"),
        ("Normal", "EvaluationSucceeded"),
    ]
    assert message_of(world, "JobsCreated") == "2 shards with 10 items; 2 Jobs start"


async def test_attempts_that_fail_together_are_one_event() -> None:
    world = applied(execution={"parallelism": 3})
    await world.planned(shards=3)
    for place in ("s0", "s1", "s2"):
        world.retry(place, 70, failure_message("Internal", f"a bug in {place}"))
    await world.settle()
    assert told(world).count(("Warning", "ShardRetry")) == 1
    assert "and 2 more attempts failed" in message_of(world, "ShardRetry")
    await world.settle()
    assert told(world).count(("Warning", "ShardRetry")) == 1


async def test_storage_that_is_away_is_told_by_name() -> None:
    world = applied()
    await world.planned(shards=1)
    world.retry("s0", 74, failure_message("StorageUnavailable", "no answer from the bucket"))
    await world.settle()
    assert ("Warning", "StorageUnavailable") in told(world)
    assert "no answer from the bucket" in message_of(world, "StorageUnavailable")


async def test_end_of_a_run_is_no_retry() -> None:
    world = applied()
    await world.settle()
    world.fail("plan", 64, failure_message("InvalidRequest", "no such benchmark"))
    await world.settle()
    reasons = [reason for _, reason in told(world)]
    assert "ShardRetry" not in reasons
    assert reasons[-1] == "InvalidSpec"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is logged, at any level."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(log_lines())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield text
    root.removeHandler(handler)
    root.setLevel(level)


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


async def test_lines_of_a_pass_say_what_it_is_about(log: io.StringIO) -> None:
    world = applied(execution={"parallelism": 2})
    await world.settle()
    world.complete("plan", plan_message(2))
    await world.settle()
    created = [line for line in lines(log) if line.get("action") == "CreateJob"]
    assert [(line["stage"], line["shard"]) for line in created] == [
        ("plan", None),
        ("shard", 0),
        ("shard", 1),
    ]
    uid = world.job("s0")["metadata"]["ownerReferences"][0]["uid"]
    for line in created:
        assert (line["run"], line["namespace"], line["uid"]) == ("demo", "team", uid)
    passes = [line["reconcileID"] for line in created]
    assert passes[1] == passes[2] != passes[0]


def test_fields_end_with_their_block(log: io.StringIO) -> None:
    with about(run="demo"), about(reconcileID="1"):
        logging.getLogger("x").info("within")
    logging.getLogger("x").info("after")
    within, after = lines(log)
    assert (within["run"], within["reconcileID"]) == ("demo", "1")
    assert "run" not in after


SECRETS = [
    pytest.param("Authorization: Bearer abcdefgh12345678", "abcdefgh12345678", id="bearer"),
    pytest.param("{'authorization': 'abc123secret'}", "abc123secret", id="header"),
    pytest.param(
        "token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzeXN0ZW0ifQ.c2lnbmF0dXJl", "c2lnbmF0dXJl", id="jwt"
    ),
    pytest.param("GET https://s3/x?X-Amz-Signature=deadbeef&a=1", "deadbeef", id="signed-url"),
    pytest.param("AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI", "wJalrXUtnFEMI", id="key"),
    pytest.param('{"password": "hunter2"}', "hunter2", id="json"),
    pytest.param("https://user:hunter2@proxy:3128/", "hunter2", id="url"),
]


@pytest.mark.parametrize(("text", "secret"), SECRETS)
@pytest.mark.parametrize("level", [logging.DEBUG, logging.INFO, logging.ERROR])
def test_credentials_are_in_no_line_of_any_level(
    log: io.StringIO, level: int, text: str, secret: str
) -> None:
    logging.getLogger("kubernetes.client.rest").log(level, "answer: %s", text, extra={"url": text})
    try:
        json.loads(f"{text} is no number")
    except ValueError as trouble:
        trouble.add_note(text)
        logging.getLogger("x").exception("failed")
    assert secret not in log.getvalue()
    assert HIDDEN in log.getvalue()
    assert all(lines(log))


def test_plain_text_stays_as_it_is() -> None:
    text = "shard 3 of run demo: s3://bucket/runs/demo, basic model, password rules"
    assert without_credentials(text) == text
