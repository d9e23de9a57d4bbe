"""Who is told of a run's end: once for all that is known, again where it is not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from unit.operator.world import (
    NAMESPACE,
    World,
    applied,
    failure_message,
    plan_message,
    report_message,
)

from kompass_api.notifications import ChannelType, Notice, Notification
from kompass_api.resources import ObjectMeta
from kompass_api.status import EvalRunStatus
from kompass_operator.cluster import Unavailable
from kompass_operator.names import STAGE_LABEL, notice_name

FEISHU = {"name": "team", "type": "Feishu", "secretName": "feishu-bot"}
MAIL = {"name": "owner", "type": "Email", "secretName": "smtp", "on": ["Failed"]}


def notices(world: World) -> list[dict[str, Any]]:
    """The Jobs that tell somebody."""
    return [
        held
        for (kind, _, _), held in world.cluster.objects.items()
        if kind == "Job" and held["metadata"]["labels"].get(STAGE_LABEL) == "notify"
    ]


def told(job: dict[str, Any]) -> Notice:
    variables = job["spec"]["template"]["spec"]["containers"][0]["env"]
    text = next(one["value"] for one in variables if one["name"] == "KOMPASS_NOTICE")
    return Notice.model_validate_json(text.replace("$$", "$"))


def end(world: World, job: dict[str, Any], kind: str, reason: str = "") -> None:
    stamp = world.time.strftime("%Y-%m-%dT%H:%M:%SZ")
    condition = {"type": kind, "status": "True", "reason": reason, "lastTransitionTime": stamp}
    name = job["metadata"]["name"]
    world.cluster.change("Job", NAMESPACE, name, status={"conditions": [condition]})


async def succeeded(**spec: Any) -> World:
    world = applied(notifications=[FEISHU, MAIL], **spec)
    await world.settle()
    world.complete("plan", plan_message(1))
    await world.settle()
    world.complete("s0")
    await world.settle()
    world.complete("summarize", report_message("61.54"))
    await world.settle()
    return world


async def test_end_is_told_with_headline_and_place() -> None:
    world = await succeeded()
    (job,) = notices(world)
    notice = told(job)
    assert (notice.run, notice.end, notice.reason) == ("demo", "Succeeded", "EvaluationSucceeded")
    assert notice.headline[0].value == "61.54"
    assert notice.report.endswith("/report")


async def test_failure_is_told_to_who_wants_it() -> None:
    world = applied(notifications=[FEISHU, MAIL])
    await world.settle()
    world.fail("plan", 64, failure_message("InvalidRequest", "costs $(HOME) dollars"))
    await world.settle()
    pods = [job["spec"]["template"]["spec"]["containers"][0] for job in notices(world)]
    types = {pod["command"][3] for pod in pods}
    assert types == {"Feishu", "Email"}
    assert "costs $(HOME) dollars" in told(notices(world)[0]).message


async def test_who_was_told_is_told_no_more() -> None:
    world = await succeeded(cleanup={"ttlSecondsAfterFinished": 60})
    end(world, notices(world)[0], "Complete")
    await world.settle()
    (entry,) = world.status().notifications
    assert (entry.name, entry.sent) == ("team", True)
    world.wait(120)
    await world.settle()
    assert world.jobs() == []
    world.restart()
    await world.settle()
    assert notices(world) == []


async def test_service_that_refuses_is_in_the_status() -> None:
    world = await succeeded()
    end(world, notices(world)[0], "Failed", "PodFailurePolicy")
    await world.settle()
    (entry,) = world.status().notifications
    assert entry.sent is False
    assert "PodFailurePolicy" in entry.message
    assert world.condition("Complete") == ("True", "EvaluationSucceeded")


async def test_jobs_are_kept_until_all_are_told() -> None:
    world = await succeeded(cleanup={"ttlSecondsAfterFinished": 1})
    world.wait(600)
    outcome = await world.settle()
    assert len(notices(world)) == 1
    assert outcome.again_seconds is None, "no hot loop"
    end(world, notices(world)[0], "Complete")
    await world.settle()
    await world.settle()
    assert world.jobs() == []


async def test_operator_killed_before_it_told_tells_afterwards() -> None:
    world = applied(notifications=[FEISHU])
    await world.planned(shards=1)
    world.complete("s0")
    await world.settle()
    world.complete("summarize", report_message())

    def dies(request: str) -> None:
        if request == "create Job":
            raise Unavailable("the operator is killed")

    world.cluster.before_request = dies
    with pytest.raises(Unavailable):
        await world.settle()
    assert world.condition("Finished")[0] == "True"
    world.cluster.before_request = lambda _request: None
    world.restart()
    await world.settle()
    assert len(notices(world)) == 1


async def test_two_operators_tell_once() -> None:
    world = await succeeded()
    world.restart()
    await world.settle()
    assert len(notices(world)) == 1


async def test_pod_has_that_one_secret_and_nothing_else() -> None:
    world = await succeeded()
    pod = notices(world)[0]["spec"]["template"]["spec"]
    secrets = [volume["secret"] for volume in pod["volumes"] if "secret" in volume]
    assert secrets == [{"secretName": "feishu-bot"}]
    assert pod["automountServiceAccountToken"] is False
    assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True
    assert "valueFrom" not in json.dumps(pod)


async def test_run_without_notifications_tells_nobody() -> None:
    world = applied()
    await world.planned(shards=1)
    world.complete("s0")
    await world.settle()
    world.complete("summarize", report_message())
    await world.settle()
    assert notices(world) == []


def test_names_of_notices_fit_and_differ() -> None:
    meta = ObjectMeta(name="r" * 40, uid="u")
    names = {
        notice_name(
            meta,
            Notification(name=name, type=ChannelType.SLACK, secret_name="s"),
            EvalRunStatus(attempt=attempt),
        )
        for name in ("a", "b")
        for attempt in (1, 2)
    }
    assert len(names) == 4
    assert all(len(name) <= 57 for name in names)
