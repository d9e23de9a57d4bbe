"""Progress from the shards' pages: what the status says, and how little is asked for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web
from unit.operator.world import KEY, NAMESPACE, World, applied, report_message, settings

from kompass_api.progress import PROGRESS_PATH, ShardProgress
from kompass_operator.cluster import Unavailable
from kompass_operator.names import RUN_UID_LABEL, STAGE_LABEL
from kompass_operator.progress_board import ProgressBoard
from kompass_operator.progress_reader import HttpPages, ProgressReader
from kompass_operator.progress_rounds import PAGES_A_ROUND, Rounds, pause, wants_list
from kompass_operator.reconciler import Reconciler
from kompass_operator.views import RunKey


@dataclass
class FakePages:
    """Pages by address."""

    held: dict[str, ShardProgress] = field(default_factory=dict)
    read_count: int = 0

    async def read(self, address: str) -> ShardProgress | None:
        self.read_count += 1
        return self.held.get(address)


class Scene:
    """A run whose shards are up, its pages, and the reader."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.board = ProgressBoard()
        self.pages = FakePages()
        self.woken: list[RunKey] = []
        self.restart()

    def restart(self) -> None:
        world = self.world
        self.reader = ProgressReader(
            world.cluster,
            world.cluster,
            self.pages,
            self.board,
            wake=self.woken.append,
            now=world.now,
        )
        world.operator = Reconciler(
            world.cluster, world.cluster, world.settings, world.now, board=self.board
        )

    def up(self, shard: int) -> str:
        """The shard's pod is up, at an address."""
        place, address = f"s{shard}", f"10.0.0.{shard + 1}"
        name = self.world.pod(place, phase="Running", podIP=address)
        pod = self.world.cluster.objects["Pod", NAMESPACE, name]
        own = self.world.job(place)["metadata"]["labels"]
        pod["metadata"]["labels"] |= {key: own[key] for key in (RUN_UID_LABEL, STAGE_LABEL)}
        self.world.run_pod(place)
        return address

    def tell(self, shard: int, done: int, planned: int = 10, rate: int = 6) -> None:
        self.pages.held[f"10.0.0.{shard + 1}"] = ShardProgress(
            shard=shard, done=done, planned=planned, items_per_minute=rate
        )

    async def round(self, seconds: float = 30) -> None:
        self.world.wait(seconds)
        await self.reader.tick()
        await self.world.settle()


async def scene(shards: int = 2, **changes: object) -> Scene:
    world = applied(execution={"parallelism": shards})
    world.settings = settings(**changes)
    made = Scene(world)
    await world.planned(shards)
    for shard in range(shards):
        made.up(shard)
    await world.settle()
    return made


async def test_status_tells_items_rate_and_time_left() -> None:
    made = await scene()
    made.tell(0, done=3, planned=5, rate=6)
    made.tell(1, done=1, planned=5, rate=4)
    await made.round()
    items = made.world.status().items
    assert (items.planned, items.done, items.items_per_minute, items.eta_seconds) == (10, 4, 10, 36)
    assert made.world.status().last_progress_time is not None
    assert made.woken == [KEY]


async def test_finished_shard_counts_whole_and_its_speed_no_more() -> None:
    made = await scene()
    made.tell(0, done=3, planned=5, rate=6)
    made.tell(1, done=1, planned=5, rate=4)
    await made.round()
    made.world.complete("s0")
    del made.pages.held["10.0.0.1"]
    await made.round()
    items = made.world.status().items
    assert (items.done, items.items_per_minute, items.eta_seconds) == (6, 4, 60)


async def test_finished_shard_that_was_never_heard_counts_as_an_average_one() -> None:
    made = await scene()
    made.world.complete("s0")
    await made.world.settle()
    made.tell(1, done=1, planned=4)
    await made.round()
    assert made.world.status().items.done == 7


async def test_done_never_falls() -> None:
    made = await scene()
    made.tell(0, done=4, planned=5)
    await made.round()
    made.restart()
    made.board.note("other", [])
    made.tell(0, done=0, planned=5)
    await made.round()
    assert made.world.status().items.done == 4


async def test_report_has_the_last_word() -> None:
    made = await scene()
    made.tell(0, done=3, planned=5)
    await made.round()
    made.world.complete("s0")
    made.world.complete("s1")
    await made.world.settle()
    assert made.world.status().items.done == 10
    assert made.world.status().items.items_per_minute is None
    made.world.complete("summarize", report_message())
    await made.world.settle()
    items = made.world.status().items
    assert (items.done, items.answered, items.eta_seconds) == (10, 10, None)


async def test_pages_that_cannot_be_read_change_nothing() -> None:
    made = await scene()
    before = made.world.status()
    await made.round()
    await made.round()
    assert made.world.status() == before
    assert made.woken == []


async def test_listing_that_fails_changes_nothing() -> None:
    made = await scene()
    before = made.world.status()

    def away(request: str) -> None:
        if request == "list Pods":
            raise Unavailable("no answer")

    made.world.cluster.before_request = away
    made.world.wait(30)
    await made.reader.tick()
    assert made.world.status() == before


