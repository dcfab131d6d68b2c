"""Sessions of one order that crash or stall at any step: at each write and read of the ledger and the store, and while
a picture is drawn.

Each session is a thread with an event loop of its own, as a process is. One that crashes never touches anything again. One that
stalls waits, holding everything that it holds, until it is woken.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal, TypeVar

from obstore.store import MemoryStore

from onbrief.brief import Brief
from onbrief.errors import Failed, LedgerBusy, Unknown
from onbrief.ledger import owner
from onbrief.ledger.sqlite import SqliteLedger
from onbrief.policy import seed_of
from onbrief.ports import Decision, Entry, Recorded
from onbrief.pursuit import Order, Workspace, open_pursuit
from onbrief.record import Run
from onbrief.settings import Settings
from onbrief.store import BucketStore, FolderStore, Objects
from onbrief.store.fence import Confirm, StagedFiles
from onbrief.store.objects import Version
from onbrief.store.spool import Spool
from onbrief.testing import Bill, ImageRequest, crew, picture
from tests.interruption import SEED, pixel_crew

T = TypeVar("T")
PRICE: Final = 0.04  # US dollars for a picture
PLENTY: Final = 60.0  # seconds; no session takes as long
ATTEMPTS: Final = {seed_of(SEED, r, a): (r, a) for r, a in itertools.product(range(16), range(16))}
"""The revision and attempt of each seed."""

Attempt = tuple[str, int, int]
"""Run id, revision and attempt."""
End = Literal["delivered", "undelivered", "crashed", "busy", "lost"]


class Crash(BaseException):
    """The process is gone."""


@dataclass(slots=True)
class Truth:
    """What has really happened, apart from the ledger: the bill, and the pictures whose bytes are in the store."""

    sent: Counter[Attempt] = field(default_factory=Counter[Attempt])
    free_again: Counter[Attempt] = field(default_factory=Counter[Attempt])  # tries that the provider said had failed
    stored: set[Attempt] = field(default_factory=set[Attempt])
    wrong: list[str] = field(default_factory=list[str])

    def asks(self, attempt: Attempt, *, resend: bool) -> None:
        """Note that a session asks for a picture."""
        if attempt in self.stored:
            self.wrong.append(f"{attempt} is asked for again although its picture is in the store")
        elif self.sent[attempt] > self.free_again[attempt] and not resend:
            self.wrong.append(f"{attempt} is asked for again although its outcome is unknown")


@dataclass(frozen=True, slots=True)
class Plan:
    """How a session is ordered and what happens to it. `crash` and `stall` are numbers of steps; `answers` are what the image
    model answers, one after the other, and pictures after that.
    """

    images: int = 3
    parallel: int = 1
    policy: str = "adaptive"
    resend: bool = False
    deliver: bool = True
    answers: tuple[str, ...] = ()
    crash: int | None = None
    stall: int | None = None
    elsewhere: bool = False


@dataclass(slots=True)
class Place:
    """A place with runs that outlives the sessions: a folder, or a bucket in memory if there is none."""

    folder: Path | None
    memory: MemoryStore = field(default_factory=MemoryStore)

    @property
    def settings(self) -> Settings:
        """The settings with which it is opened."""
        return Settings(out=str(self.folder) if self.folder else "memory:")

    def open(self, session: Session | None = None) -> Workspace:
        """Open it; with a session, each of its steps is one of that session."""
        if self.folder is None:
            objects = Objects(self.memory) if session is None else _Objects(self.memory, session)
            return Workspace(BucketStore(objects, "memory:", Spool(b"", roots=())), self.settings)
        workspace = Workspace(FolderStore(self.folder) if session is None else _Folder(self.folder, session), self.settings)
        if session:
            workspace.ledger.close()
            workspace.ledger = _Ledger(self.folder / "ledger.db", session)
        return workspace


class Session(threading.Thread):
    """One session of the order. `settle` returns when it has ended or stalls."""

    def __init__(self, place: Place, truth: Truth, plan: Plan, number: int) -> None:
        super().__init__(name=f"session {number}", daemon=True)
        self.place, self.truth, self.plan = place, truth, plan
        self.run_id = ""
        self.result: Run | None = None
        self.end: End | None = None
        self.error: BaseException | None = None
        self.number = number
        self._steps = 0
        self._under_way = 0  # requests that may have been recorded and not sent when it stalled
        self._dead = False
        self._lock = threading.Lock()
        self._settled = threading.Semaphore(0)
        self._woken = threading.Event()
        self.stalls = False
        self.claimed = False  # the test knows which run it has claimed
        self.holds = False  # it stalls as the owner of its run, and its process can be seen from here

    def settle(self) -> None:
        """Wait until the session has ended or stalls."""
        assert self._settled.acquire(timeout=PLENTY), "the session hangs"

    def wake(self) -> None:
        """Let a session that stalls go on to its end."""
        self.stalls = False
        self._under_way = self.plan.parallel
        self._woken.set()
        self.settle()

    def step(self) -> None:
        """Pass one step: crash or stall if this is the one.

        Raises:
            Crash: it crashes here, or has crashed before.
        """
        with self._lock:
            self._steps += 1
            if self._steps == self.plan.crash:
                self._dead = True
            if self._steps == self.plan.stall:
                self.stalls = True
                self._settled.release()
        if self.stalls:  # all of its tasks stall
            assert self._woken.wait(PLENTY), "nobody wakes the session"
        if self._dead:
            raise Crash

    def run(self) -> None:
        """Pursue the order."""
        token = f"elsewhere/{self.number}/{self.number:016x}" if self.plan.elsewhere else None
        TOKENS.token = token
        try:
            self.end = asyncio.run(self._pursue())
        except Crash:
            self.end = "crashed"
        except LedgerBusy as error:
            self.end, self.error = "busy", error
        except BaseException as error:  # noqa: BLE001 - the test shows it
            self.end, self.error = "lost", error
        self._settled.release()

    async def _pursue(self) -> End:
        plan = self.plan
        settings = replace(
            self.place.settings,
            max_images=plan.images,
            parallel=plan.parallel,
            policy=plan.policy,
            max_attempts=2,
            max_prompts=9,
        )
        order = Order(brief=Brief(text="a red circle", size=(64, 64)), settings=settings, seed=SEED, resend_unknown=plan.resend)
        models = pixel_crew(Bill())
        models = replace(models, image_model=crew(Bill(), answer=self._drawn).image_model)
        with self.place.open(self) as workspace:
            async with open_pursuit(order, models, workspace=workspace) as pursuit:
                self.run_id = pursuit.run_id
                async for event in pursuit.events():
                    self.result = event.run
                if plan.deliver:
                    await pursuit.deliver()
        return "delivered" if plan.deliver else "undelivered"

    def _drawn(self, asked: ImageRequest) -> bytes:
        """The script of the image model."""
        revision, attempt = ATTEMPTS[asked.seed]
        if self._under_way:  # recorded before the session stalled: nobody can stop these requests any more
            self._under_way -= 1
        else:
            self.truth.asks((self.run_id, revision, attempt), resend=self.plan.resend)
        self.step()  # the request is under way
        self.truth.sent[self.run_id, revision, attempt] += 1
        self.step()  # the picture is paid for, and the answer is under way
        match self.plan.answers[asked.number] if asked.number < len(self.plan.answers) else "picture":
            case "lost":
                raise Unknown("the answer was cut off")
            case "failed":
                self.truth.free_again[self.run_id, revision, attempt] += 1
                raise Failed("Inference error")
            case _:
                return picture(asked.seed)

    def stored(self, key: str) -> None:
        """Note that a file is in the store."""
        run_id, _, name = key.partition("/")
        if name.endswith(".png"):
            revision, attempt = name[:7].split("-")
            self.truth.stored.add((run_id, int(revision), int(attempt)))


TOKENS = threading.local()
"""The token of the owner in each thread that is on another host."""


def new_token(lease: float | None = None) -> str:
    """Return the token of this thread's session if it is on another host, else one of this process."""
    return getattr(TOKENS, "token", None) or owner.new_token(lease)


