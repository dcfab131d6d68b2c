"""The contracts of storage: the store for pictures, and the ledger for paid calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, Protocol, runtime_checkable

from onbrief.errors import StoreError
from onbrief.ports.models import NO_TOKENS, Tokens


class Owned(Protocol):
    """The files of a run that its owner replaces. Once another process has taken over the run, nothing is changed here."""

    async def replace(self, key: str, data: bytes, media_type: str) -> str:
        """See Store.replace.

        Raises:
            StoreError: it cannot be written.
            LeaseLost: another process has taken over the run.
        """
        ...

    async def aclose(self) -> None:
        """Remove what these writes needed."""
        ...


class Pictures(Protocol):
    """Where the pictures of a run can be read, by their keys."""

    async def read(self, key: str) -> bytes | None:
        """Return the bytes, or None if there are none under this key.

        Raises:
            StoreError: they cannot be read.
        """
        ...

    def load(self, key: str) -> bytes | None:
        """Like `read`, but blocks; for code in a separate thread."""
        ...


class Store(Pictures, Protocol):
    """Stores pictures, records and reports. Keys are `<run_id>/<name>`."""

    async def require_room(self, *choices: Sequence[str]) -> None:
        """Check, before a picture is paid for, that there is room for it and that it could be created under one key of each of
        these choices, as far as that can be known.

        Raises:
            StoreError: there is no room, a key leads out of the store or cannot be written, or all keys of a choice are taken.
        """
        ...

    async def create(self, key: str, data: bytes, media_type: str) -> str:
        """Write a file durably and return its url. It is never overwritten; writing the same bytes again succeeds.

        Raises:
            KeyTaken: other bytes are already stored under this key.
            StoreError: it cannot be written.
        """
        ...

    async def replace(self, key: str, data: bytes, media_type: str) -> str:
        """Write a file atomically, replacing any earlier one, and return its url.

        Raises:
            StoreError: it cannot be written.
        """
        ...

    async def own(
        self, run_id: str, files: Mapping[str, str], fence: str, confirm: Callable[[], Awaitable[None]], *, fresh: bool
    ) -> Owned:
        """Begin to replace these files of a run, as its owner who has just claimed it. They are given by their names and media
        types. Writes of former owners change nothing from now on. `fence` is different for each owner; `confirm` raises
        LeaseLost unless this process still owns the run; `fresh`: no call of the run has been recorded yet.

        Raises:
            StoreError: former owners cannot be shut out.
            LeaseLost: this process does not own the run any more.
        """
        ...

    async def read(self, key: str) -> bytes | None:
        """Return the bytes, or None if there are none under this key. Also finds bytes that `create` could only spool.

        Raises:
            StoreError: it cannot be read.
        """
        ...

    def load(self, key: str) -> bytes | None:
        """Like `read`, but blocks; for code in a separate thread."""
        ...

    async def copies(self, key: str) -> list[bytes]:
        """Return everything in which the bytes of this key can be: what is stored under it, what `create` could only spool, and
        what an interrupted write has left. Some may be truncated, or of another call: the caller checks them.

        Raises:
            StoreError: one of these places cannot be read.
        """
        ...

    async def keep(self, key: str, data: bytes, reason: str) -> StoreError:
        """Keep a picture that is paid for and cannot be stored, where `copies` finds it. Return the error to raise: the reason,
        and where the picture is now.
        """
        ...

    async def remove(self, run_id: str) -> None:
        """Delete everything that is stored under a run id.

        Raises:
            StoreError: it cannot be deleted.
        """
        ...


CallKind = Literal["plan", "review", "image", "judge", "confirm", "revise"]
State = Literal["started", "done", "refused", "failed", "unreadable", "unknown", "blocked"]


@lru_cache(4096)
def call_key(kind: CallKind, revision: int, attempt: int, part: str = "") -> str:
    """Return the key of a paid step within its run: `image/001-003`, or `judge/001-003/vote-2` for a part of one."""
    return f"{kind}/{revision:03d}-{attempt:03d}" + (f"/{part}" if part else "")


@dataclass(frozen=True, slots=True)
class Call:
    """One paid step of a run, identified by `kind`, `revision`, `attempt` and `part`. `part` distinguishes several calls of one
    attempt ("vote-2", "confirm", or "by-3f9a1c02" for another model), and is empty for the step itself. `digest` is the sha256
    of the request, `price` its maximum cost in US dollars (None if unknown).
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
        """The key of this call within its run."""
        return call_key(self.kind, self.revision, self.attempt, self.part)

    @property
    def step(self) -> str:
        """The key of the step that this call belongs to."""
        return call_key(self.kind, self.revision, self.attempt)


