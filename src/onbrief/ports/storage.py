"""The contracts between the loop and what stands around it, each one to four methods."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from onbrief.brief import Brief, Checklist, Requirement, Size
from onbrief.record import Attempt, Finding, Prompt, Run

# -- models ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a language model counted for one call."""

    input: int = 0
    output: int = 0


@dataclass(frozen=True, slots=True)
class Picture:
    """What an image model answered: the bytes of one picture, as they came, the facts that the provider gave with it, and
    what is not as it was asked for, as `warnings` for the record.
    """

    data: bytes
    facts: dict[str, str] = field(default_factory=dict[str, str])
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """What a planner found in a brief. Ids are the planner's own; parents refer to them. `usd` is what the call cost, or None
    where only the model's price is known.
    """

    requirements: tuple[Requirement, ...]
    tokens: Tokens = Tokens()
    usd: float | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What a judge found in a picture, as it said it; judging/decide.py makes a verdict of it. `usd` as in Planned."""

    findings: tuple[Finding, ...]
    tokens: Tokens = Tokens()
    usd: float | None = None


@dataclass(frozen=True, slots=True)
class Revised:
    """The text of the next prompt, its negative text, and why it was written so. `usd` as in Planned."""

    text: str
    negative: str = ""
    reason: str = ""
    tokens: Tokens = Tokens()
    usd: float | None = None


class Model(Protocol):
    """What every model says of itself."""

    @property
    def name(self) -> str:
        """`provider:model`."""
        ...

    @property
    def price(self) -> float | None:
        """The most that one call can cost in US dollars, or None when nobody knows."""
        ...


@runtime_checkable
class Warns(Protocol):
    """A model that may leave out what was asked of it."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What it has left out or will, as far as it knows by now."""
        ...


class ImageModel(Model, Protocol):
    """Draws one picture for a prompt."""

    def check(self, size: Size) -> tuple[str, ...]:
        """What this model will drop or change for pictures of this size, as warnings.

        Raises:
            UsageError: a size that it cannot make.
        """
        ...

    async def generate(self, prompt: Prompt, size: Size, seed: int) -> Picture:
        """One picture, asked for exactly once.

        Raises:
            CallError: one of its four classes, when no picture came.
            ConfigError: something must be changed before any picture can come.
        """
        ...


class Editor(Model, Protocol):
    """Changes one thing in a picture and leaves the rest, as far as it can."""

    async def edit(self, image: bytes, instruction: str, seed: int, mask: bytes | None = None) -> Picture:
        """The picture after one change, in its own size, asked for exactly once. `instruction` is English: "replace the dog
        with a cat", "make the bench blue", "add two cups", "remove the car", "move the clock to the left of the cat",
        'change the text to "OPEN"'; no editor does all of them. `mask` is a PNG of the picture's size, white where it may
        change and black where it must stay; what is added comes to lie there.

        Raises:
            UsageError: an instruction that this editor cannot do, or not without (or with) a mask, or a mask that does not fit
                the picture. Found before anything is sent, so it is neither tried again nor counted.
            PictureError: bytes that are no picture; nothing is sent.
            CallError: one of its four classes, when no picture came; `Failed` where the instruction speaks of what the picture
                does not show, and the service says so.
            ConfigError: something must be changed before any picture can come.
        """
        ...


class Judge(Model, Protocol):
    """Answers requirements from the bytes of a picture, and from nothing else."""

    async def judge(self, image: bytes, requirements: Sequence[Requirement]) -> Judged:
        """A finding for each requirement. Never sees prompts, seeds, names, metadata or earlier verdicts.

        Raises:
            CallError: when no answer came.
        """
        ...


class Planner(Model, Protocol):
    """Turns a brief into requirements."""

    async def checklist(self, brief: Brief) -> Planned:
        """Atomic requirements, one claim each, found in the text of the brief.

        Raises:
            CallError: when no answer came.
        """
        ...


History = Sequence[tuple[Prompt, Sequence[Attempt]]]
"""Each prompt that was tried with its attempts, oldest first."""


class Reviser(Model, Protocol):
    """Writes the next prompt."""

    async def revise(self, brief: Brief, checklist: Checklist, revision: int, history: History) -> Revised:
        """The prompt number `revision` for this checklist, in other words than those before it. `history` is what was tried
        and what came of it, oldest first; it is empty when the policy wants a prompt from the brief alone.

        Raises:
            CallError: when no answer came.
        """
        ...


# -- places ------------------------------------------------------------------------------------------------------------


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
    tokens: Tokens = Tokens()
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


# -- the loop's view of it all -----------------------------------------------------------------------------------------


class Studio(Protocol):
    """The models at work, each paid step through the ledger."""

    async def plan(self, run: Run) -> Checklist:
        """The frozen checklist of the run's brief."""
        ...

    async def revise(self, run: Run, with_history: bool) -> Prompt:
        """The next prompt; written from the brief alone unless `with_history`."""
        ...

    def attempts(self, run: Run, seeds: Sequence[int]) -> AsyncGenerator[Attempt]:
        """One attempt for each seed with the prompt in use, at once. Each is given twice: when its picture is stored, and
        when it is judged. Once one has passed, nothing new is paid for.
        """
        ...

    async def account(self, run: Run) -> Run:
        """The run with its usage and warnings as they are now, and the time it ended if it has."""
        ...
