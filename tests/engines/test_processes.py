"""Worker processes: what they cannot be sent, and what is left when all that belongs to a command is stopped or killed."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sqlite3
from pathlib import Path
from typing import Any

import pytest

import onbrief
from onbrief.brief import Size
from onbrief.errors import OnbriefError
from onbrief.ports import Picture
from onbrief.record import Prompt
from onbrief.testing import Bill, ScriptedImageModel, picture
from tests.batch_campaign import DONE, campaign
from tests.batches.batches import models


def gather(out: Path, number: int = 4, **about: Any) -> list[onbrief.Result]:
    """The results of a batch of so many briefs in a worker process."""

    async def go() -> list[onbrief.Result]:
        settings = onbrief.Settings(out=str(out), tables={"ocr": {"use": "never"}})
        briefs = [{"id": f"a{n}", "text": f"circle number {n}", "size": "64x64", "seed": n} for n in range(1, number + 1)]
        given: dict[str, Any] = {**models(Bill()), "engine": "processes:1", **about}
        return [result async for result in onbrief.batch(briefs, settings=settings, **given)]

    return sorted(asyncio.run(go()), key=lambda result: result.number)


class Elsewhere:
    """An image model that can be made in no other process."""

    name, price = "test:elsewhere", 0.0

    def check(self, size: Size) -> tuple[str, ...]:
        return ()

    async def generate(self, prompt: Prompt, size: Size, seed: int) -> Picture:
        return Picture(picture(seed))

    def __reduce__(self) -> tuple[Any, ...]:
        return _made, (os.getpid(),)


def _made(pid: int) -> Elsewhere:
    if os.getpid() != pid:
        raise ImportError("no module named 'far_away'")
    return Elsewhere()


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (ScriptedImageModel(script=lambda asked: picture(asked.seed)), "image_model: it cannot be sent to a worker process"),
        (Elsewhere(), "the models cannot be made in a worker process: no module named 'far_away'"),
    ],
)
def test_models_that_cannot_be_in_a_worker_are_refused_before_anything_is_spent(model: Any, told: str, tmp_path: Path) -> None:
    with pytest.raises(OnbriefError, match=told):
        gather(tmp_path / "out", image_model=model)
    assert not list((tmp_path / "out").glob("a*"))
    assert not multiprocessing.active_children()


class Deadly(ScriptedImageModel):
    """An image model in whose process nothing lives long."""

    async def generate(self, prompt: Prompt, size: Size, seed: int) -> Picture:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


def test_workers_that_die_again_and_again_pause_the_batch(tmp_path: Path) -> None:
    with pytest.raises(OnbriefError, match=r"the worker process of the run has ended \(SIGKILL\)"):
        gather(tmp_path / "out", 1, image_model=Deadly())
    assert not multiprocessing.active_children()


class Mistaken(ScriptedImageModel):
    """An image model with a mistake in its code."""

    def check(self, size: Size) -> tuple[str, ...]:
        if multiprocessing.parent_process():
            raise ZeroDivisionError("a mistake")
        return ()


def test_a_mistake_in_a_worker_is_raised_as_it_is_in_this_process(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError, match="a mistake") as raised:
        gather(tmp_path / "out", image_model=Mistaken())
    assert "In a worker process" in raised.value.__notes__[0]


def test_ctrl_c_lets_the_calls_in_progress_end(tmp_path: Path) -> None:
    """It reaches all processes of the command, as they have one terminal."""
    with campaign(tmp_path, 6, "--engine", "processes:2") as batch:
        batch.moments.reset(9, 1, lambda: os.killpg(worker.pid or 0, signal.SIGINT), stops=False)
        worker = batch.begin(alone=True)
        worker.join()
        assert worker.exitcode == 130
        with sqlite3.connect(batch.out / "ledger.db") as ledger:
            states = {state for (state,) in ledger.execute("SELECT state FROM calls")}
        ledger.close()
        assert states == {"done"}
        again = batch.begin()
        again.join()
        assert again.exitcode in DONE
        assert " 0 calls lost by kills" in batch.check()