class _Objects(Objects):
    """Objects whose every request is two steps: before it and after it."""

    def __init__(self, service: MemoryStore, session: Session) -> None:
        super().__init__(service)
        self._session = session

    def _request(self, ask: Callable[[], T]) -> T:
        self._session.step()
        answer = ask()
        self._session.step()
        return answer

    def take(self, key: str, data: bytes, media_type: str) -> bool:
        def ask() -> bool:
            taken = super(_Objects, self).take(key, data, media_type)
            if taken:
                self._session.stored(key)
            return taken

        return self._request(ask)

    def replace_version(self, key: str, data: bytes, media_type: str, version: Version | None) -> Version | None:
        return self._request(lambda: super(_Objects, self).replace_version(key, data, media_type, version))

    def versioned(self, key: str) -> tuple[bytes, Version] | None:
        return self._request(lambda: super(_Objects, self).versioned(key))

    def keys(self, folder: str, after: str | None = None) -> list[str]:
        return self._request(lambda: super(_Objects, self).keys(folder, after))

    def delete(self, keys: Sequence[str]) -> None:
        self._request(lambda: super(_Objects, self).delete(keys))


class _Ledger(SqliteLedger):
    """A ledger whose every write is two steps: before it and after it."""

    def __init__(self, path: Path, session: Session) -> None:
        super().__init__(path)
        self._session = session

    async def _stepped(self, write: Coroutine[None, None, T]) -> T:
        try:
            await asyncio.to_thread(self._session.step)
        except BaseException:  # a crash, or the cancellation of this session
            write.close()
            raise
        answer = await write
        await asyncio.to_thread(self._session.step)
        return answer

    async def claim(
        self, run_id: str, request: str, settings: str, token: str, lease: float, *, alone: bool = False
    ) -> Recorded:
        return await self._stepped(super().claim(run_id, request, settings, token, lease, alone=alone))

    async def renew(self, run_id: str, token: str, lease: float) -> None:
        await self._stepped(super().renew(run_id, token, lease))

    async def release(self, run_id: str, token: str, outcome: str | None, decisions: Sequence[Decision] = ()) -> None:
        await self._stepped(super().release(run_id, token, outcome, decisions))

    async def begin(self, run_id: str, token: str, entry: Entry, decisions: Sequence[Decision] = ()) -> None:
        await self._stepped(super().begin(run_id, token, entry, decisions))

    async def finish(self, run_id: str, token: str, entry: Entry) -> None:
        await self._stepped(super().finish(run_id, token, entry))


