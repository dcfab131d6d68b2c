"""What the cells of a row say: their texts as values, and the run that a row with these values has."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from onbrief.batches.columns import OTHER_GENERATORS, SHAPE, Column, column_of, plain
from onbrief.brief import Size
from onbrief.errors import UsageError
from onbrief.pursuit import MAX_SEED, check_run_id
from onbrief.settings import NO_PROFILE

MAX_ID = 200  # characters
_CHANGEABLE = frozenset(
    {"max_images", "max_attempts", "max_prompts", "max_usd", "max_judge_usd", "max_seconds", "priority", "give_up_below"}
)
"""Settings of a run that may be others when it is resumed."""
_WHOLE = re.compile(r"(\d+)(?:\.0+)?")
_MOST_DIGITS = 15
_CURRENCY = re.compile(r"^\s*(?:\$|USD)\s*|\s*(?:\$|USD)\s*$", re.IGNORECASE)
_COMMA = re.compile(r"(\d+),(\d{1,2})")
_WHERE = re.compile(r"^(?:(?:row|brief): )?(?:brief\.)?|(?<=\w) in (?:row|brief)(?=: )")
_TEXT = "a description of the picture"
_CLOCK = re.compile(r"(\d+:\d+):00")  # what a spreadsheet makes of 16:9
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|„[^“”]*[“”]|«[^»]*»|»[^«]*«")
_BETWEEN = re.compile(r"[;|]")
_SLUG = re.compile(r"[^a-z0-9]+")
_MOST_SLUG = 40


@dataclass(slots=True)
class Said:
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
        own = {name: value for name, value in self.own.items() if name not in _CHANGEABLE}
        return f"{_slug(self.text) or 'brief'}-{_hash(json.dumps([document, self.seed, own], sort_keys=True, default=str))}"


def run_id_of(row_id: str) -> str:
    """Return the run id of a row with this id: the same, if it can be one, and otherwise what is left of it and its hash."""
    try:
        check_run_id(row_id)
    except UsageError:
        return f"{_slug(row_id) or 'brief'}-{_hash(row_id)}"
    return row_id


def said_of(fields: Iterable[tuple[str, object]], defaults: Iterable[tuple[str, object]]) -> Said:
    """Return what the fields of a row and the defaults of its file say."""
    said = Said()
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
            said.wrong.append(explained(error))
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
            wrong.append(explained(error))
            continue
        if column:
            found.setdefault(column.name, (column, []))[1].append((header, value))
        elif not header.strip():
            wrong.append(f"{value!r} is in a column without a name; name it, with # first if it is not for the brief")
    return found


def _take(said: Said, column: Column, given: _Given) -> None:
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
    if encodable(text) != text:
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
        case "max_usd" | "max_judge_usd" | "max_seconds" | "give_up_below":
            return _number(name, text)
        case "policy" | "priority" | "strictness" | "confirm":
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


def explained(error: UsageError) -> str:
    """Return a message about a row without the words for the whole of which it is a part."""
    return _WHERE.sub("", error.explained).replace("limits.", "max_")


def encodable(text: str) -> str:
    """Return a text without lone surrogates, which no file takes."""
    return text.encode("utf-8", "replace").decode()


def _slug(text: str) -> str:
    """Return the beginning of a text as it can be in a run id, which may be nothing of it."""
    letters = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    return _SLUG.sub("-", letters)[:_MOST_SLUG].strip("-")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
