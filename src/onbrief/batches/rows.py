"""The briefs of a batch: each row of its file as an order."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from onbrief import intake
from onbrief.batches.cells import Said, encodable, explained, run_id_of, said_of
from onbrief.batches.columns import SHAPE, check_header, column_of
from onbrief.brief import MAX_BRIEF_CHARACTERS, Size
from onbrief.config import profile_path, settings_of
from onbrief.errors import UsageError
from onbrief.ports import AnyModel, Ladder, ModelRole
from onbrief.pursuit import Order
from onbrief.redaction import redacted
from onbrief.settings import Settings

MAX_LISTED = 100  # broken rows in a message
_ROLES: tuple[ModelRole, ...] = ("image_model", "judge", "reviser", "planner", "confirm_judge")
_NO_MODELS: Mapping[ModelRole, AnyModel | Ladder] = {}


@dataclass(frozen=True, slots=True)
class Head:
    """What holds for all rows after it: the `names` of the columns of a table, as they are in it, and the `defaults` of a
    document. `where` names the place for messages, and `hint` says where else the briefs may be.
    """

    number: int
    names: tuple[str, ...] = ()
    where: str = ""
    defaults: tuple[tuple[str, object], ...] = ()
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Cells:
    """What one row of a file says, before it is checked: its `number` is that of its line, or of its row in the spreadsheet, as
    `unit` says, and `fields` has its values that are not blank with the names of their columns, as they are in the file. A name
    may be there several times.
    """

    number: int
    fields: tuple[tuple[str, object], ...]
    unit: str = "line"


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that is no brief. `problem` names the field, the value and what is allowed."""

    number: int
    problem: str
    id: str = ""
    text: str = ""
    unit: str = "line"

    def __str__(self) -> str:
        return f"{self.unit} {self.number}: {self.problem}"


@dataclass(frozen=True, slots=True)
class Row:
    """One brief of a batch. `order` has the run id that is always that of this row. `named`: the file gives it its id, which is
    otherwise made from what the row says.
    """

    number: int
    id: str
    order: Order
    unit: str = "line"
    named: bool = True


class BrokenRows(UsageError):
    """Rows that are no briefs; nothing has been started. `rows` are all of them; the first ones are listed as notes."""

    def __init__(self, rows: Sequence[Broken]) -> None:
        self.rows = tuple(rows)
        first = str(rows[0])
        super().__init__(
            f"{len(rows)} rows are not briefs; the first is {first}" if len(rows) > 1 else first,
            hint="to leave such rows out: --skip-bad",
        )
        for row in rows[1:MAX_LISTED]:
            self.add_note(redacted(str(row)))
        if len(rows) > MAX_LISTED:
            self.add_note(f"and {len(rows) - MAX_LISTED} more")


def orders_of(
    items: Iterable[Head | Cells | Broken],
    settings: Settings,
    *,
    models: Mapping[ModelRole, AnyModel | Ladder] = _NO_MODELS,
    requirements: Sequence[Mapping[str, object]] = (),
    avoid: Sequence[str] = (),
    resend_unknown: bool = False,
    skip_bad: bool = False,
) -> list[Row | Broken]:
    """Return the orders of all rows. What a row says takes precedence over `settings` and `models`; `requirements` and `avoid`
    are added to its own.

    The run of a row is that of its id; of one without an id, that of what it says, so that the same file means the same runs,
    wherever its rows are in it. Limits are not part of that, as they may grow.

    Raises:
        BrokenRows: there are broken rows, and not `skip_bad`.
        UsageError: `settings` or the columns cannot be used.
        ConfigError: a model cannot be used, as something is not installed or set up.
    """
    orders = _Orders(settings, models, requirements, avoid, resend_unknown)
    rows = [row for item in items if (row := orders.of(item))]
    if not skip_bad and (broken := [row for row in rows if isinstance(row, Broken)]):
        raise BrokenRows(broken)
    return rows


async def orders_of_stream(
    items: AsyncIterable[Head | Cells | Broken],
    settings: Settings,
    *,
    models: Mapping[ModelRole, AnyModel | Ladder] = _NO_MODELS,
    requirements: Sequence[Mapping[str, object]] = (),
    avoid: Sequence[str] = (),
    resend_unknown: bool = False,
    skip_bad: bool = False,
) -> AsyncGenerator[Row | Broken]:
    """Yield the order of each row as it arrives; see `orders_of`. A broken row ends it, unless `skip_bad`.

    Raises:
        BrokenRows, UsageError, ConfigError: as `orders_of`.
    """
    orders = _Orders(settings, models, requirements, avoid, resend_unknown)
    async for item in items:
        row = await asyncio.to_thread(orders.of, item)  # the first one of a model makes its client
        if isinstance(row, Broken) and not skip_bad:
            raise BrokenRows([row])
        if row:
            yield row


