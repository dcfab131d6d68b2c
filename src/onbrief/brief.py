"""Brief, Requirement and Checklist: what the picture should show, and the frozen list of what is checked."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from functools import cache
from typing import Any, ClassVar, Literal, get_args

from onbrief.errors import UsageError

Kind = Literal["object", "count", "attribute", "relation", "action", "text", "absence", "style", "format", "whole"]
Size = tuple[int, int]

MAX_BRIEF_CHARACTERS = 10_000  # our own limit; a model that takes less is sent the beginning, with a warning
MAX_REQUIREMENT_CHARACTERS = 500
MAX_REQUIREMENTS = 64
_NONE_OF = "there is no "  # the start of a requirement made from something to avoid
DEFAULT_SIZE: Size = (1024, 1024)  # pixels, where nobody says another one
LONGEST_REPR = 96  # characters of one line in a notebook or a log
SIDE_RANGE = (64, 4096)  # pixels; models allow less
_ONLY_KNOWN_FIELDS = {"extra": "forbid"}  # for pydantic: in a file, a misspelt field is an error
_UNICODE = "valid Unicode; input that is not UTF-8 cannot be used"
_ID = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_SIZE = re.compile(r"\s*(\d{1,5})\s*[x×*]\s*(\d{1,5})\s*", re.IGNORECASE)
_ASPECT = re.compile(r"\s*(\d{1,3})\s*:\s*(\d{1,3})\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One atomic statement that a person could check by looking at the picture.

    `must` requirements decide whether a picture passes; the others only rank pictures, by `weight` (above 0, at most 100).
    `parents` are the ids of the requirements that this one depends on (a colour needs its object).
    An empty `id` is filled in when the checklist is frozen.

    Raises:
        UsageError: a field that is empty, too long or out of range.
    """

    __pydantic_config__: ClassVar = _ONLY_KNOWN_FIELDS

    id: str = ""
    text: str
    kind: Kind = "whole"
    must: bool = True
    weight: float = 1.0
    parents: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.id and not _ID.fullmatch(self.id):
            raise UsageError.of("requirement.id", self.id, "a letter, then up to 31 letters, digits, - or _, lower case")
        if not self.text.strip():
            raise UsageError.of("requirement.text", self.text, "a statement to check")
        longest = MAX_BRIEF_CHARACTERS if self.kind == "whole" else MAX_REQUIREMENT_CHARACTERS
        if len(self.text) > longest:
            raise UsageError.of("requirement.text", self.text, f"at most {longest} characters")
        if not _is_unicode(self.text):
            raise UsageError.of("requirement.text", self.text, _UNICODE)
        if self.kind not in get_args(Kind):
            raise UsageError.of("requirement.kind", self.kind, " ".join(get_args(Kind)))
        if not math.isfinite(self.weight) or not 0 < self.weight <= 100:
            raise UsageError.of("requirement.weight", self.weight, "a number above 0, at most 100")


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """A description of the picture that is wanted.

    `text` may be in any language. `requirements` are added to those that the planner finds in it. `avoid` names things that
    must not be in the picture. `size` is width and height in pixels.

    Raises:
        UsageError: a field that is empty, too long or out of range, two requirements with the same id, or a parent that is
            not one of these requirements.
    """

    __pydantic_config__: ClassVar = _ONLY_KNOWN_FIELDS

    text: str
    requirements: tuple[Requirement, ...] = ()
    avoid: tuple[str, ...] = ()
    size: Size = DEFAULT_SIZE

    def __repr__(self) -> str:
        size, own = "x".join(map(str, self.size)), len(self.requirements)
        more = (f", {own} required" if own else "") + (f", {len(self.avoid)} avoided" if self.avoid else "")
        return brief_repr(f"Brief {size}{more}", repr(self.text[:LONGEST_REPR]))

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise UsageError.of("brief.text", self.text, "a description of the picture")
        if len(self.text) > MAX_BRIEF_CHARACTERS:
            raise UsageError.of("brief.text", self.text, f"at most {MAX_BRIEF_CHARACTERS} characters")
        if not _is_unicode(self.text):
            raise UsageError.of("brief.text", self.text, _UNICODE)
        longest = MAX_REQUIREMENT_CHARACTERS - len(_NONE_OF)
        if any(not thing.strip() or len(thing) > longest or not _is_unicode(thing) for thing in self.avoid):
            raise UsageError.of("brief.avoid", self.avoid, f"names of 1 to {longest} characters")
        low, high = SIDE_RANGE
        if not all(low <= side <= high for side in self.size):
            raise UsageError.of("brief.size", "x".join(map(str, self.size)), f"sides of {low} to {high} pixels")
        _refuse_duplicates(self.requirements)
        _refuse_strange_parents(self.requirements)
        for requirement in self.requirements:  # one that repeats the whole brief may be as long as the brief
            if len(requirement.text) > MAX_REQUIREMENT_CHARACTERS and requirement.text != self.text:
                raise UsageError.of("requirement.text", requirement.text, f"at most {MAX_REQUIREMENT_CHARACTERS} characters")
        if (own := len(self.requirements) + len(self.avoid)) > MAX_REQUIREMENTS:
            raise UsageError.of(
                "brief.requirements", f"{own} requirements", f"at most {MAX_REQUIREMENTS}, things to avoid included"
            )


