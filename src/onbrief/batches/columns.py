"""The columns that a file of briefs may have, and which of them a header means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, lru_cache

from onbrief.errors import UsageError
from onbrief.intake import GENERATOR_SETTINGS

_NOTES = ("#", "_")  # how the names of columns begin that are left out
_PUNCTUATION = re.compile(r"[\s\-_.]+")
_NUMBERED = re.compile(r"_?\d+$")
_MEANT = {"model": "image_model", "budget": "max_usd", "images": "max_images"}
_NOTES_HINT = "a column for notes is left out if its name begins with #"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `about` says what it holds, in a sentence of the documentation, and `others` are other names for it. Several
    columns of the same name, numbered or not, are allowed if it is for `many` values. `setting`: it is a setting of the run.
    """

    name: str
    about: str
    others: tuple[str, ...] = ()
    many: bool = False
    setting: bool = False


def _setting(name: str, about: str) -> Column:
    return Column(name, about, setting=True)


COLUMNS = (
    Column("text", "The brief, in any language. The only column that is needed.", ("prompt", "brief")),
    Column("id", "Your own name for the brief, such as an article number; no two rows may have the same one."),
    Column("require", "What the picture must show.", ("requires", "requirement", "requirements"), many=True),
    Column("prefer", "What would be nice: it affects the ranking of pictures, not whether they pass.", ("prefers",), many=True),
    Column("avoid", "What must not be in the picture, such as `people, text`.", ("avoids", "negative_prompt"), many=True),
    Column("size", "Width and height in pixels, such as `1024x768`."),
    Column("aspect", "An aspect ratio, such as `16:9`, instead of a size: about one megapixel.", ("aspect_ratio",)),
    Column("width", "Width in pixels, together with `height`, instead of a size."),
    Column("height", "Height in pixels, together with `width`."),
    Column("seed", "The seed from which all others of the run are derived."),
    _setting("max_images", "Maximum number of pictures."),
    _setting("max_attempts", "Maximum number of pictures for one prompt; `classic` makes 4 if none is set."),
    _setting("max_prompts", "Maximum number of prompts, with the first one."),
    _setting("max_usd", "Money limit of this run in US dollars, such as `0.50`."),
    _setting("max_judge_usd", "The same for the calls of the judge alone."),
    _setting("max_seconds", "Time limit in seconds."),
    _setting("image_model", "The image model, as `PROVIDER:MODEL`; several, cheap to dear, are a ladder."),
    _setting("judge", "The vision model that checks each requirement."),
    _setting("reviser", "The text model that finds the requirements and writes prompts."),
    _setting("planner", "Another text model, which finds the requirements."),
    _setting("confirm_judge", "Another vision model, for the second look."),
    _setting("policy", "`adaptive` or `classic`."),
    _setting("priority", "`money` or `time`: what to save where one costs the other."),
    _setting("give_up_below", "End the run early when its chance to pass falls below this, such as `0.02`."),
    _setting("strictness", "`strict`, `fair` or `lenient`."),
    _setting("max_reservations", "Maximum number of musts that may be in doubt in a picture that passes."),
    _setting("confirm", "`never`, `borderline` or `always`."),
    _setting("profile", "The file of a calibration of the judge; `none` for no calibration."),
    _setting("plan", "`false`: only your own requirements are checked."),
    _setting("strip_metadata", "`true`: no metadata is embedded in the pictures."),
)

_ALL = " ".join(column.name for column in COLUMNS)

SHAPE = ("size", "aspect", "width", "height")
"""The columns that say the same thing in different ways: one of them takes precedence over all defaults."""

OTHER_GENERATORS = frozenset(GENERATOR_SETTINGS - {"seed", "model"})
"""Settings of other image generators: beside a prompt, they are left out with a warning."""


def plain(header: str) -> str:
    """Return a header without what makes no difference: case, spaces, hyphens and dots."""
    return _PUNCTUATION.sub("_", header.strip().lower()).strip("_")


@lru_cache(1024)
def column_of(header: str) -> Column | None:
    """Return the column that a header means; None for notes, and for a header that is blank.

    Raises:
        UsageError: there is no such column; the message has the nearest name.
    """
    if not header.strip() or is_note(header.strip()):
        return None
    name, known = plain(header), _by_name()
    if found := known.get(name):
        return found
    numbered = known.get(_NUMBERED.sub("", name))
    if numbered and numbered.many:
        return numbered
    if name in OTHER_GENERATORS:
        return Column(name, "")
    near = _nearest(name)
    raise UsageError(f"unknown column {header!r}; " + (f"did you mean {near!r}?" if near else f"expected one of {_ALL}"))


def is_note(header: str) -> bool:
    """Return whether a header is that of a column that is left out."""
    return header.startswith(_NOTES)


def is_header(cells: Sequence[str]) -> bool:
    """Return whether one of the cells is the name of the column with the text of the briefs."""
    return any(plain(cell) in _texts() for cell in cells)


def check_header(names: Sequence[str], where: str, hint: str = "") -> None:
    """Check the columns of a table. `hint` says where else the briefs may be.

    Raises:
        UsageError: one is not known, there are two of the same, or none with the text of the briefs.
    """
    columns: list[str] = []
    unknown: list[str] = []
    for header in names:
        try:
            column = column_of(header)
        except UsageError:
            unknown.append(header)
            continue
        if column and not column.many and column.name in columns:
            raise UsageError(f"{where}: there are two columns for {column.name}; the second is {header!r}")
        columns += [column.name] if column else []
    meant = {header: _nearest(plain(header)) for header in unknown}
    if "text" not in columns and "text" not in {_by_name()[name].name for name in meant.values() if name}:
        shown = ", ".join(repr(name if len(name) <= 40 else f"{name[:39]}…") for name in names[:8])
        raise UsageError(
            f"{where}: no column is named {' or '.join(_texts())}; its columns are {shown}",
            hint=hint or "the first line names the columns; in a .txt file, each line is a brief",
        )
    if unknown:
        said = ", ".join(f"{header!r}{f' (did you mean {near!r}?)' if (near := meant[header]) else ''}" for header in unknown)
        allowed = "" if all(meant.values()) else f"; expected some of {_ALL}"
        raise UsageError(f"{where}: unknown column{'' if len(unknown) == 1 else 's'} {said}{allowed}", hint=_NOTES_HINT)
    others = [header for header in names if plain(header) in OTHER_GENERATORS]
    if others and not any(plain(header) == "prompt" for header in names):
        raise UsageError(f"{where}: unknown column {others[0]!r}: it is for other image generators", hint=_NOTES_HINT)


def _nearest(name: str) -> str:
    """Return the column that is probably meant; empty if none is known."""
    near = get_close_matches(name, [*_by_name(), *_MEANT], 1, 0.7)
    return _MEANT.get(near[0], near[0]) if near else ""


@cache
def _by_name() -> dict[str, Column]:
    return {name: column for column in COLUMNS for name in (column.name, *column.others)}


def _texts() -> tuple[str, ...]:
    return next((column.name, *column.others) for column in COLUMNS if column.name == "text")
