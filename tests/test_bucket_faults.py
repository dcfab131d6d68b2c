"""Faults of S3 at each stage of a run: nothing is drawn twice or lost, and the message says what to do."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from onbrief.brief import Brief
from onbrief.errors import OnbriefError
from onbrief.events import RunEnded
from onbrief.pursuit import Order, open_pursuit
from onbrief.record import Run
from onbrief.settings import Settings
from onbrief.store import open_bucket
from onbrief.testing import Bill
from tests.buckets import Service, new_place
from tests.interruption import SEED, pixel_crew, same

STAGES = {
    "write check": ("PUT", ".write-check", 1),
    "read of the write check": ("GET", ".write-check", 1),
    "note of the request": ("PUT", "/.requests/", 1),
    "claim": ("PUT", "/calls/", 1),
    "first call": ("PUT", "/calls/", 2),
    "later call": ("PUT", "/calls/", 10),
    "first picture": ("PUT", ".png", 1),
    "later picture": ("PUT", ".png", 3),
    "first record": ("PUT", "/run.json", 1),
    "later record": ("PUT", "/run.json", 3),
    "report": ("PUT", "/report.html", 1),
}
REFUSALS = {
    "403 AccessDenied": "these credentials need s3:",
    "404 NoSuchBucket": "create the bucket first",
    "301 PermanentRedirect": "in another region",
    "400 ExpiredToken": "have expired: renew them",
    "403 InvalidAccessKeyId": "these credentials are not valid",
    "403 RequestTimeTooSkewed": "the clock of this machine is wrong",
}
CONFLICT = "409 ConditionalRequestConflict"  # only for conditional puts
CONDITIONAL = {"note of the request", "claim", "first call", "later call", "first picture", "later picture"}
LASTING = REFUSALS | {CONFLICT: "another put for", "503 SlowDown": "wait a while", "reset": "HTTP error"}
TRIES = {CONFLICT: 5, "503 SlowDown": 5, "reset": 5}  # how often one request is sent; other faults are not retried

RUN_ID = "with-faults"


@dataclass(slots=True)
class Desk:
    """A run in a bucket, and the bill of its calls to models."""

    s3: Service
    out: str
    bill: Bill

    def sit(self) -> Run:
        """Start or resume the run and return how it ended.

        Raises:
            OnbriefError: it could not be opened.
        """
        return asyncio.run(self._sit())

    async def _sit(self) -> Run:
        ended, crew = None, pixel_crew(self.bill)
        order = Order(
            brief=Brief(text="a red circle", size=(64, 64)), settings=Settings(out=self.out), run_id=RUN_ID, seed=SEED
        )
        async with open_pursuit(order, crew) as pursuit:
            async for event in pursuit.events():
                if isinstance(event, RunEnded):
                    ended = event.run
        assert ended is not None
        return ended

    def messages(self) -> str:
        """Return the messages of a session: its error, or the reason and the warnings of the run."""
        try:
            run = self.sit()
        except OnbriefError as error:
            return str(error)
        return " ".join([run.reason or "", *run.warnings])

    def check(self, undisturbed: Run, billed: list[str]) -> None:
        """Resume the run without faults and check every promise."""
        self.s3.fault = lambda method, path: None
        run = self.sit()
        assert (run.outcome, same(json.loads(run.to_json()))) == ("passed", same(json.loads(undisturbed.to_json())))
        assert self.bill.of("image") == billed
        assert set(Counter(line for line in self.bill.lines if not line.startswith("image")).values()) <= {1, 2}
        store = open_bucket(self.out)
        assert [bool(store.load(a.image.key)) for a in run.attempts if a.image] == [True] * len(billed)


@pytest.fixture
def desk(s3: Service) -> Desk:
    return Desk(s3, new_place(), Bill())


@pytest.fixture(scope="module")
def undisturbed(s3_service: Service) -> tuple[Run, list[str]]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in s3_service.environment.items():
            patch.setenv(name, value)
        desk = Desk(s3_service, new_place(), Bill())
        return desk.sit(), desk.bill.of("image")


def fail_at(s3: Service, stage: str, wrong: str, times: float = float("inf")) -> None:
    """Let the requests of a stage fail `times` times, from the first one of the stage on."""
    asked, where, first = STAGES[stage]
    seen = 0

    def fault(method: str, path: str) -> str | None:
        nonlocal seen
        seen += method == asked and where in path
        return wrong if method == asked and where in path and first <= seen < first + times else None

    s3.fault = fault


def check_lasting(desk: Desk, stage: str, wrong: str, undisturbed: tuple[Run, list[str]]) -> None:
    # A call whose start cannot be recorded is then recorded as not sent, which fails too; after that the run is released.
    calls = stage in {"first call", "later call"}
    fail_at(desk.s3, stage, wrong, times=2 * TRIES.get(wrong, 1) if calls else float("inf"))
    assert LASTING[wrong] in desk.messages()
    desk.check(*undisturbed)


@pytest.mark.parametrize("stage", STAGES)
def test_a_refusal_at_any_stage_is_reported_and_the_same_command_resumes_the_run(
    desk: Desk, undisturbed: tuple[Run, list[str]], stage: str
) -> None:
    check_lasting(desk, stage, "400 ExpiredToken", undisturbed)


@pytest.mark.parametrize("wrong", sorted(set(LASTING) - {"400 ExpiredToken"}))
def test_any_refusal_of_a_picture_is_reported_and_the_same_command_resumes_the_run(
    desk: Desk, undisturbed: tuple[Run, list[str]], wrong: str
) -> None:
    check_lasting(desk, "first picture", wrong, undisturbed)


@pytest.mark.soak
@pytest.mark.parametrize(
    ("stage", "wrong"), [(stage, wrong) for stage in STAGES for wrong in LASTING if wrong != CONFLICT or stage in CONDITIONAL]
)
def test_any_refusal_at_any_stage(desk: Desk, undisturbed: tuple[Run, list[str]], stage: str, wrong: str) -> None:
    check_lasting(desk, stage, wrong, undisturbed)


@pytest.mark.parametrize("wrong", ["503 SlowDown", "reset", "gone", "lost", "idle", "cut", CONFLICT])
def test_a_short_trouble_at_every_stage_is_not_seen(desk: Desk, undisturbed: tuple[Run, list[str]], wrong: str) -> None:
    left = CONDITIONAL.copy() if wrong == CONFLICT else set(STAGES)
    seen: Counter[tuple[str, str]] = Counter()

    def fault(method: str, path: str) -> str | None:
        for kind in {stage[:2] for stage in STAGES.values()}:
            seen[kind] += method == kind[0] and kind[1] in path
        for stage in left & {name for name, (asked, where, _) in STAGES.items() if asked == method and where in path}:
            if seen[STAGES[stage][:2]] == STAGES[stage][2]:
                left.remove(stage)
                return wrong
        return None

    desk.s3.fault = fault
    run = desk.sit()
    assert left == set()
    assert (run.outcome, run.warnings) == ("passed", ())
    assert (same(json.loads(run.to_json())), desk.bill.of("image")) == (
        same(json.loads(undisturbed[0].to_json())),
        undisturbed[1],
    )


READS = {"list": "pictures", "ledger": ".json", "picture": ".png"}  # the end of the path of each read


@pytest.mark.parametrize(
    ("read", "wrong"),
    [
        ("list", "403 RequestTimeTooSkewed"),
        ("list", "cut"),
        ("ledger", "403 AccessDenied"),
        ("picture", "403 AccessDenied"),
        ("picture", "cut"),
    ],
)
def test_what_cannot_be_read_when_a_run_goes_on_is_not_taken_for_missing(
    desk: Desk, undisturbed: tuple[Run, list[str]], read: str, wrong: str
) -> None:
    stored = False

    def not_written_down(method: str, path: str) -> str | None:
        """Let the first picture be stored, then refuse to record the outcome of its call."""
        nonlocal stored
        was, stored = stored, method == "PUT" and path.endswith(".png")
        return "403 AccessDenied" if was and "/calls/" in path else None

    desk.s3.fault = not_written_down
    assert "cannot be written: 403" in desk.messages()
    desk.s3.fault = lambda method, path: wrong if method == "GET" and path.endswith(READS[read]) else None
    assert (LASTING.get(wrong) or "body error") in desk.messages()
    desk.check(*undisturbed)


@pytest.mark.soak
@pytest.mark.parametrize("stage", ["first picture", "first call"])
def test_a_put_that_came_through_and_is_never_answered(desk: Desk, undisturbed: tuple[Run, list[str]], stage: str) -> None:
    fail_at(desk.s3, stage, "silent", times=1)
    assert "HTTP error" in desk.messages()
    desk.check(*undisturbed)


def test_another_picture_in_its_place_stays_and_the_new_one_is_stored_beside_it(
    desk: Desk, undisturbed: tuple[Run, list[str]], at_home: Path
) -> None:
    key = f"{RUN_ID}/000-000.png"
    asyncio.run(open_bucket(desk.out).create(key, b"another's", "image/png"))
    run = desk.sit()
    assert (run.outcome, desk.bill.of("image")) == ("passed", undisturbed[1])
    assert open_bucket(desk.out).load(key) == b"another's"
    assert run.attempts[0].image
    assert re.fullmatch(rf"{RUN_ID}/000-000-[0-9a-f]{{8}}\.png", run.attempts[0].image.key)
    assert [path for path in at_home.rglob("*") if path.is_file()] == []