class _Orders:
    """Makes the orders of one file, row by row."""

    def __init__(
        self,
        settings: Settings,
        models: Mapping[ModelRole, AnyModel | Ladder],
        requirements: Sequence[Mapping[str, object]],
        avoid: Sequence[str],
        resend_unknown: bool,
    ) -> None:
        _ = settings.policy_priors  # an error of this file concerns all rows
        self._settings = settings
        self._models = models
        self._requirements = requirements
        self._avoid = avoid
        self._resend_unknown = resend_unknown
        self._defaults: tuple[tuple[str, object], ...] = ()
        self._shape: Size | None = None
        self._places: dict[str, str] = {}  # where each run id was first
        self._repeats: dict[str, int] = {}
        self._known: dict[str, Settings] = {}
        self._usable: set[tuple[object, ...]] = set()

    def of(self, item: Head | Cells | Broken) -> Row | Broken | None:
        """Return the order of a row, or what is wrong with it; None for what is no row.

        Raises:
            UsageError, ConfigError: no row can be used.
        """
        match item:
            case Head():
                self._begin(item)
                return None
            case Broken():
                return item
            case Cells():
                return self._row(item)

    def _begin(self, head: Head) -> None:
        """Check the columns of a table, and the defaults of a document."""
        if head.names:
            check_header(head.names, head.where, head.hint)
        if head.defaults:
            said = said_of((("text", "-"), *head.defaults), ())
            wrong = ["id is for one brief alone"] if said.id else said.wrong
            if not wrong:
                try:
                    self._settings_with(said.own)
                    size = intake.read(said.document).brief.size
                    self._shape = size if said.has_shape else None
                except UsageError as error:
                    wrong = [explained(error)]
            if wrong:
                raise UsageError(f"{head.where}: what is to hold for all briefs: {'; '.join(wrong)}")
        # A shape of all is the usual one: a row may state another one in its text.
        self._defaults = tuple(pair for pair in head.defaults if getattr(column_of(pair[0]), "name", "") not in SHAPE)

    def _row(self, cells: Cells) -> Row | Broken:
        said = said_of(cells.fields, self._defaults)
        if not said.own.keys() & set(_ROLES):
            self._require_models(self._settings, ())  # an error of these concerns all rows
        settings, brief = None, None
        try:
            settings = self._settings_with(said.own)
        except UsageError as error:
            said.wrong.append(explained(error))
        if said.text:
            try:
                usual = self._shape or self._settings.picture_size
                brief = intake.read(said.document, usual=usual, requirements=self._requirements, avoid=self._avoid)
            except UsageError as error:
                said.wrong.append(explained(error))
        run_id = self._run_id(said, f"{cells.unit} {cells.number}")
        if settings and brief and not said.wrong:
            try:
                order = Order(
                    brief=brief.brief,
                    settings=settings,
                    run_id=run_id,
                    seed=said.seed,
                    resend_unknown=self._resend_unknown,
                    warnings=brief.warnings,
                    models={role: model for role, model in self._models.items() if role not in said.own},
                )
                return Row(cells.number, said.id or run_id, order, cells.unit, bool(said.id))
            except UsageError as error:
                said.wrong.append(explained(error))
        return Broken(cells.number, "; ".join(said.wrong), said.id, encodable(said.text[:MAX_BRIEF_CHARACTERS]), cells.unit)

    def _run_id(self, said: Said, place: str) -> str:
        """Return the run id of a row at this place. That of an id that another row has is wrong."""
        run_id = run_id_of(said.id) if said.id else said.run_id(self._shape)
        if said.id:
            if (first := self._places.setdefault(run_id, place)) != place:
                said.wrong.append(f"id: {said.id!r} is not allowed; {first} has it already")
                said.id = ""  # it is that of the other row
            return run_id
        usual = run_id
        while run_id in self._places:
            self._repeats[usual] = count = self._repeats.get(usual, 1) + 1
            run_id = f"{usual}-{count}"
        if not said.wrong:
            self._places[run_id] = place
        return run_id

    def _settings_with(self, own: Mapping[str, Any]) -> Settings:
        """Return the settings with those that a row has, once their models are known to be usable."""
        if not own:
            return self._settings
        key = json.dumps(own, sort_keys=True)
        if key not in self._known:
            named: dict[ModelRole, Any] = {role: own[role] for role in _ROLES if role in own}
            settings = self._settings.with_models(named) if named else self._settings
            profile = {} if settings.judge == self._settings.judge else _profile_of(settings.judge, self._settings)
            settings = settings_of(asdict(settings) | profile | {name: own[name] for name in own if name not in named}, "row")
            self._require_models(settings, named)
            self._known[key] = settings
        return self._known[key]

    def _require_models(self, settings: Settings, named: Iterable[str]) -> None:
        """Check that the models can be used; those of the roles `named` are no objects."""
        models: dict[ModelRole, AnyModel | Ladder] = {role: model for role, model in self._models.items() if role not in named}
        names = (settings.image_models, settings.judge, settings.confirm_judge, settings.reviser, settings.planner)
        key = (*names, settings.plan, *sorted(models))
        if key not in self._usable:
            settings.crew(models=models)
            self._usable.add(key)


def _profile_of(judge: str, settings: Settings) -> dict[str, str]:
    """Return the calibration of another judge than that of the settings, if theirs is not one that was chosen."""
    usual = profile_path(settings.judge)
    if settings.profile not in ("", str(usual)):
        return {}
    path = profile_path(judge)
    return {"profile": str(path) if path and path.is_file() else ""}
