"""One pursuit from beginning to end: opens the store and the ledger, runs the loop, keeps the record and the report.

Every front door comes through here. What can be wrong with an order is found before anything is written or spent.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import math
import re
import secrets
from collections.abc import AsyncGenerator, Generator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from onbrief import loop
from onbrief.brief import Brief, Checklist
from onbrief.config import Settings, settings_of
from onbrief.documents import brief_of
from onbrief.errors import LeaseLost, LedgerError, StoreError, Unlisted, UsageError
from onbrief.events import Event, ImageJudged, ImageMade, RunEnded
from onbrief.ledger.account import RETRY_TIMEOUT, Account, SpendingPolicy, open_account
from onbrief.ledger.deadline import Deadline
from onbrief.ledger.objects import ObjectsLedger
from onbrief.policy import SEED_RANGE
from onbrief.ports import Ledger, RunRow
from onbrief.pursuit.outputs import RunOutputs
from onbrief.record import Prompt, Run
from onbrief.replay import AsRecorded
from onbrief.store import BucketStore, FolderStore, Names, RunStore, is_bucket, open_bucket, open_store, region_of
from onbrief.store.place import TABLES
from onbrief.studio import Crew, LedgerStudio

if TYPE_CHECKING:
    from onbrief.ledger.sqlite import SqliteLedger

LEDGER_FILE = "ledger.db"
MAX_SEED = 4_294_967_295  # our own range, 32 bits; a model with a smaller one is sent a seed in its range, with a warning
_RUN_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_INTERRUPTED = {None, "failed", "cancelled"}  # outcomes after which the same command goes on with the same run


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a front door asks for. Without a `run_id`, an interrupted run of the same order is gone on with, or a new one
    begun; without a `seed`, the run id decides it. `warnings` are in the record from the beginning. `names` is what the names
    of the pictures begin with that are to lie beside the run's folder and not in it; see store.Names.

    Raises:
        UsageError: anything about it that cannot work.
    """

    brief: Brief
    settings: Settings = field(default_factory=Settings)
    run_id: str | None = None
    seed: int | None = None
    resend_unknown: bool = False
    warnings: tuple[str, ...] = ()
    names: str | None = None

    def __post_init__(self) -> None:
        self.settings.require_models()
        if self.run_id is not None:
            check_run_id(self.run_id)
        if self.seed is not None and not 0 <= self.seed <= MAX_SEED:
            raise UsageError.of("seed", self.seed, f"a whole number from 0 to {MAX_SEED}")
        if not self.settings.plan and not any(r.must for r in self.brief.requirements) and not self.brief.avoid:
            raise UsageError("plan: false is not allowed without a requirement of your own; expected at least one")

    @property
    def request(self) -> str:
        """What makes two orders the same, as JSON: not the limits, which may grow, nor how many are made at once."""
        s = self.settings
        fixed = {"image_model": s.image_model, "judge": s.judge, "reviser": s.reviser, "policy": s.policy, "plan": s.plan}
        fixed |= {} if self.names is None else {"names": self.names}
        return json.dumps({"brief": asdict(self.brief), "seed": self.seed, **fixed}, ensure_ascii=False, sort_keys=True)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a run would begin with, and the most that it can cost in US dollars (None: nobody knows)."""

    checklist: Checklist
    prompt: Prompt
    usd: float | None
    warnings: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Pursuit:
    """A run that is owned by this process and about to begin or to go on; see `open_pursuit`."""

    order: Order
    crew: Crew
    store: RunStore
    account: Account

    @property
    def run_id(self) -> str:
        """The id of the run."""
        return self.account.row.run_id

    @property
    def continued(self) -> bool:
        """Whether something is recorded of it already."""
        return self.account.recorded

    def stop(self) -> None:
        """Begin nothing new; what is under way is finished and written down, then the run ends as cancelled."""
        self.account.stop()

    async def events(self) -> AsyncGenerator[Event]:
        """What happens, as it happens. run.json is written before each attempt is told, report.html at the end."""
        studio = LedgerStudio(
            crew=self.crew, store=self.store, ledger=self.account, label=not self.order.settings.strip_metadata
        )
        for warning in (*self.order.warnings, *self.crew.image_model.check(self.order.brief.size)):
            studio.warn(warning)
        run = Run(
            run_id=self.run_id,
            seed=self.order.seed if self.order.seed is not None else _seed_of(self.run_id),
            brief=self.order.brief,
            models=self.crew.names,
            started=self.account.row.started,
        )
        settings = self.order.settings
        policy = AsRecorded(settings.chosen_policy, self.account)
        async with (
            RunOutputs(self.store) as papers,
            contextlib.aclosing(loop.pursue(run, studio, settings.limits, policy)) as events,
        ):
            async for event in events:
                match event:
                    case ImageMade(_, attempt):
                        papers.made(attempt)
                        yield event
                    case ImageJudged(run, attempt):
                        with _warned(studio):
                            await papers.judged(run, attempt)
                        yield event
                    case RunEnded(run):
                        yield RunEnded(await self._close(run, studio, papers))
                    case _:
                        yield event

    async def _close(self, run: Run, studio: LedgerStudio, papers: RunOutputs) -> Run:
        """The run that has ended, once all that is left of it is written; what cannot be written is a warning in it.

        The ledger is told last: until then the same command goes on with this run, whatever happens, and does no work twice.
        """
        with _warned(studio):
            try:
                await self.account.confirm()
            except LeaseLost as error:  # what lies in the store is the other owner's
                studio.warn(str(error))
                return replace(run, warnings=tuple(studio.warnings))
        run = await studio.account(run)
        with _warned(studio):
            await papers.write_record(run)
            await papers.write_report(run)
        with _warned(studio):
            await self.account.release(run.outcome or "failed")
        return replace(run, warnings=tuple(studio.warnings))


@contextlib.contextmanager
def _warned(studio: LedgerStudio) -> Generator[None]:
    """Trouble with the record is told in it and ends nothing: the ledger has all that was paid for."""
    try:
        yield
    except (LedgerError, StoreError) as error:
        studio.warn(str(error))


@contextlib.asynccontextmanager
async def open_pursuit(order: Order, crew: Crew | None = None, deadline: Deadline | None = None) -> AsyncGenerator[Pursuit]:
    """The pursuit of an order, with its store and ledger open and its run owned by this process.

    `crew` stands in for the models that the settings name. `deadline` is the time that this process has, where that is known:
    when it is up, the run ends as cancelled and can be gone on with.

    Raises:
        UsageError: a model, size, price or folder that cannot work; nothing has been spent.
        LedgerBusy: another live process works on the run that `run_id` names.
        OtherRequest: `run_id` is taken by another order.
    """
    crew = _checked(crew or order.settings.crew(), order)
    store = await asyncio.to_thread(open_store, order.settings.out, region_of(order.settings.tables))
    await store.require_writable()
    with contextlib.closing(_ledger_of(store)) as ledger:
        run_id = order.run_id
        if run_id is None:
            try:
                run_id = await asyncio.to_thread(_interrupted, ledger, order)
            except Unlisted as error:
                told = f"no interrupted run of this order could be looked for, so a new one is begun: {error}"
                order = replace(order, warnings=(*order.warnings, told))
        run_id = run_id or _new_run_id()
        settings = json.dumps(asdict(order.settings), ensure_ascii=False, sort_keys=True)
        retry_timeout = min(RETRY_TIMEOUT, math.inf if order.settings.max_seconds is None else order.settings.max_seconds)
        spending = SpendingPolicy(
            usd=order.settings.max_usd, resend_unknown=order.resend_unknown, retry_timeout=retry_timeout, deadline=deadline
        )
        async with open_account(ledger, run_id, order.request, settings, spending) as account:
            names = _names(order.settings, account.row)
            named = await names.claim(store) if names else store
            yield Pursuit(order=order, crew=crew, store=named, account=account)


async def preview(order: Order) -> Preview:
    """What a run of this order would begin with; writes nothing, and asks only the planner.

    Raises:
        UsageError: as open_pursuit.
        CallError: the planner did not answer.
    """
    crew, limits = _checked(order.settings.crew(), order), order.settings.limits
    planned = (await crew.planner.checklist(order.brief)).requirements if crew.planner else ()
    warnings = (*crew.image_model.check(order.brief.size), *crew.warnings)
    prices = (crew.planner.price if crew.planner else 0.0, crew.image_model.price, crew.judge.price, crew.reviser.price)
    times = (1, limits.images, limits.images, min(limits.prompts, limits.images) - 1)
    most = None if None in prices else sum(n * price for n, price in zip(times, prices, strict=True) if price)
    usd = most if most is None or limits.usd is None else min(most, limits.usd)
    return Preview(Checklist.freeze(planned, order.brief), Prompt.first(order.brief), usd, warnings)


def resumed(run_id: str, settings: Settings, given: Mapping[str, object], *, resend_unknown: bool = False) -> Order:
    """The order with which a recorded run goes on: as it was given, but for the settings that are `given` anew.

    Raises:
        UsageError: no such run under `settings.out`, or one of the settings that cannot change any more.
    """
    with open_ledger(settings.out, region_of(settings.tables)) as ledger:
        row = find_run(ledger, run_id)
    request, before = json.loads(row.request), settings_of(json.loads(row.settings))
    tables = {name: table for name, table in before.tables.items() if name not in TABLES}
    tables |= {name: table for name, table in settings.tables.items() if name in TABLES}  # where it lies now
    order = Order(
        brief=brief_of(request["brief"]),
        settings=settings_of({**asdict(before), **given, "out": settings.out, "tables": tables}),
        run_id=run_id,
        seed=request["seed"],
        resend_unknown=resend_unknown,
        names=request.get("names"),
    )
    if order.request != row.request:
        raise UsageError(f"run {run_id}: its models, policy and checklist are fixed; give limits, or begin another run")
    return order


@contextlib.contextmanager
def open_ledger(out: str, region: str | None = None) -> Generator[Ledger]:
    """The ledger of a folder in which there have been runs, or of a bucket (in this `region`; see store.open_store).

    Raises:
        UsageError: there is none.
    """
    if is_bucket(out):
        yield _ledger_of(open_bucket(out, region))
        return
    path = Path(out) / LEDGER_FILE
    if not path.is_file():
        raise UsageError.of("out", out, f"a folder with runs in it ({LEDGER_FILE} is not there)")
    with contextlib.closing(_sql_ledger(path)) as ledger:
        yield ledger


def _ledger_of(store: FolderStore | BucketStore) -> SqliteLedger | ObjectsLedger:
    """The ledger that lies beside the pictures of a store."""
    match store:
        case FolderStore():
            return _sql_ledger(store.folder / LEDGER_FILE)
        case BucketStore():
            return ObjectsLedger(store.objects, store.url)


def _sql_ledger(path: Path) -> SqliteLedger:
    from onbrief.ledger.sqlite import SqliteLedger  # SQLAlchemy takes a third of a second, and a bucket does without

    return SqliteLedger(path)


async def run_store(settings: Settings, row: RunRow) -> RunStore:
    """The store of a run that is recorded, for reading.

    Raises:
        UsageError, StoreError: it cannot be opened.
    """
    store, names = open_store(settings.out, region_of(settings.tables)), _names(settings, row)
    return await names.find(store) if names else store


def _names(settings: Settings, row: RunRow) -> Names | None:
    """The names of a run's pictures, where they are not the usual ones."""
    start = json.loads(row.request).get("names")
    return None if start is None else Names(settings.out, region_of(settings.tables), start, row.run_id, row.started)