@dataclass(frozen=True, slots=True)
class Checklist:
    """The frozen list of requirements and its sha256 (of their JSON with sorted keys and no spaces).

    Raises:
        UsageError: a hash that does not match the requirements, no must among them, duplicate or missing ids.
    """

    requirements: tuple[Requirement, ...]
    sha256: str = ""

    def __post_init__(self) -> None:
        _refuse_duplicates(self.requirements)
        if not any(requirement.must for requirement in self.requirements):
            raise UsageError.of("checklist", [r.text for r in self.requirements], "at least one requirement that must be met")
        if len(self.requirements) > MAX_REQUIREMENTS:
            raise UsageError.of("checklist", f"{len(self.requirements)} requirements", f"at most {MAX_REQUIREMENTS}")
        for requirement in self.requirements:
            if not requirement.id:
                raise UsageError.of("requirement.id", "", "an id for each requirement of a checklist")
        _refuse_strange_parents(self.requirements)
        digest = _digest(self.requirements)
        if self.sha256 not in ("", digest):
            raise UsageError.of("checklist.sha256", self.sha256, f"{digest}, the hash of these requirements")
        object.__setattr__(self, "sha256", digest)

    @classmethod
    def freeze(cls, planned: Iterable[Requirement], brief: Brief) -> Checklist:
        """Return the checklist of a brief: the user's requirements, the things to avoid, then the planned requirements.

        The user's ids are kept; the others get r1, r2 … in order. A planned requirement whose text is already in the list is
        dropped, and a parent that is not in the list is removed from `parents`.
        """
        avoided = [Requirement(text=_NONE_OF + thing.strip(), kind="absence") for thing in brief.avoid]
        taken = {requirement.id for requirement in brief.requirements}
        fresh = (f"r{n}" for n in range(1, 10_000) if f"r{n}" not in taken)
        kept: list[Requirement] = []
        ids_by_text: dict[str, str] = {}
        renamed: dict[str, str] = {}
        for requirement in (*brief.requirements, *avoided, *planned):
            text = " ".join(requirement.text.split())
            own = requirement in brief.requirements
            if text.casefold() in ids_by_text:
                renamed[requirement.id] = ids_by_text[text.casefold()]
                continue
            id_ = requirement.id if own and requirement.id else next(fresh)
            ids_by_text[text.casefold()] = id_
            if not own:
                renamed[requirement.id] = id_
            if own:
                parents = tuple(renamed.get(p, p) for p in requirement.parents)
            else:
                parents = tuple(renamed[p] for p in requirement.parents if p in renamed)
            kept.append(replace(requirement, id=id_, text=text, parents=parents))
        return cls(tuple(kept))

    def __repr__(self) -> str:
        return f"<Checklist of {len(self.requirements)}, {len(self.musts)} musts: {self.sha256[:12]}>"

    @property
    def musts(self) -> tuple[Requirement, ...]:
        """The requirements that decide whether a picture passes."""
        return tuple(requirement for requirement in self.requirements if requirement.must)

    def __getitem__(self, id_: str) -> Requirement:
        """Return the requirement with this id.

        Raises:
            KeyError: there is none.
        """
        for requirement in self.requirements:
            if requirement.id == id_:
                return requirement
        raise KeyError(id_)


