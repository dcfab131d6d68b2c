"""Parse an edit instruction: what it asks for, and a target and a prompt for services that do not accept sentences."""

from __future__ import annotations

import re
from dataclasses import dataclass

from onbrief.ports import Change
from onbrief.questions.repairs import COLOUR

LONGEST = 10_000  # characters; the shortest limit that the editing services in the catalogues have

_TARGET = r"(?:the |an? )?(?P<target>(?!(?:it|this|that|them|number of)\b).+?)(?<!\ban)(?<!\ba)(?<!\bthe)"
_LETTERS = r"(?:the |an? )?(?P<target>(?:text|words?|lettering|letters|sign|banner|caption|title)\b.*?)"
_FORMS: tuple[tuple[Change, str], ...] = (
    ("letter", rf"(?:change|correct|fix|set|replace) {_LETTERS} (?:to|into|with|by) (?P<wanted>\"[^\"]+\")"),
    (
        "move",
        rf"(?:move|shift|bring|relocate) {_TARGET} (?P<wanted>(?:to|in|into|on|onto|above|below|next|left|right|up|down)\b.*)",
    ),
    ("recolour", rf"(?:change|set|make) the colou?r of {_TARGET} (?:to|into) (?P<wanted>{COLOUR})"),
    ("add", r"(?:change|set|make) the number of (?P<kind>.+?) to (?:exactly )?(?P<wanted>\w+)"),
    ("recolour", rf"(?:make|paint|colou?r|recolou?r|turn|dye|change) {_TARGET}(?: to| into| in)? (?P<wanted>{COLOUR})"),
    ("replace", rf"(?:replace|swap|exchange|substitute) {_TARGET} (?:with|by|for) (?P<wanted>.+)"),
    ("replace", rf"(?:change|turn|transform|convert|make) {_TARGET} (?:to|into) (?P<wanted>.+)"),
    ("alter", rf"make {_TARGET} (?P<wanted>[\w-]+)"),
    ("remove", rf"(?:remove|delete|erase|take away|take out|get rid of) {_TARGET}"),
    ("add", r"(?:add|insert|draw|include) (?P<wanted>.+)"),
)
_PATTERNS: tuple[tuple[Change, re.Pattern[str]], ...] = tuple(
    (doing, re.compile(form, re.IGNORECASE)) for doing, form in _FORMS
)
_QUOTED = re.compile(r'"[^"]+"')
_ANOTHER = re.compile(r"^(?:yet )?another\b", re.IGNORECASE)
_MORE = re.compile(r"\b(?:more|extra|additional) ", re.IGNORECASE)
_PLACE = re.compile(
    r" (?:(?:to|on|at|in|into) the )?(?:(?:far )?(?:left|right|top|bottom|middle|cent(?:er|re))|above|below)\b.*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Instruction:
    """A change: the `target` that is changed, and what is `wanted` there, which is empty for a removal."""

    doing: Change
    target: str = ""
    wanted: str = ""

    @property
    def prompt(self) -> str:
        """What to draw in the place of the target, in words; empty for a removal."""
        return f"{self.wanted} {self.target}" if self.doing in ("recolour", "alter") else self.wanted


def read(text: str) -> Instruction | None:
    """Return the change that an English sentence asks for, or None if it is not understood."""
    words = " ".join(text.split()).rstrip(" .!").removeprefix("please ").removeprefix("Please ")
    for doing, pattern in _PATTERNS:
        if found := pattern.fullmatch(words):
            return _instruction(doing, found.groupdict())
    return None


def _instruction(doing: Change, parts: dict[str, str]) -> Instruction:
    target, wanted = parts.get("target", ""), parts.get("wanted", "")
    if "kind" in parts:
        wanted = f"{wanted} {parts['kind']}"
    elif doing == "add":  # the mask says where; a service would also draw the things that describe the place
        wanted = _PLACE.sub("", _MORE.sub("", _ANOTHER.sub("a", wanted), count=1))
    if _QUOTED.fullmatch(wanted):
        wanted = f"the text {wanted}"
    return Instruction(doing, target, wanted)
