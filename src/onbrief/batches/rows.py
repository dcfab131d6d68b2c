"""The briefs of a batch: each row of its file as an order."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import unicodedata
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

from onbrief import intake
from onbrief.batches.columns import OTHER_GENERATORS, SHAPE, Column, check_header, column_of, plain
from onbrief.brief import MAX_BRIEF_CHARACTERS, Size
from onbrief.config import NO_PROFILE, Settings, profile_path, settings_of
from onbrief.errors import UsageError
from onbrief.ports import AnyModel, Ladder, ModelRole
from onbrief.pursuit import MAX_SEED, Order, check_run_id
from onbrief.redaction import redacted

MAX_LISTED = 100  # broken rows in a message
MAX_ID = 200  # characters
_ROLES: tuple[ModelRole, ...] = ("image_model", "judge", "reviser", "planner", "confirm_judge")
_LIMITS = frozenset({"max_images", "max_attempts", "max_prompts", "max_usd", "max_judge_usd", "max_seconds"})
_WHOLE = re.compile(r"(\d+)(?:\.0+)?")
_MOST_DIGITS = 15
_CURRENCY = re.compile(r"^\s*(?:\$|USD)\s*|\s*(?:\$|USD)\s*$", re.IGNORECASE)
_COMMA = re.compile(r"(\d+),(\d{1,2})")
_WHERE = re.compile(r"^(?:(?:row|brief): )?(?:brief\.)?|(?<=\w) in (?:row|brief)(?=: )")
_TEXT = "a description of the picture"
_CLOCK = re.compile(r"(\d+:\d+):00")  # what a spreadsheet makes of 16:9
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|„[^“”]*[“”]|«[^»]*»")
_BETWEEN = re.compile(r"[;|]")
_SLUG = re.compile(r"[^a-z0-9]+")
_MOST_SLUG = 40
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
    """One brief of a batch. `order` has the run id that is always that of this row."""

    number: int
    id: str
    order: Order
    unit: str = "line"


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


@dataclass(slots=True)
class _Said:
    """What a row says, by column. `wrong` are its problems."""

    document: dict[str, Any] = field(default_factory=dict[str, Any])
    own: dict[str, Any] = field(default_factory=dict[str, Any])
    text: str = ""
    id: str = ""
    seed: int | None = None
    wrong: list[str] = field(default_factory=list[str])

    @property
    def has_shape(self) -> bool:
        """Whether it says the shape of its picture, apart from its text."""
        return not self.document.keys().isdisjoint(SHAPE)

    def run_id(self, shape: Size | None) -> str:
        """Return the run id of a row without an id: that of all it says that makes a difference to its pictures. `shape` is
        that of its file.
        """
        document = {
            "text" if name == "prompt" else name: value for name, value in self.document.items() if name not in OTHER_GENERATORS
        }
        if shape and not self.has_shape:
            document["size"] = "x".join(map(str, shape))
        own = {name: value for name, value in self.own.items() if name not in _LIMITS}
        return f"{_slug(self.text) or 'brief'}-{_hash(json.dumps([document, self.seed, own], sort_keys=True, default=str))}"


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
            said = _said((("text", "-"), *head.defaults), ())
            wrong = ["id is for one brief alone"] if said.id else said.wrong
            if not wrong:
                try:
                    self._settings_with(said.own)
                    size = intake.read(said.document).brief.size
                    self._shape = size if said.has_shape else None
                except UsageError as error:
                    wrong = [_plain(error)]
            if wrong:
                raise UsageError(f"{head.where}: what is to hold for all briefs: {'; '.join(wrong)}")
        # A shape of all is the usual one: a row may state another one in its text.
        self._defaults = tuple(pair for pair in head.defaults if getattr(column_of(pair[0]), "name", "") not in SHAPE)

    def _row(self, cells: Cells) -> Row | Broken:
        said = _said(cells.fields, self._defaults)
        if not said.own.keys() & set(_ROLES):
            self._require_models(self._settings, ())  # an error of these concerns all rows
        settings, brief = None, None
        try:
            settings = self._settings_with(said.own)
        except UsageError as error:
            said.wrong.append(_plain(error))
        if said.text:
            try:
                usual = self._shape or self._settings.picture_size
                brief = intake.read(said.document, usual=usual, requirements=self._requirements, avoid=self._avoid)
            except UsageError as error:
                said.wrong.append(_plain(error))
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
                return Row(cells.number, said.id or run_id, order, cells.unit)
            except UsageError as error:
                said.wrong.append(_plain(error))
        return Broken(cells.number, "; ".join(said.wrong), said.id, _encodable(said.text[:MAX_BRIEF_CHARACTERS]), cells.unit)

    def _run_id(self, said: _Said, place: str) -> str:
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


def run_id_of(row_id: str) -> str:
    """Return the run id of a row with this id: the same, if it can be one, and otherwise what is left of it and its hash."""
    try:
        check_run_id(row_id)
    except UsageError:
        return f"{_slug(row_id) or 'brief'}-{_hash(row_id)}"
    return row_id


def _said(fields: Iterable[tuple[str, object]], defaults: Iterable[tuple[str, object]]) -> _Said:
    """Return what the fields of a row and the defaults of its file say."""
    said = _Said()
    values = _by_column(fields, said.wrong)
    for name, (column, given) in _by_column(defaults, said.wrong).items():
        own = values.setdefault(name, (column, []))[1]
        if column.many or not own:
            own += given
    for name, (column, given) in values.items():
        try:
            if len(given) > 1 and not column.many:
                raise UsageError(f"{name}: there are {len(given)} of it: {', '.join(header for header, _ in given)}")  # noqa: TRY301
            _take(said, column, given)
        except UsageError as error:
            said.wrong.append(_plain(error))
    if "text" not in values:
        said.wrong.append(f"text: there is none; expected {_TEXT}")
    return said


_Given = list[tuple[str, object]]


def _by_column(fields: Iterable[tuple[str, object]], wrong: list[str]) -> dict[str, tuple[Column, _Given]]:
    found: dict[str, tuple[Column, _Given]] = {}
    for header, value in fields:
        if value is None or value == "":
            continue
        try:
            column = column_of(header)
        except UsageError as error:
            wrong.append(_plain(error))
            continue
        if column:
            found.setdefault(column.name, (column, []))[1].append((header, value))
        elif not header.strip():
            wrong.append(f"{value!r} is in a column without a name; name it, with # first if it is not for the brief")
    return found


def _take(said: _Said, column: Column, given: _Given) -> None:
    """Take the values of a column.

    Raises:
        UsageError: one is not allowed.
    """
    name, (header, value) = column.name, given[0]
    match name:
        case "text":
            if not isinstance(value, str) or not value.strip():
                raise UsageError.of(header, value, _TEXT)
            said.text = value.strip()
            said.document["prompt" if plain(header) == "prompt" else "text"] = said.text
        case "id":
            said.id = _id(value)
        case "seed":
            said.seed = _whole(name, value)
            if said.seed > MAX_SEED:
                raise UsageError.of(name, value, f"a whole number from 0 to {MAX_SEED}")
        case "require" | "prefer":
            more = {} if name == "require" else {"must": False}
            texts = [{"text": one} if isinstance(one, str) else one for _, several in given for one in _several(name, several)]
            said.document.setdefault("requirements", []).extend({**text, **more} for text in texts)
        case "avoid":
            said.document[name] = [one for _, several in given for one in _several(name, several)]
        case "width" | "height":
            said.document[name] = _whole(name, value)
        case "aspect" if isinstance(value, str):
            said.document[name] = _CLOCK.sub(r"\1", value)
        case _ if column.setting:
            said.own[name] = _setting(name, value)
        case _:
            said.document[name] = value


def _several(name: str, value: object) -> list[str | Mapping[str, object]]:
    """Return the parts of a cell, or the items of a list. A text with line breaks has one part a line; in another one, ; or |
    are between them, but not within quotation marks, which are lettering.
    """
    if isinstance(value, str):
        if "\n" in value.strip():
            parts = value.split("\n")
        else:
            hidden = _QUOTED.sub(lambda match: " " * len(match[0]), value)
            ends = [*(match.start() for match in _BETWEEN.finditer(hidden)), len(value)]
            parts = [value[start:end] for start, end in zip([0, *(end + 1 for end in ends)], ends, strict=False)]
        return [part.strip() for part in parts if part.strip()]
    allowed = (str,) if name == "avoid" else (str, Mapping)
    if isinstance(value, list | tuple) and all(isinstance(one, allowed) for one in cast("list[object]", value)):
        return cast("list[str | Mapping[str, object]]", value)
    raise UsageError.of(name, cast("object", value), "a text, or a list of texts")


def _id(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UsageError.of("id", value, "a text or a number")
    text = " ".join(str(value).split())
    if _encodable(text) != text:
        raise UsageError.of("id", value, "valid Unicode")
    if len(text) > MAX_ID:
        raise UsageError.of("id", value, f"at most {MAX_ID} characters")
    return text


def _whole(name: str, value: object) -> int:
    if (isinstance(value, int) and not isinstance(value, bool) and value >= 0) or (
        isinstance(value, float) and value.is_integer()
    ):
        return int(value)
    match = _WHOLE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None or len(match[1]) > _MOST_DIGITS:
        raise UsageError.of(name, value, "a whole number")
    return int(match[1])


def _setting(name: str, value: object) -> object:
    """Return the value of a setting, as far as it is written in another way in a spreadsheet than elsewhere."""
    if not isinstance(value, str):
        if name == "image_model" and isinstance(value, list | tuple):
            return tuple(str(one) for one in cast("list[object]", value))
        return value
    text = value.strip()
    match name:
        case "image_model":
            names = [one.strip() for one in re.split(r"[\n;]", text) if one.strip()]
            return names[0] if len(names) == 1 else tuple(names)
        case "max_images" | "max_attempts" | "max_prompts" | "max_reservations":
            return _whole(name, text)
        case "max_usd" | "max_judge_usd" | "max_seconds":
            return _number(name, text)
        case "policy" | "strictness" | "confirm":
            return text.lower()
        case "profile" if text != NO_PROFILE:
            return str(Path(text).absolute())
        case _:
            return text


def _number(name: str, text: str) -> float:
    """Return a number; a spreadsheet may write it as 0,5 or $0.50. Of 1,000 it is not known which number it is."""
    bare = _CURRENCY.sub("", text)
    try:
        return float(f"{match[1]}.{match[2]}" if (match := _COMMA.fullmatch(bare)) else bare)
    except ValueError:
        raise UsageError.of(name, text, "a number such as 0.5") from None


def _profile_of(judge: str, settings: Settings) -> dict[str, str]:
    """Return the calibration of another judge than that of the settings, if theirs is not one that was chosen."""
    usual = profile_path(settings.judge)
    if settings.profile not in ("", str(usual)):
        return {}
    path = profile_path(judge)
    return {"profile": str(path) if path and path.is_file() else ""}


def _plain(error: UsageError) -> str:
    """Return a message about a row without the words for the whole of which it is a part."""
    return _WHERE.sub("", error.explained).replace("limits.", "max_")


def _encodable(text: str) -> str:
    """Return a text without lone surrogates, which no file takes."""
    return text.encode("utf-8", "replace").decode()


def _slug(text: str) -> str:
    """Return the beginning of a text as it can be in a run id, which may be nothing of it."""
    letters = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    return _SLUG.sub("-", letters)[:_MOST_SLUG].strip("-")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