def brief_repr(start: str, text: str, *, from_end: bool = False) -> str:
    """Return a `repr` of one line and less than 100 characters: a start, and as much of a text as there is room for."""
    text = "".join(character if character.isprintable() else " " for character in text)
    room = LONGEST_REPR - len(start) - len("<>: ")
    if len(text) > room:
        text = f"…{text[-room + 1 :]}" if from_end else f"{text[: room - 1]}…"
    return f"<{start}: {text}>" if text else f"<{start}>"


def fields_of(value: object) -> dict[str, Any]:
    """Return the fields of a dataclass as they are: the `default` of json.dumps for documents with dataclasses in them.
    dataclasses.asdict copies what it finds, which takes ten times as long.

    Raises:
        TypeError: it is no dataclass.
    """
    return {name: getattr(value, name) for name in _field_names(type(value))}


@cache
def _field_names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))


def parse_size(text: str) -> Size:
    """Return width and height from a text such as "1024x768".

    Raises:
        UsageError: the text has another form.
    """
    match = _SIZE.fullmatch(text)
    if not match:
        raise UsageError.of("size", text, "WIDTHxHEIGHT in pixels, such as 1024x768")
    return int(match[1]), int(match[2])


def size_for_aspect(text: str) -> Size:
    """Return width and height of about one megapixel, in multiples of 64 pixels, from a ratio such as "16:9".

    Raises:
        UsageError: the text has another form, or the ratio is outside 1:4 to 4:1.
    """
    match = _ASPECT.fullmatch(text)
    return size_for_ratio(Fraction(int(match[1]), int(match[2])) if match and int(match[2]) else Fraction(0), text)


def size_for_ratio(ratio: Fraction, words: str) -> Size:
    """Return width and height of about one megapixel, in multiples of 64 pixels, from a ratio of width to height. `words` are
    how it was written, for the message of an error.

    Raises:
        UsageError: it is outside 1:4 to 4:1.
    """
    if not 0.25 <= ratio <= 4:
        raise UsageError.of("aspect", words, "WIDTH:HEIGHT from 1:4 to 4:1, such as 16:9")
    width = round(1024 * math.sqrt(ratio) / 64) * 64
    height = round(1024 / math.sqrt(ratio) / 64) * 64
    return width, height


def _digest(requirements: tuple[Requirement, ...]) -> str:
    document = [
        {"id": r.id, "text": r.text, "kind": r.kind, "must": r.must, "weight": float(r.weight), "parents": list(r.parents)}
        for r in requirements
    ]
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _refuse_duplicates(requirements: tuple[Requirement, ...]) -> None:
    seen: set[str] = set()
    for requirement in requirements:
        if requirement.id and requirement.id in seen:
            raise UsageError.of("requirement.id", requirement.id, "an id that no other requirement has")
        seen.add(requirement.id)


def _refuse_strange_parents(requirements: tuple[Requirement, ...]) -> None:
    ids = {requirement.id for requirement in requirements}
    for requirement in requirements:
        if not ids.issuperset(requirement.parents):
            allowed = "ids of other requirements in the same list"
            raise UsageError.of(f"parents of {requirement.id or requirement.text!r}", requirement.parents, allowed)


def _is_unicode(text: str) -> bool:
    """Return whether the text can be encoded. Lone surrogates cannot: Python uses them for bytes that are not valid UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
