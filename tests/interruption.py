"""Runs that are killed, or whose disk fails, at their n-th write and are then resumed; tests examine what is left.

All that interrupts must be called in a process started for it (see tests/killing.py and tests/forks.py).
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from onbrief import pictures
from onbrief.brief import Brief
from onbrief.errors import PictureError
from onbrief.ledger.sqlite import SqliteLedger
from onbrief.ports import Judged
from onbrief.pursuit import Order, open_pursuit
from onbrief.pursuit.order import seed_for
from onbrief.settings import Settings
from onbrief.store.spool import Spool
from onbrief.studio import Crew
from onbrief.testing import Bill, JudgeRequest, ScriptedEditor, ScriptedImageModel, ScriptedJudge, ScriptedPlanner, crew
from tests.killing import Outcome, fail_at_write, kill_at_write
from tests.repairing import RepairingSettings

REPAIR_SEED = seed_for("repaired-1")  # a drawing that fails, its edit and its crop; then a drawing whose crop passes
SEED = seed_for("interrupted-4")  # it gives three pictures and three prompts before one passes
PAINTERS = ("test:painter", "test:better-painter")
FOREVER = 1_000_000
DELIVERED = {"passed", "unmet", "over_budget", "blocked"}
"""Outcomes in a ledger after which the same order is another run: the result of this one has been delivered."""


def by_first_pixel(asked: JudgeRequest) -> Judged:
    """A script of a judge that gives the same verdict on a picture in every process."""
    red = Image.open(io.BytesIO(asked.image)).convert("RGB").tobytes()[0]
    return asked.answer(met=red % 4 == 0, evidence=f"red {red}")


def pixel_crew(bill: Bill, rungs: int = 1) -> Crew:
    """Scripted models that answer the same in every process, with so many image models."""
    dearer = tuple(ScriptedImageModel(bill, price=0.08, name=name) for name in PAINTERS[1:rungs])
    return replace(crew(bill), judge=ScriptedJudge(bill, by_first_pixel), dearer=dearer)


def repair_crew(bill: Bill) -> Crew:
    """The same models with an editor, for a checklist with one part for the editor and one for pixels."""
    planner = ScriptedPlanner(bill, [("there is a circle", "the picture has an aspect ratio of 4:3")])
    return replace(pixel_crew(bill), planner=planner, beside={PAINTERS[0]: ScriptedEditor(bill)})


@dataclass(frozen=True, slots=True)
class Aftermath:
    """The state after an interruption at one write and the same order given again, without a run id, unless the result had been
    delivered.
    """

    interrupted: Outcome
    first_outcome: str | None
    first_recorded: str | None
    record: dict[str, Any]
    images_billed: list[str]
    others_billed: list[str]
    stored: dict[str, bool]
    unfound: list[str]


def sit(out: Path | str, bill: Path, parallel: int = 1, rungs: int = 1, *, repairs: bool = False) -> None:
    """One session of the run."""

    async def go() -> None:
        settings = Settings(out=str(out), parallel=parallel, tables={"ocr": {"use": "never"}})
        if rungs > 1:  # in a fixed order, so that each model has its turn
            settings = replace(settings, image_model=PAINTERS[:rungs], policy="classic", max_attempts=1)
        if repairs:
            settings = RepairingSettings(out=str(out), tables=settings.tables)
        order = Order(brief=Brief(text="a red circle", size=(64, 64)), settings=settings, seed=REPAIR_SEED if repairs else SEED)
        models = repair_crew(Bill(bill)) if repairs else pixel_crew(Bill(bill), rungs)
        async with open_pursuit(order, models) as pursuit:
            async for _ in pursuit.events():
                pass
            await pursuit.deliver()

    asyncio.run(go())


def undisturbed(parallel: int, rungs: int = 1, *, repairs: bool = False) -> tuple[dict[str, Any], list[str], list[str]]:
    """Return the record of an uninterrupted run, the pictures on its bill, and the names of its writes."""
    left = interrupt(FOREVER, parallel, None, rungs, repairs=repairs)
    return left.record, left.images_billed, [write.call for write in left.interrupted.writes]


def unfound(record: dict[str, Any], place: str, files: Mapping[str, bytes]) -> list[str]:
    """Return the files, of these and of the spool of the place, that are whole pictures of calls whose outcome the record calls
    unknown.
    """
    lost = [(a["revision"], a["attempt"]) for a in record["attempts"] if a["problem"] and a["problem"]["kind"] == "unknown"]
    waiting = Spool(os.fsencode(place))._folders
    spooled = {str(path): path.read_bytes() for root in waiting for path in root.rglob("*") if path.is_file()}
    found: list[str] = []
    for name, data in {**files, **spooled}.items():
        with suppress(PictureError):
            file = pictures.PictureFile(data)
            file.inspected()
            about: dict[str, Any] = json.loads(file.metadata.document) if file.metadata else {}
            if about.get("run_id") == record["run_id"] and (about["revision"], about["attempt"]) in lost:
                found.append(name)
    return found


def interrupt(n: int, parallel: int, errno: int | None, rungs: int = 1, *, repairs: bool = False) -> Aftermath:
    """Kill the run before its n-th write, or let that write fail with `errno`; then give the same order again."""
    folder = Path(tempfile.mkdtemp(prefix="onbrief-interrupt-")).resolve()
    try:
        out, bill = folder / "out", folder / "bill"
        session = partial(sit, out, bill, parallel, rungs, repairs=repairs)
        stopped = kill_at_write(session, n, out) if errno is None else fail_at_write(session, n, errno, out)
        first, recorded = _outcome(out), _recorded(out)
        if first not in DELIVERED:
            again = kill_at_write(session, FOREVER, out)
            assert again.at is None, again
            assert not again.error, again.error
        record = json.loads((run_folder(out) / "run.json").read_text())
        stored = {a["image"]["key"]: _is_as_recorded(out, a["image"]) for a in record["attempts"] if a["image"]}
        left = list(run_folder(out).iterdir())
        assert all(path.is_file() for path in left), "a stage is left"
        files = {path.name: path.read_bytes() for path in left}
        calls = Bill(bill)
        others = [line for line in calls.lines if not line.startswith(("image", "edit"))]
        return Aftermath(
            stopped,
            first,
            recorded,
            record,
            calls.of("image") + calls.of("edit"),
            others,
            stored,
            unfound(record, str(out), files),
        )
    finally:
        shutil.rmtree(folder)


def run_folder(out: Path) -> Path:
    """Return the folder of the only run."""
    (written,) = out.glob("*/run.json")
    return written.parent


def campaign(
    numbers: Sequence[int], parallel: int, errno: int | None, rungs: int = 1, *, repairs: bool = False
) -> list[Aftermath]:
    """Interrupt one run at each of these writes."""
    return [interrupt(n, parallel, errno, rungs, repairs=repairs) for n in numbers]


def same(record: dict[str, Any]) -> dict[str, Any]:
    """Return what must be equal in two records of a run: all but its id, clock times, folders, and the cost of
    repeated calls.
    """
    text = json.dumps({key: value for key, value in record.items() if key not in ("started", "ended", "usage")})
    text = text.replace(record["run_id"], "RUN")
    kept = json.loads(text)
    for attempt in kept["attempts"]:
        del attempt["seconds"]
        if attempt["image"]:
            for name in ("url", "sha256", "bytes"):  # a picture carries the id of its run
                del attempt["image"][name]
    return kept


def _outcome(out: Path) -> str | None:
    """Return the outcome of the first session, according to the ledger."""
    if not (out / "ledger.db").is_file():
        return None
    ledger = SqliteLedger(out / "ledger.db")
    try:
        return next((row.outcome for row in ledger.runs()), None)
    finally:
        ledger.close()


def _recorded(out: Path) -> str | None:
    """Return the outcome of the first session, according to the record."""
    return next((json.loads(path.read_text())["outcome"] for path in out.glob("*/run.json")), None)


def _is_as_recorded(out: Path, image: dict[str, Any]) -> bool:
    data = (out / image["key"]).read_bytes()
    return hashlib.sha256(data).hexdigest() == image["sha256"] and pictures.inspect(data).width == image["width"]
