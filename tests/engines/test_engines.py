"""Batches on a real cluster of Ray on this machine, whose workers are killed, stopped and refused."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import textwrap
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import onbrief
from onbrief.batches import BatchBegan, asked
from onbrief.batches.running import BriefEnded
from onbrief.engines import engine as engine_of
from onbrief.engines.ray import Desk
from onbrief.errors import ConfigError, OnbriefError, UsageError
from onbrief.ports import Noted
from onbrief.providers import registry
from onbrief.testing import Bill, ScriptedImageModel
from tests.batch_campaign import DONE, campaign
from tests.batches.batches import models

pytestmark = pytest.mark.filterwarnings("ignore")  # warnings of Ray's own
BRIEFS = [{"id": f"a{n}", "text": f"circle number {n}", "size": "64x64", "seed": n} for n in range(1, 5)]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    """A cluster that all tests of this module share, whose workers find the provider of this folder."""
    cluster: Any = import_module("ray")
    plugin = tmp_path_factory.mktemp("plugin")
    (plugin / "heavy.py").write_text(textwrap.dedent(HEAVY))
    about = plugin / "heavy-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: heavy\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[onbrief.providers]\nheavy = heavy:PROVIDER\n")
    paths = os.pathsep.join([str(plugin), str(Path(__file__).parents[2])])
    sys.path.insert(0, str(plugin))
    registry._points.cache_clear()  # another test of this process may have looked for providers before
    cluster.init(
        num_cpus=2,
        include_dashboard=False,
        _node_ip_address="127.0.0.1",
        log_to_driver=False,
        logging_level="ERROR",
        runtime_env={"env_vars": {"PYTHONPATH": paths}},
    )
    yield plugin
    cluster.shutdown()
    sys.path.remove(str(plugin))
    registry._points.cache_clear()


def gather(out: Path, bill: Bill, engine: str | None, briefs: Any = BRIEFS, **about: Any) -> list[onbrief.Result]:
    """Return the results of a batch, in the order of their briefs."""

    async def go() -> list[onbrief.Result]:
        tables = {"ocr": {"use": "never"}, **about.pop("tables", {})}
        settings = onbrief.Settings(out=str(out), confirm="never", tables=tables)
        given: dict[str, Any] = {"engine": engine, **models(bill), **about}
        return [result async for result in onbrief.batch(briefs, settings=settings, **given)]

    return sorted(asyncio.run(go()), key=lambda result: result.number)


def test_a_batch_ends_as_in_this_process(cluster: Path, tmp_path: Path) -> None:
    bill = Bill(tmp_path / "bill")
    away = gather(tmp_path / "away", bill, "ray")
    here = gather(tmp_path / "here", Bill(), None)
    assert [(one.id, one.outcome, one.picture, one.images, one.usd) for one in away] == [
        (one.id, one.outcome, one.picture, one.images, one.usd) for one in here
    ]
    for one in away:
        assert (tmp_path / "away" / one.picture).read_bytes()
        assert (tmp_path / "away" / one.thumbnail).is_file()
        assert (tmp_path / "away" / one.report).is_file()
    assert files(tmp_path / "away") == files(tmp_path / "here")
    assert len(bill.of("image")) == len(bill.of("judge")) == 4
    assert gather(tmp_path / "away", bill, None) == away
    assert len(bill.of("image")) == 4


def test_a_fault_of_the_configuration_pauses_the_batch(cluster: Path, tmp_path: Path) -> None:
    bill = Bill(tmp_path / "bill")
    broken = ScriptedImageModel(bill, [ConfigError("no access to the model", hint="ask for access")])
    with pytest.raises(OnbriefError, match="no access to the model"):
        gather(tmp_path / "out", bill, "ray", image_model=broken)
    assert [one.outcome for one in gather(tmp_path / "out", bill, None)] == ["passed"] * 4


def test_a_batch_that_is_stopped_goes_on(cluster: Path, tmp_path: Path) -> None:
    bill = Bill(tmp_path / "bill")
    begun: list[BatchBegan] = []

    def stop(event: object) -> None:
        if isinstance(event, BatchBegan):
            begun.append(event)
        if isinstance(event, BriefEnded):
            begun[0].batch.stop()

    first = gather(tmp_path / "out", bill, "ray", on_event=stop, concurrency=2)
    assert 1 <= len(first) < 4
    assert [one.outcome for one in gather(tmp_path / "out", bill, None)] == ["passed"] * 4
    assert len(bill.of("image")) == 4


@dataclass(frozen=True)
class Between:
    """Writes down when a call begins and when it ends."""

    file: Path

    async def wait(self) -> None:
        """Begin, let others in, and end."""
        Bill(self.file).add("in")
        await asyncio.sleep(0.01)
        Bill(self.file).add("out")


def test_the_limits_of_a_model_hold_for_all_workers_together(cluster: Path, tmp_path: Path) -> None:
    bill, file = Bill(tmp_path / "bill"), tmp_path / "calls"
    painter = ScriptedImageModel(bill, gate=Between(file), name="sandbox:sdxl")
    limits = {"rates": {"sandbox:sdxl": "1 at once"}}
    results = gather(tmp_path / "out", bill, "ray", image_model=painter, tables=limits, concurrency=4)
    assert [one.outcome for one in results] == ["passed"] * 4
    assert file.read_text().split() == ["in", "out"] * 4


def test_a_call_that_waits_for_another_one_to_end_is_woken_when_it_has() -> None:
    async def go() -> None:
        desk = Desk(onbrief.Settings(tables={"rates": {"sandbox:sdxl": "1 at once"}}))
        assert await desk.take("sandbox:sdxl", "first", "image", 0) is None
        assert await desk.take("sandbox:sdxl", "second", "image", 0)
        woken = asyncio.ensure_future(desk.woken("second"))
        await asyncio.sleep(0)
        assert not woken.done()
        await desk.note("sandbox:sdxl", "first", Noted(state="done"), "image")
        await woken
        assert await desk.take("sandbox:sdxl", "second", "image", 0) is None

    asyncio.run(go())


def test_a_money_limit_holds_for_all_workers_together(cluster: Path, tmp_path: Path) -> None:
    bill = Bill(tmp_path / "bill")
    with pytest.raises(OnbriefError):
        gather(tmp_path / "out", bill, "ray", max_total_usd=0.11, concurrency=4)
    assert len(bill.of("image")) * 0.04 + len(bill.of("judge")) * 0.006 + len(bill.of("plan")) * 0.005 <= 0.11


HEAVY = """
    import os
    from pathlib import Path
    from onbrief.ports import Picture, Provider
    from onbrief.testing import ScriptedJudge, picture

    class Heavy:
        name, price = "heavy:", 0.0
        def check(self, size):
            return ()
        async def generate(self, prompt, size, seed):
            with Path(__file__).with_name("calls").open("a") as file:
                file.write(f"{os.getpid()}\\n")
            return Picture(picture(seed))

    PROVIDER = Provider(name="heavy", image_model=lambda name, values: Heavy(), weights=lambda name: True)
