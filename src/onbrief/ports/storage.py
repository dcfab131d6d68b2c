"""Where things are kept: the store for pictures, and the ledger for paid calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

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


def call_key(kind: CallKind, revision: int, attempt: int) -> str:
    """What names a paid step within its run: `image/001-003`."""
    return f"{kind}/{revision:03d}-{attempt:03d}"


@dataclass(frozen=True, slots=True)
class Call:
    """One paid step of a run. `digest` is the sha256 of the request, `price` the most that it can cost in US dollars
    (None: not known).
    """

    kind: CallKind
    revision: int
    attempt: int
    model: str
    digest: str
    price: float | None

    @property
    def key(self) -> str:
        """What names this step within its run."""
        return call_key(self.kind, self.revision, self.attempt)


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


class Ledger(Protocol):
    """The durable record of every paid call. Every method is one transaction, on disk when it returns.

    Writes carry the token of the run's owner, and a write whose token is no longer the owner's changes nothing.

    Raises, all of them:
        LedgerError: it cannot be read or written.
        LeaseLost: the token is no longer the owner's.
    """

    def claim(self, run_id: str, request: str, settings: str, token: str, lease: float) -> tuple[RunRow, list[Entry]]:
        """Begin a run, or take over one that nobody alive works on, for `lease` seconds; answers all that is recorded of it.

        Raises:
            LedgerBusy: the lease of another owner, who may be alive, has not run out.
            OtherRequest: the run id is taken by another request.
        """
        ...

    def renew(self, run_id: str, token: str, lease: float) -> None:
        """Own the run for `lease` seconds from now."""
        ...

    def release(self, run_id: str, token: str, outcome: str | None) -> None:
        """Own the run no longer, and note how it ended (None: it has not)."""
        ...

    def begin(self, run_id: str, token: str, entry: Entry) -> None:
        """Write down a call before it is sent; its state is `started` and its price reserved."""
        ...

    def finish(self, run_id: str, token: str, entry: Entry) -> None:
        """Write down what became of a call."""
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
            Unlisted: that cannot be told with these credentials.
        """
        ...

    def forget(self, run_id: str) -> None:
        """Delete all that is recorded of a run.

        Raises:
            LedgerBusy: somebody alive works on it.
        """
        ...
