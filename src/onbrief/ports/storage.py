"""Where things are kept: the store for pictures, and the ledger for paid calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from onbrief.ports.models import NO_TOKENS, Tokens


class Store(Protocol):
    """Where pictures, records and reports lie. Keys are `<run_id>/<name>`."""

    async def require_room(self) -> None:
        """Make sure, before a picture is paid for, that there will be room for it.

        Raises:
            StoreError: there is not.
        """
        ...

    async def create(self, key: str, data: bytes, media_type: str) -> str:
        """Write what must never be overwritten, durably; answers its url. The same bytes once more are a success.

        Raises:
            KeyTaken: other bytes are there already.
            StoreError: it cannot be written.
        """
        ...

    async def replace(self, key: str, data: bytes, media_type: str) -> str:
        """Write what may be overwritten, atomically; answers its url.

        Raises:
            StoreError: it cannot be written.
        """
        ...

    async def read(self, key: str) -> bytes | None:
        """The bytes, or None when there is nothing under this key. Finds what `create` could only spool, too.

        Raises:
            StoreError: it cannot be read.
        """
        ...

    def load(self, key: str) -> bytes | None:
        """`read`, for code that has a thread of its own and may wait in it."""
        ...

    async def remove(self, run_id: str) -> None:
        """Delete all that lies under a run id.

        Raises:
            StoreError: it cannot be deleted.
        """
        ...


CallKind = Literal["plan", "image", "judge", "revise"]
State = Literal["started", "done", "refused", "failed", "unreadable", "unknown", "blocked"]


def call_key(kind: CallKind, revision: int, attempt: int, part: str = "") -> str:
    """What names a paid step within its run: `image/001-003`, or `judge/001-003/vote-2` for a part of one."""
    return f"{kind}/{revision:03d}-{attempt:03d}" + (f"/{part}" if part else "")


@dataclass(frozen=True, slots=True)
class Call:
    """One paid step of a run. `kind`, `revision`, `attempt` and `part` say which one; `part` tells apart what belongs to one
    attempt ("vote-2", "confirm"), and is empty for the step itself. `digest` is the sha256 of the request, `price` the most
    that it can cost in US dollars (None: not known).
    """

    kind: CallKind
    revision: int
    attempt: int
    model: str
    digest: str
    price: float | None
    part: str = ""

    @property
    def key(self) -> str:
        """What names this step within its run."""
        return call_key(self.kind, self.revision, self.attempt, self.part)


@dataclass(frozen=True, slots=True)
class Entry:
    """One try of one call, as the ledger has it. `usd` is the reserved price until the call is finished, then what it cost.
    `result` is small JSON; pictures lie in the store.
    """

    call: Call
    number: int
    state: State
    usd: float | None
    seconds: float = 0.0
    tokens: Tokens = NO_TOKENS
    result: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as the ledger lists it. `request` is the JSON of what was asked for and never changes, `settings`
    that of the settings it was last given. `live`: a process owns it that may be alive. Times are ISO 8601, UTC.
    """

    run_id: str
    request: str
    settings: str
    started: str
    outcome: str | None
    ended: str | None
    live: bool


DecisionKind = Literal["generate", "revise", "stop"]


@dataclass(frozen=True, slots=True)
class Decision:
    """A step that the policy chose, numbered from 0 within its run.

    `inputs` are small JSON: of `generate` the `revision` and the numbers of its `attempts`, of `revise` the new `revision`,
    whether it is written `with_history` and the `attempts` (names) that it looks back on, of `stop` the `outcome`. `seconds`
    and `usd` (None: not known) are what the run had used when the policy was asked; `reason` is for people.
    """

    number: int
    kind: DecisionKind
    inputs: Mapping[str, Any]
    reason: str = ""
    seconds: float = 0.0
    usd: float | None = 0.0


@dataclass(frozen=True, slots=True)
class Recorded:
    """All that a ledger has of one run: its row, its calls in the order in which they were begun, and its decisions in order.
    Ledgers of before decisions were recorded have none.
    """

    row: RunRow
    entries: tuple[Entry, ...] = ()
    decisions: tuple[Decision, ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """A call cannot be sent yet: for how many seconds, and why."""

    call: Call
    seconds: float
    reason: str


class Ledger(Protocol):
    """The durable record of every paid call. Writes are awaited: each is on disk, whole, when its method returns, also where
    the ledger commits several of them together. Reads block, and are for threads that may wait.

    Writes carry the token of the run's owner, and a write whose token is no longer the owner's changes nothing.

    Raises, all of them:
        LedgerError: it cannot be read or written.
        LeaseLost: the token is no longer the owner's.
    """

    async def claim(self, run_id: str, request: str, settings: str, token: str, lease: float) -> Recorded:
        """Begin a run, or take over one that no live process works on, for `lease` seconds; answers all that is recorded of it.

        Raises:
            LedgerBusy: the lease of another owner, who may be alive, has not run out.
            OtherRequest: the run id is taken by another request.
        """
        ...

    async def renew(self, run_id: str, token: str, lease: float) -> None:
        """Own the run for `lease` seconds from now."""
        ...

    async def release(self, run_id: str, token: str, outcome: str | None, decisions: Sequence[Decision] = ()) -> None:
        """Record the outcome (None: the run has not ended) and what the policy decided last, and release the lease."""
        ...

    async def begin(self, run_id: str, token: str, entry: Entry, decisions: Sequence[Decision] = ()) -> None:
        """Write down a call before it is sent; its state is `started` and its price reserved. `decisions` are those of which
        this call is the first: they are in the ledger exactly when the call is. One that is recorded already stays as it is,
        here and in `release`: calls that begin at the same time all bring it.
        """
        ...

    async def finish(self, run_id: str, token: str, entry: Entry) -> None:
        """Write down the outcome of a call."""
        ...

    async def forget(self, run_id: str) -> None:
        """Delete all that is recorded of a run.

        Raises:
            LedgerBusy: a live process works on it.
        """
        ...

    def run(self, run_id: str) -> RunRow | None:
        """One run, or None."""
        ...

    def runs(self) -> list[RunRow]:
        """All runs, newest first."""
        ...

    def runs_of(self, request: str) -> list[RunRow]:
        """The runs of one request, newest first.

        Raises:
            Unlisted: these credentials may not list them.
        """
        ...

    def close(self) -> None:
        """Wait for writes under way, then let go of files and connections."""
        ...