"""


def test_a_model_with_weights_lives_in_one_process_for_all_workers(cluster: Path, tmp_path: Path) -> None:
    (cluster / "calls").unlink(missing_ok=True)
    bill = Bill(tmp_path / "bill")
    results = gather(tmp_path / "out", bill, "ray", image_model="heavy:")
    assert [one.outcome for one in results] == ["passed"] * 4
    assert {one.model for one in results} == {"heavy:"}
    calls = (cluster / "calls").read_text().split()
    assert len(calls) == 4
    assert len(set(calls)) == 1
    assert calls[0] != str(os.getpid())


@pytest.mark.parametrize(
    ("address", "about", "told"),
    [
        ("rey", {}, "engine: 'rey' is not allowed"),
        ("ray://", {}, "engine: 'ray://' is not allowed"),
        ("ray://127.0.0.1:1", {}, "do not share the ledger in"),
        ("ray", {"out": "s3://bucket/x", "usd": 1.0}, "max_total_usd"),
    ],
)
def test_what_cannot_work_in_several_processes_is_refused_before_it_begins(
    address: str, about: dict[str, Any], told: str
) -> None:
    async def enter() -> None:
        settings = onbrief.Settings(out=about.get("out", "runs"))
        async with engine_of(asked([], settings, engine=address, usd=about.get("usd"))):
            pass

    with pytest.raises(UsageError, match=told):
        asyncio.run(enter())


def files(out: Path) -> set[str]:
    """The files of a batch, the ledger's own aside."""
    return {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file() and "ledger" not in path.name}


def kill_workers(of: int) -> int:
    """Kill the processes of Ray below this process in which its runs are, with SIGKILL. Return how many there were."""
    found = 0
    parents: dict[int, int] = {}
    names: dict[int, bytes] = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(path.name)] = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            names[int(path.name)] = (path / "cmdline").read_bytes()
        except OSError:
            continue
    for pid, command in names.items():
        above = pid
        while above > 1 and above != of:
            above = parents.get(above, 0)
        if above == of and b"ray::_pursued" in command:
            os.kill(pid, signal.SIGKILL)
            found += 1
    return found


def workers_killed(folder: Path, briefs: int, times: int, every: int) -> str:
    """Kill all workers of a batch at every so many messages, so many times, and check what is left."""
    with campaign(folder, briefs, "--engine", "ray") as batch:
        worker = None
        kills = Counter[int]()

        def strike() -> None:
            assert worker is not None
            kills[kill_workers(worker.pid or 0)] += 1
            if sum(kills.values()) < times:
                batch.moments.at = batch.moments.messages + every

        batch.moments.reset(every, 0, strike, stops=False)
        worker = batch.begin()
        worker.join()
        while worker.exitcode not in DONE:
            worker = batch.begin()
            worker.join()
        assert sum(kills.values()) == times
        assert any(kills), "workers were killed"
        return batch.check()


def test_workers_that_are_killed_lose_no_brief_and_pay_for_no_picture_twice(tmp_path: Path) -> None:
    print(workers_killed(tmp_path, 6, 1, 15))


@pytest.mark.soak
def test_workers_that_are_killed_ten_times_in_a_batch_of_200(tmp_path: Path) -> None:
    print(workers_killed(tmp_path, 200, 10, 110))
