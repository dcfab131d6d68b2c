"""Takes apart a text as people paste it: what belongs to the order, what to avoid, and what only image generators understand.

    pasted = take_apart("a (red:1.3) fox --ar 16:9 --no people, text --v 6")
    pasted.text          # "a red fox"
    pasted.avoid         # ("people, text",)
    pasted.shapes        # 16:9
    pasted.left_out      # ("(red:1.3)", "--v 6")

What stands in quotation marks is lettering and is not touched. A text without any of these forms comes back unchanged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from onbrief.intake.shape import PATTERNS, Shape

_QUOTED = re.compile(
    r'"[^"\n]+"|“[^”\n]+”|„[^“”\n]+[“”]|«[^»\n]+»|「[^」\n]+」|『[^』\n]+』|(?<![^\W_])\'[^\'\n]{1,64}\'(?![^\W_])'
)
_OUTER = re.compile(r'\s*["“](?P<text>[^"“”]*)["”]\s*', re.DOTALL)
_FENCE = re.compile(r"\s*```[\w-]*[ \t]*\n(?P<text>.*?)\n?\s{0,9}```\s*", re.DOTALL)
_LABEL = re.compile(
    r"\s{0,9}(?:/imagine\s{1,9})?[*_#\s]{0,9}(?:positive\s{1,9})?prompt[*_]{0,4}\s{0,9}[:：][*_]{0,4}\s{0,9}"
    r"|\s{0,9}/imagine\s{1,9}",
    re.IGNORECASE,
)
_NEGATIVE = re.compile(
    r"(?:(?<=[\s.;,|])|^)[*_#]{0,9}(?:negative[ _-]?prompts?|(?:(?<=\n)|^)negative)[*_]{0,4}\s{0,9}[:：][*_]{0,4}"
    r"(?P<things>.*?)(?=\n\s{0,9}\n|\n\s{0,9}steps:|\n[*_#]{0,9}(?:positive )?prompt[*_]{0,4}[:：]|\s--[a-z]|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_SETTINGS = re.compile(r"(?:(?<=\n)|^)\s{0,9}steps:\s{0,9}\d+\s{0,9},.*\Z", re.IGNORECASE | re.DOTALL)
_SIZE_OF_SETTINGS = re.compile(r"\bsize:\s*(?P<pw>\d{2,4})x(?P<ph>\d{2,4})\b", re.IGNORECASE)
_NO = re.compile(
    r"(?<!\S)--(?:no|neg|negative|negative[-_]prompt|exclude|without)[ =]{1,3}(?P<things>.+?)(?=\s{1,9}(?:--|—)[a-z]|\n|$)",
    re.IGNORECASE,
)
_NUMBER = r"-?\d*\.?\d+(?![\w:])"
_NUMBERED = (
    "v|version|niji|s|stylize|seed|sameseed|chaos|c|q|quality|iw|sw|cw|ow|weird|w|width|h|height|stop|r|repeat|steps|cfg"
    "|cfg_scale|cfg-scale|exp|motion|bs|n|scale|upscale"
)
_OTHERS = "tile|turbo|fast|relax|hd|raw|draft|video|testp?|creative|uplight|upbeta|upanime|public|stealth|loop|hq"
_FLAGS = (
    re.compile(rf"(?<!\S)(?:--|—)(?:{_NUMBERED})(?:[ =]{{1,3}}(?:{_NUMBER}|4[abc]\b|fast|slow))?(?![^\s,.;])", re.IGNORECASE),
    re.compile(r"(?<!\S)--(?:style|mode|sampler)(?:[ =]{1,3}[\w-]+)?", re.IGNORECASE),
    re.compile(r"(?<!\S)--(?:p|profile|personalize)(?:[ =]{1,3}[a-z0-9]*\d[a-z0-9]*)?(?![^\s,.;])", re.IGNORECASE),
    re.compile(r"(?<!\S)--(?:sref|cref|oref|image)(?:[ =]{1,3}(?:https?://\S+|random|\d+))*", re.IGNORECASE),
    re.compile(rf"(?<!\S)--(?:{_OTHERS})(?![^\s,.;])", re.IGNORECASE),
    re.compile(rf"(?<!\S)--[a-z][a-z_-]*[ =]{{1,3}}{_NUMBER}(?=\s|$)", re.IGNORECASE),
    re.compile(r"(?<!\S)--(?:no|neg|negative|ar|aspect)(?:[ =]{1,3}\d\S*)?(?![^\s,.;])", re.IGNORECASE),  # with nothing to read
    re.compile(r"(?<!\S)https?://\S+\.(?:png|jpe?g|webp|gif)(?:\?\S*)?(?!\S)", re.IGNORECASE),  # nothing is fetched
    re.compile(r"<(?:lora|lyco|hypernet|embedding):[^>\n]*>", re.IGNORECASE),
    re.compile(r"(?m)(?:^|(?<=,))[ \t]*BREAK[ \t]*$"),
)
_WEIGHTED = re.compile(r"\((?P<words>[^()\n]*[^()\n\d\s])\s*:(?P<weight>\s*[0-2]?\.\d{1,3}|[0-2])\s*\)")
_STRESSED = re.compile(r"(?<!\()\({2,}(?P<words>[^()\n]+)\){2,}")
_PART = re.compile(r"::(?:\s?(?P<weight>-?\d*\.?\d+))?(?=[\s,]|$)")
_PRIVATE = re.compile("[\ue000-\uf8ff]")  # characters of no script: each stands for a quoted text meanwhile


@dataclass(slots=True)
class Pasted:
    """A text without what image generators alone understand, what it says is to be avoided, the shapes that it states, and what
    was left out of it.
    """

    text: str
    avoid: list[str] = field(default_factory=list[str])
    shapes: list[Shape] = field(default_factory=list[Shape])
    left_out: list[str] = field(default_factory=list[str])
    labelled: bool = False  # "Prompt:" came first: quotation marks around the rest are no lettering


def take_apart(text: str) -> Pasted:
    """Take apart a text as it is pasted; see the module."""
    inner = match["text"] if (match := _FENCE.fullmatch(text)) else text
    if match := _OUTER.fullmatch(inner):  # quotation marks around the whole of it
        within = _understood(match["text"])
        if within.text != match["text"]:
            return within
    return _understood(inner)


def _understood(text: str) -> Pasted:
    quoted = list[str]()

    def keep(match: re.Match[str]) -> str:
        quoted.append(match[0])
        return chr(0xE000 + len(quoted) - 1)

    plain = text if _PRIVATE.search(text) else _QUOTED.sub(keep, text)

    def back(text: str) -> str:
        return _PRIVATE.sub(lambda mark: quoted[ord(mark[0]) - 0xE000], text) if quoted else text

    found = Pasted(plain)
    _negatives(found)
    _shapes(found)
    for pattern in _FLAGS:
        found.text = pattern.sub(lambda match: _left_out(found, match[0]), found.text)
    found.text = _WEIGHTED.sub(lambda match: _left_out(found, match[0], match["words"]), found.text)
    found.text = _STRESSED.sub(lambda match: _left_out(found, match[0], match["words"]), found.text)
    _parts(found)
    if found.text != plain:
        found.text = _tidy(found.text)
    avoid = [_unquoted(back(things)) for things in found.avoid]
    plain = back(found.text)
    return Pasted(_unquoted(plain) if found.labelled else plain, avoid, found.shapes, [*map(back, found.left_out)])


def _unquoted(text: str) -> str:
    return match["text"] if (match := _OUTER.fullmatch(text)) else text


def _negatives(found: Pasted) -> None:
    """Take out blocks of what to avoid, the labels that come with them, and the settings that a generator has written."""
    if match := _SETTINGS.search(found.text):
        if (size := _SIZE_OF_SETTINGS.search(match[0])) and (shape := Shape.of(size)):
            found.shapes.append(shape)
        found.text = found.text[: match.start()]
        found.left_out.append(" ".join(match[0].split()))
    for pattern in (_NEGATIVE, _NO):
        found.avoid += [match["things"] for match in pattern.finditer(found.text) if match["things"].strip()]
        found.text = pattern.sub(" ", found.text)
    if match := _LABEL.match(found.text):
        found.text = found.text[match.end() :]
        found.labelled = True


def _shapes(found: Pasted) -> None:
    def take(match: re.Match[str]) -> str:
        shape = Shape.of(match)
        if shape is None:
            return match[0]
        found.shapes.append(shape)
        return ""

    for pattern in PATTERNS:
        found.text = pattern.sub(take, found.text)


def _left_out(found: Pasted, words: str, instead: str = "") -> str:
    found.left_out.append(" ".join(words.split()))
    return instead


def _parts(found: Pasted) -> None:
    """Join the parts of a text that generators weigh, "cat::2 dog::1"; one that weighs less than nothing is to be avoided."""
    kept, begin = list[str](), 0
    for match in _PART.finditer(found.text):
        part, begin = found.text[begin : match.start()], match.end()
        if (match["weight"] or "").startswith("-"):
            *before, part = part.rsplit(",", 1)
            kept += before
            found.avoid.append(part)
        else:
            kept.append(part)
        if match["weight"]:
            found.left_out.append("".join(match[0].split()))
    if begin:
        found.text = ", ".join([*kept, found.text[begin:]])


def _tidy(text: str) -> str:
    """Return a text without the spaces and marks that are left over where something was taken out."""
    for pattern, instead in _LEFT_OVER:
        text = pattern.sub(instead, text)
    return text.strip(" \t\n,;")


_LEFT_OVER = (
    (re.compile(r"\([\s,;]*\)"), ""),
    (re.compile(r"[ \t]{2,}"), " "),
    (re.compile(r"[ \t]+(?=[,.;:!?](?:\s|$))"), ""),
    (re.compile(r"(?:[,;][ \t]*)+(?=[,;.\n])"), ""),
    (re.compile(r"(?m)[ \t]+$|^[ \t]+$"), ""),
    (re.compile(r"\n{3,}"), "\n\n"),
)