async def test_short_runs_are_not_looked_at() -> None:
    made = await scene()
    made.world.cluster.requests.clear()
    await made.reader.tick()
    assert made.pages.read_count == 0
    assert made.world.cluster.requests["list Pods"] == 0


async def test_pods_are_listed_once_while_they_stay() -> None:
    made = await scene(shards=8)
    for shard in range(8):
        made.tell(shard, done=1)
    made.world.cluster.requests.clear()
    for done in range(2, 9):
        for shard in range(8):
            made.tell(shard, done=done)
        await made.round(60)
    assert made.world.cluster.requests["list Pods"] == 1
    assert made.pages.read_count == 7 * 8


async def test_closed_pages_cost_no_more_listings_than_a_quarter_of_the_shards() -> None:
    made = await scene(shards=8)
    made.world.cluster.requests.clear()
    for _ in range(40):
        await made.round(60)
    assert made.world.cluster.requests["list Pods"] <= 2 + 8 / 4


async def test_statuses_are_written_no_more_often_than_every_ten_seconds() -> None:
    made = await scene(shards=2)
    made.world.cluster.requests.clear()
    started = made.world.time
    for done in range(300):
        made.tell(0, done=done, planned=400)
        made.world.wait(1)
        await made.reader.tick()
        if made.woken:
            made.woken.clear()
            await made.world.settle()
    seconds = (made.world.time - started) / timedelta(seconds=1)
    assert made.world.cluster.requests["apply status"] <= 2 + seconds / 10


async def test_run_whose_shards_answer_nothing_says_so() -> None:
    made = await scene(no_progress_seconds=600)
    made.tell(0, done=2, rate=0)
    made.tell(1, done=2, rate=0)
    await made.round()
    assert made.world.condition("Progressing") == ("True", "ShardsRunning")
    for _ in range(12):
        await made.round(60)
    assert made.world.condition("Progressing") == ("False", "NoProgress")
    assert "2 shards run and have answered nothing for" in made.world.message("Progressing")
    made.tell(0, done=3, rate=1)
    await made.round(60)
    assert made.world.condition("Progressing") == ("True", "ShardsRunning")


async def test_run_whose_pages_are_closed_is_not_called_stuck() -> None:
    made = await scene(no_progress_seconds=600)
    for _ in range(30):
        await made.round(60)
    assert made.world.condition("Progressing") == ("True", "ShardsRunning")


@pytest.mark.parametrize(
    ("age", "seconds"),
    [
        pytest.param(0, 10, id="young"),
        pytest.param(400, 20, id="minutes"),
        pytest.param(86400, 60, id="a-day"),
    ],
)
def test_long_runs_are_looked_at_less_often(age: float, seconds: float) -> None:
    assert pause(age) == timedelta(seconds=seconds)


def test_many_pods_are_read_in_turns() -> None:
    world = World()
    rounds = Rounds(due=world.time, addresses={f"pod-{n:03}": f"a{n}" for n in range(150)})
    read = {pod for _ in range(3) for pod, _ in rounds.next_addresses()}
    assert len(rounds.next_addresses()) == PAGES_A_ROUND
    assert len(read) == 150


def test_no_list_without_a_pod_whose_address_is_unknown() -> None:
    rounds = Rounds(due=World().time, addresses={"pod": "address"})
    assert not wants_list(rounds, [], 8)


Handler = Callable[[web.Request], object]


async def answered(body: bytes, status: int = 200, **headers: str) -> ShardProgress | None:
    """What is read of a pod that answers so."""

    async def page(_request: web.Request) -> web.Response:
        return web.Response(body=body, status=status, headers=headers)

    app = web.Application()
    app.router.add_get(PROGRESS_PATH, page)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with aiohttp.ClientSession() as session:
            return await HttpPages(session, runner.addresses[0][1]).read("127.0.0.1")
    finally:
        await runner.cleanup()
        await asyncio.sleep(0)


async def test_page_of_a_pod_is_read() -> None:
    body = b'{"shard":1,"done":2,"planned":3,"itemsPerMinute":4,"etaSeconds":15,"new":"field"}'
    assert await answered(body) == ShardProgress(
        shard=1, done=2, planned=3, items_per_minute=4, eta_seconds=15
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"<html>", 200, id="no-json"),
        pytest.param(b'{"shard":-1}', 200, id="no-progress"),
        pytest.param(b"{" + b" " * 100_000 + b"}", 200, id="endless"),
        pytest.param(b"", 500, id="error"),
        pytest.param(b"", 302, id="redirect"),
    ],
)
async def test_page_that_is_none_is_as_good_as_closed(body: bytes, status: int) -> None:
    assert await answered(body, status, Location="http://169.254.169.254/") is None


async def test_closed_port_is_no_error() -> None:
    async with aiohttp.ClientSession() as session:
        assert await HttpPages(session, 1).read("127.0.0.1") is None
