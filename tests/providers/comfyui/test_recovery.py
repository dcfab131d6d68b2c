"""A picture whose answer was lost, at any point, is found again, and nothing is drawn twice."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from onbrief.errors import Failed, Refused
from onbrief.ports import Found, NotThere, Pending, Picture, Sent
from onbrief_sandbox.server.faults import Doing, Fault
from tests.providers.comfyui.serving import CIRCLE, DRAW, OLD, SIZE, SLOW, Comfy, changed, comfy, drawn
from tests.relays import Moments, relay

OPERATIONS = ("prompt", "queue", "history", "view")
ASKING = """
import asyncio, sys
from onbrief.ports import Sent
from onbrief.ports.recovery import unnoted
from onbrief.providers import registry
from onbrief.record import Prompt
model = registry.image_model(sys.argv[1])
asyncio.run(model.generate_as(Sent(sys.argv[2], "", ""), unnoted, Prompt(0, "a red circle", "blurry"), (128, 64), 1))
"""


def points(most: int, step: int) -> list[Any]:
    """Bytes of an answer at which it is cut: all of them in the long run, a few by default."""
    return [pytest.param(byte, marks=[] if byte % (step * 8) == 0 else [pytest.mark.soak]) for byte in range(0, most, step)]


@pytest.mark.parametrize("byte", points(96, 3))
def test_an_answer_to_the_order_that_is_cut_costs_no_picture(byte: int, service: Comfy) -> None:
    sent = Sent.once()
    assert service.draws(Fault(operation="comfyui.prompt", does="cut", byte=byte), sent=sent).facts == {"prompt_id": sent.id}
    assert service.drawn() == 1


@pytest.mark.parametrize("byte", points(8000, 200))
def test_a_picture_that_is_cut_on_its_way_is_fetched_again(byte: int, service: Comfy) -> None:
    whole = service.draws()
    again = service.draws(Fault(operation="comfyui.view", does="cut", byte=byte, calls=(1,)))
    assert (len(again.data), service.drawn()) == (len(whole.data), 1)


@pytest.mark.parametrize("does", ["reset", "status"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_whatever_answer_is_lost_the_picture_comes(operation: str, does: Doing, service: Comfy) -> None:
    service.draws(Fault(operation=f"comfyui.{operation}", does=does, status=502, calls=(1,)))
    assert service.drawn() == 1


@pytest.mark.parametrize("old", ["", OLD])
def test_a_job_that_ended_unseen_is_found_by_its_id(old: str, service: Comfy) -> None:
    sent = Sent.once()
    picture = service.draws(sent=sent, old=old)
    assert service.finds(sent, old=old) == Found(picture)
    assert service.drawn() == 1


@pytest.mark.parametrize("old", ["", OLD])
def test_a_picture_outlives_the_memory_of_the_server(old: str, service: Comfy) -> None:
    sent = Sent.once()
    picture = service.draws(sent=sent, old=old)
    service.asks(f"{old}/manager/reboot")
    assert service.asks(f"{old}/history") == {}
    found = service.finds(sent, old=old)
    assert (isinstance(found, Found) and found.picture.data, service.drawn()) == (picture.data, 1)


def test_a_file_that_was_not_written_whole_is_no_picture(service: Comfy) -> None:
    sent = Sent.once()
    service.draws(Fault(operation="comfyui.run", does="truncated"), sent=sent)
    service.asks("manager/reboot")
    assert service.finds(sent) == NotThere("the server has neither the job nor its picture", final=True)


def test_a_save_node_that_names_files_otherwise_leaves_it_open(service: Comfy, tmp_path: Path) -> None:
    node = {"class_type": "ImageSave", "inputs": {"filename_prefix": "x", "images": ["8", 0]}}
    found = service.finds(Sent.once(), changed(tmp_path, "draw", {"9": node}))
    assert isinstance(found, NotThere)
    assert not found.final


@pytest.mark.parametrize("old", ["", OLD])
def test_a_job_that_the_server_has_lost_is_free_to_be_drawn_again(old: str, service: Comfy) -> None:
    sent = Sent.once()

    async def lost() -> None:
        task = asyncio.create_task(drawn(service.comfy(old=old), sent))
        await asyncio.to_thread(_until, lambda: service.asks(f"{old}/queue")["queue_running"])
        assert isinstance(await service.comfy(old=old).find(sent, CIRCLE, SIZE, 1), Pending)
        await asyncio.to_thread(service.asks, f"{old}/manager/reboot")
        await task

    service.fresh(SLOW)
    with pytest.raises(Refused, match="neither the job nor its picture"):
        asyncio.run(lost())
    assert service.finds(sent, old=old) == NotThere("the server has neither the job nor its picture", final=True)
    service.draws(old=old)
    assert service.drawn() == 1


def test_a_cancelled_call_takes_back_its_own_job_and_no_other(service: Comfy) -> None:
    running, waiting, cancelled = Sent.once(), Sent.once(), Sent.once()

    async def scene() -> None:
        tasks = dict[Sent, asyncio.Task[Picture]]()
        for sent in (running, waiting, cancelled):
            tasks[sent] = asyncio.create_task(drawn(service.comfy(), sent))
            await asyncio.to_thread(_until, lambda sent=sent: any(sent.id in ids for ids in service.queue()))
        tasks[cancelled].cancel()
        await asyncio.gather(tasks[cancelled], return_exceptions=True)
        assert service.queue() == ([running.id], [waiting.id])
        service.script.now()
        tasks[running].cancel()
        await asyncio.gather(tasks[running], return_exceptions=True)
        assert (await tasks[waiting]).facts == {"prompt_id": waiting.id}

    service.fresh(SLOW)
    asyncio.run(scene())
    assert service.finds(cancelled) == NotThere("the server has neither the job nor its picture", final=True)
    stopped = service.finds(running)
    assert isinstance(stopped, NotThere)
    assert (stopped.final, stopped.why.partition(" at ")[0]) == (True, "it was interrupted")


def test_a_job_that_somebody_else_stops_has_failed(service: Comfy) -> None:
    async def stopped() -> None:
        task = asyncio.create_task(drawn(service.comfy(), Sent.once()))
        await asyncio.to_thread(_until, lambda: service.queue()[0])
        await asyncio.to_thread(service.posts, "interrupt", {})
        await task

    service.fresh(SLOW)
    with pytest.raises(Failed, match=r"interrupted at node \d"):
        asyncio.run(stopped())


@pytest.mark.parametrize("pieces", [0, 1])
@pytest.mark.parametrize("at", [2, *(pytest.param(at, marks=pytest.mark.soak) for at in (1, *range(3, 11)))])
def test_what_a_killed_process_asked_for_is_found_or_was_never_asked_for(at: int, pieces: int, tmp_path: Path) -> None:
    """The process dies at message `at` between it and the server, before it passes or after its first piece."""
    moments, sent = Moments(), Sent.once()
    with comfy(tmp_path) as service, relay(urlsplit(service.url).port or 0, moments) as port:
        url = service.url.replace(str(urlsplit(service.url).port), str(port))
        process = subprocess.Popen([sys.executable, "-c", ASKING, f"comfyui:{DRAW}?base_url={url}", sent.id])
        moments.reset(at, pieces, process.kill)
        assert process.wait() == -signal.SIGKILL
        while isinstance(found := service.finds(sent), Pending):
            pass
        assert service.drawn() == isinstance(found, Found)
        assert found == NotThere("the server has neither the job nor its picture", final=True) or isinstance(found, Found)


def _until(holds: Callable[[], object]) -> None:
    while not holds():
        pass
