"""One order, given again and again while its sessions crash, stall, lose answers and are taken over, and while the clock jumps.

Whatever happens, a picture is paid for once unless the user asks for more, no whole picture stays unfound, no session without
the lease changes what the owner has written, and the order ends with a verdict that the judge gave.
"""

from __future__ import annotations

import io
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from PIL import Image

from onbrief.errors import LeaseLost
from onbrief.ledger import account
from onbrief.record import Run
from tests.interruption import DELIVERED
from tests.sessions import PRICE, Place, Plan, Session, Truth, new_token

REAL = time.time
PLANS = st.builds(
    Plan,
    images=st.integers(1, 4),
    parallel=st.integers(1, 3),
    policy=st.just("adaptive"),
    resend=st.booleans(),
    deliver=st.booleans(),
    answers=st.lists(st.sampled_from(["picture", "picture", "lost", "failed"]), max_size=4).map(tuple),
    crash=st.none() | st.integers(1, 120),
    elsewhere=st.booleans(),
)


class Order(RuleBasedStateMachine):
    """See the module."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="onbrief-stateful-"))
        self.truth = Truth()
        self.stalled: list[Session] = []
        self.sessions = 0
        self.images: dict[str, int] = {}  # the highest limit that each run has had
        self.closed: set[str] = set()  # runs whose result has been delivered
        self.owners: dict[str, Session | None] = {}  # the last session that has claimed each run, if that is known
        self.crashed = False
        self.patch = pytest.MonkeyPatch()
        self.ahead = 0.0
        self.patch.setattr(time, "time", lambda: REAL() + self.ahead)
        self.patch.setattr(account, "new_token", new_token)
        self.patch.setenv("XDG_STATE_HOME", str(self.folder / "state"))

    @initialize(in_memory=st.booleans())
    def choose_a_place(self, in_memory: bool) -> None:
        self.place = Place(None if in_memory else self.folder / "out")

    @rule(plan=PLANS)
    def order(self, plan: Plan) -> None:
        self.ended(self.begun(plan))

    @precondition(lambda self: len(self.stalled) < 2)
    @rule(plan=PLANS, at=st.integers(1, 120))
    def stall(self, plan: Plan, at: int) -> None:
        self.ended(self.begun(replace(plan, crash=None, stall=at)))

    @precondition(lambda self: self.stalled)
    @rule(which=st.integers(0, 1))
    def wake(self, which: int) -> None:
        session = self.stalled.pop(which % len(self.stalled))
        run_id = session.run_id  # empty if it stalls before it has claimed a run: then it may still do that
        lost = bool(run_id) and self.owners[run_id] not in (None, session)
        before = self.files(run_id) if lost else []
        session.wake()
        for old, new in zip(before, self.files(run_id) if lost else [], strict=True):
            assert old in (None, new), "a session without the lease overwrote what another wrote"
        self.ended(session)

    @rule(seconds=st.sampled_from([-7200.0, -30.0, 30.0, 90.0, 7200.0]))
    def step_the_clock(self, seconds: float) -> None:
        self.ahead += seconds

    def teardown(self) -> None:
        try:
            while self.stalled:
                self.wake(0)
            self.ahead += 1_000_000.0
            self.finish()
        finally:
            for session in self.stalled:
                session.wake()
            self.patch.undo()
            shutil.rmtree(self.folder, ignore_errors=True)

    # -- what must be true -------------------------------------------------------------------------------------------------

    def begun(self, plan: Plan) -> Session:
        """Begin a session, and return when it has ended or stalls."""
        self.sessions += 1
        session = Session(self.place, self.truth, plan, self.sessions)
        session.start()
        session.settle()
        return session

    def ended(self, session: Session) -> None:
        """Check a session that has ended; keep one that stalls."""
        if session.run_id:
            self.images[session.run_id] = max(self.images.get(session.run_id, 0), session.plan.images)
            if not session.claimed:  # not again when it has been woken: another one may have claimed the run meanwhile
                # One that stalled while it claimed the run, and was woken, may have claimed it before or after others.
                woken = session.number != self.sessions
                self.owners[session.run_id] = None if woken else session
                session.claimed = True
        if session.stalls:
            with self.place.open() as workspace:
                session.holds = not session.plan.elsewhere and any(
                    row.live and row.run_id == session.run_id for row in workspace.ledger.runs()
                )
            self.stalled.append(session)
            return
        session.join()
        self.crashed |= session.end == "crashed"
        if session.end == "lost" and session.error and not (session.plan.stall and isinstance(session.error, LeaseLost)):
            raise session.error
        with self.place.open() as workspace:  # one that crashed may have got as far
            self.closed |= {row.run_id for row in workspace.ledger.runs() if row.outcome in DELIVERED}
        if session.end == "busy":
            # One that stalled between its look for a run to resume and its claim finds what was begun meanwhile.
            assert self.stalled or self.crashed or session.plan.stall, session.error
        elif session.run_id and session.number == self.sessions:  # not one that stalled before, and has been woken
            assert not any(other.holds for other in self.stalled), "a living owner on this machine was taken over"
        assert self.truth.wrong == []
        if session.result and session.end in ("delivered", "undelivered"):
            self.check(session.result)
        unfinished = {run_id for run_id, *_ in self.truth.sent} - self.closed
        assert len(unfinished) <= 1, "a run was begun although another one that has been paid for is unfinished"

    def check(self, run: Run) -> None:
        """Check what a session says of the run."""
        sent = {attempt: count for attempt, count in self.truth.sent.items() if attempt[0] == run.run_id}
        assert len(sent) <= self.images[run.run_id], "more pictures than the limit allows"
        if run.outcome == "passed":
            assert self.is_good(run)

    def is_good(self, run: Run) -> bool:
        """Whether the judge accepts the best picture of the run."""
        assert run.best
        assert run.best.image
        with self.place.open() as workspace:
            data = workspace.store.load(run.best.image.key)
        assert data
        return Image.open(io.BytesIO(data)).convert("RGB").tobytes()[0] % 4 == 0

    def files(self, run_id: str) -> list[bytes | None]:
        """The record and the report of a run."""
        with self.place.open() as workspace:
            return [workspace.store.load(f"{run_id}/{name}") for name in ("run.json", "report.html")]

    def finish(self) -> None:
        """Give the order once more, undisturbed: it ends, and every picture that is whole is in its record."""
        session = self.begun(Plan(images=max(self.images.values(), default=1)))
        self.ended(session)
        run = session.result
        assert session.end == "delivered", session.error
        assert run
        unknown = {(run.run_id, a.revision, a.attempt) for a in run.attempts if a.problem and a.problem.kind == "unknown"}
        assert not unknown & self.truth.stored, "a whole picture stays unfound"
        paid = sum(count for attempt, count in self.truth.sent.items() if attempt[0] == run.run_id)
        assert run.usage.usd is not None
        assert run.usage.usd >= PRICE * paid - 1e-9, "what was paid is not counted"
        assert self.files(run.run_id)[0] == run.to_json().encode()


STEPS = settings(
    stateful_step_count=12,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking takes as long as thousands of examples
    report_multiple_bugs=False,
    print_blob=True,
)


def test_an_order_survives_whatever_happens_to_its_sessions() -> None:
    run_state_machine_as_test(Order, settings=settings(STEPS, max_examples=20, derandomize=True))


@pytest.mark.soak
def test_an_order_survives_five_thousand_histories() -> None:
    run_state_machine_as_test(Order, settings=settings(STEPS, max_examples=5_000))