def find_run(ledger: Ledger, run_id: str) -> RunRow:
    """A run of this ledger.

    Raises:
        UsageError: there is none of this id, or it can be no id.
    """
    check_run_id(run_id)
    row = ledger.run(run_id)
    if row is None:
        raise UsageError.of("run", run_id, "the id of a run; `onbrief list` shows them")
    return row


def check_run_id(run_id: str) -> None:
    """Refuse what can be no run id.

    Raises:
        UsageError: anything but 1 to 64 small letters, digits and hyphens, a hyphen not first.
    """
    if not _RUN_ID.fullmatch(run_id):
        raise UsageError.of("run id", run_id, "1 to 64 small letters, digits and hyphens, a hyphen not first")


def _checked(crew: Crew, order: Order) -> Crew:
    """The models of an order, once everything about them that can be wrong has been looked at."""
    crew.image_model.check(order.brief.size)
    if order.settings.max_usd is not None and crew.unpriced:
        names = ", ".join(crew.unpriced)
        raise UsageError.of("max_usd", order.settings.max_usd, f"no limit in dollars, as the price of {names} is not known")
    return crew


def _interrupted(ledger: Ledger, order: Order) -> str | None:
    """The newest run of the same order that was interrupted and that nobody works on; to send again what became of which
    is not known, one that ended so.
    """
    for row in ledger.runs_of(order.request):
        left = row.outcome in _INTERRUPTED or (order.resend_unknown and row.outcome == "unknown")
        if left and not row.live:
            return row.run_id
    return None


def _new_run_id() -> str:
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def _seed_of(run_id: str) -> int:
    low, high = SEED_RANGE
    return low + int.from_bytes(hashlib.sha256(run_id.encode()).digest()[:8], "big") % (high - low + 1)