@dataclass(frozen=True, slots=True)
class Entry:
    """One try of a call, as recorded in the ledger. `usd` is the reserved price until the call is finished, then its cost.
    `result` is small JSON; pictures are in the store. `handle` is what the provider calls this try, as far as it has said so,
    or what its model has noted to find it again.
    """

    call: Call
    number: int
    state: State
    usd: float | None
    seconds: float = 0.0
    tokens: Tokens = NO_TOKENS
    result: str = ""
    message: str = ""
    handle: str = ""


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as the ledger lists it. `request` is the JSON of the order and never changes; `settings` is the JSON of the latest
    settings. `live`: the process that owns it may still be running. Times are ISO 8601, UTC. `broken` says what of it cannot be
    read, if anything; then only `run_id` and `live` can be relied on.
    """

    run_id: str
    request: str
    settings: str
    started: str
    outcome: str | None
    ended: str | None
    live: bool
    broken: str = ""

    @property
    def left(self) -> bool:
        """Whether the same order resumes this run: it is not in use, and has delivered no result or ended without one."""
        return not self.live and self.outcome in {None, "failed", "cancelled", "unknown"}


DecisionKind = Literal["generate", "repair", "revise", "stop", "judge"]


@dataclass(frozen=True, slots=True)
class Decision:
    """A step that the policy chose, numbered from 0 within its run.

    `inputs` is small JSON: for `generate` the `revision`, the numbers of its `attempts` and, if it is not the first one, the
    `rung` of the image model on the ladder; for `revise` the new `revision`,
    whether it is written `with_history`, and the names of the `attempts` in that history; for `stop` the `outcome`; for `judge`
    the hashes of the `pictures` that get the next numbers, of those that exist already. `seconds`
    and `usd` (None if unknown) are what the run had used at that moment; `reason` is for people.
    """

    number: int
    kind: DecisionKind
    inputs: Mapping[str, Any]
    reason: str = ""
    seconds: float = 0.0
    usd: float | None = 0.0


@dataclass(frozen=True, slots=True)
class Recorded:
    """Everything that a ledger has of one run: its row, its calls in the order in which they were begun, and its decisions in
    order. Ledgers from before decisions were recorded have none.
    """

    row: RunRow
    entries: tuple[Entry, ...] = ()
    decisions: tuple[Decision, ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """A call must wait before it is sent: for how many seconds, and why. `tries` is how often it has been sent in this session,
    and `elapsed` how many seconds ago it was first to be sent.
    """

    call: Call
    seconds: float
    reason: str
    tries: int = 0
    elapsed: float = field(default=0.0, compare=False)


LabelWord = Literal["yes", "no", "debatable"]


@dataclass(frozen=True, slots=True)
class Label:
    """What a person says of one requirement of an attempt: it is met, it is not, or fair people would differ. `by` is who says
    it, and `at` when (ISO 8601, UTC).
    """

    revision: int
    attempt: int
    requirement: str
    label: LabelWord
    by: str = ""
    note: str = ""
    at: str = ""

    @property
    def place(self) -> tuple[int, int, str, str]:
        """What it is about and whose it is: a later label of the same place replaces it."""
        return self.revision, self.attempt, self.requirement, self.by


@dataclass(frozen=True, slots=True)
class Fund:
    """Money that runs share, in whatever process they are: at most `usd` US dollars, or no limit (None), which only counts. A
    fund is known by its name, within the ledger of a place.
    """

    name: str
    usd: float | None


@runtime_checkable
class HoldsMoney(Protocol):
    """A ledger that can be opened with a Fund: those in a database. What its runs have spent in any session is counted when
    they are claimed, and `begin` raises OverBudget, and records nothing, if a call does not fit.
    """

    def hold(self, run_id: str, usd: float) -> None:
        """Hold this amount in US dollars, in place of any other, for calls of a run to come: from its next `begin` or `finish`
        on, until `release`.
        """
        ...


class Ledger(Protocol):
    """The durable record of every paid call. Writes are async: each is completely on disk when its method returns, even if the
    ledger commits several of them together. Reads block; call them in threads.

    Writes carry the token of the run's owner. A write with any other token changes nothing.

    Every method can raise:
        LedgerError: it cannot be read or written.
        LeaseLost: the token is not that of the owner any more.
    """

    async def claim(
        self, run_id: str, request: str, settings: str, token: str, lease: float, *, alone: bool = False
    ) -> Recorded:
        """Begin a run, or take over one that is not in use, for `lease` seconds. Return everything that is recorded of it.

        With `alone`, no other run of the same request may be in use, nor left if this one is new. Of several claims at
        the same time at most one succeeds; then it may be that none does.

        Raises:
            LedgerError: something that is recorded of it cannot be read.
            LedgerBusy: the lease of another owner, which may still be running, has not expired.
            OtherRequest: the run id is taken by another request.
        """
        ...

    async def renew(self, run_id: str, token: str, lease: float) -> None:
        """Extend the lease to `lease` seconds from now."""
        ...

    async def release(self, run_id: str, token: str, outcome: str | None, decisions: Sequence[Decision] = ()) -> None:
        """Record the outcome (None: the run has not ended) and the last decisions of the policy, and release the lease."""
        ...

    async def begin(self, run_id: str, token: str, entry: Entry, decisions: Sequence[Decision] = ()) -> None:
        """Record a call before it is sent; its state is `started` and its price is reserved. `decisions` are those that led to
        this call; they are recorded if and only if the call is. One that is already recorded stays as it is, here and in
        `release`: of calls that begin at the same time, each brings the same decision.
        """
        ...

    async def finish(self, run_id: str, token: str, entry: Entry) -> None:
        """Record the outcome of a call, or of one that is still `started` what is known of it by now."""
        ...

    async def label(self, run_id: str, labels: Sequence[Label]) -> None:
        """Record what a person says of a run's attempts, also while another process owns the run: it is no part of what the run
        does. A label replaces the one that the same person gave before.

        Raises:
            LedgerError: there is no such run.
        """
        ...

    def labels(self, run_id: str) -> list[Label]:
        """Return the labels of a run, in the order of attempts and requirements; none if there is no such run."""
        ...

    async def forget(self, run_id: str) -> None:
        """Delete everything that is recorded of a run, also of one that cannot be read.

        Raises:
            LedgerBusy: the run is in use.
        """
        ...

    def run(self, run_id: str) -> RunRow | None:
        """Return a run, or None. One that cannot be read says so in its field `broken`."""
        ...

    def runs(self) -> list[RunRow]:
        """Return all runs, newest first; those that cannot be read are among them."""
        ...

    def runs_of(self, request: str) -> list[RunRow]:
        """Return the runs of one request, newest first; those that may be among them and cannot be read are too.

        Raises:
            Unlisted: these credentials may not list them.
        """
        ...

    def close(self) -> None:
        """Wait for pending writes, then close files and connections."""
        ...