class _Folder(FolderStore):
    """A folder whose every write is two steps: before it and after it."""

    def __init__(self, folder: Path, session: Session) -> None:
        super().__init__(folder)
        self._session = session

    async def create(self, key: str, data: bytes, media_type: str) -> str:
        await asyncio.to_thread(self._session.step)
        url = await super().create(key, data, media_type)
        self._session.stored(key)
        await asyncio.to_thread(self._session.step)
        return url

    async def own(self, run_id: str, files: Mapping[str, str], fence: str, confirm: Confirm, *, fresh: bool) -> StagedFiles:
        await asyncio.to_thread(self._session.step)
        owned = await super().own(run_id, files, fence, confirm, fresh=fresh)
        await asyncio.to_thread(self._session.step)
        return _Staged(owned, self._session)


class _Staged(StagedFiles):
    """Fenced files whose every write is two steps."""

    def __init__(self, files: StagedFiles, session: Session) -> None:
        self._files = files
        self._session = session

    async def replace(self, key: str, data: bytes, media_type: str) -> str:
        await asyncio.to_thread(self._session.step)
        url = await self._files.replace(key, data, media_type)
        await asyncio.to_thread(self._session.step)
        return url

    async def aclose(self) -> None:
        await asyncio.to_thread(self._session.step)
        await self._files.aclose()
