"""What a requirement claims about size, shape, colours and empty space, where its words say so plainly enough to be measured.

Whatever the words do not say plainly is not measured: "a warm background" and "some space on the left" are left to the judge.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from onbrief.brief import Requirement

ASPECT_TOLERANCE: Final = 0.05  # image models make sides in multiples of 64 pixels: 1344x768 for 16:9, 1152x896 for 4:3
COLOUR_WORDS: Final = (
    "white", "black", "gray", "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "beige",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour as it is named: a hex value in small letters, "#00a99d", or one of COLOUR_WORDS with or without a shade."""

    name: str
    shade: str = ""


@dataclass(frozen=True, slots=True)
class Pixels:
    """The picture has exactly this size, in pixels."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Aspect:
    """The sides have this ratio, width to height."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Upright:
    """The picture is higher than it is wide, or wider than it is high."""

    portrait: bool


@dataclass(frozen=True, slots=True)
class Ground:
    """The background is of this colour, if one is named, and of one colour if it is `plain`."""

    colour: Colour | None
    plain: bool


@dataclass(frozen=True, slots=True)
class Palette:
    """There are no other colours in the picture than these."""

    colours: tuple[Colour, ...]


@dataclass(frozen=True, slots=True)
class Zone:
    """This part of the picture is empty: left, top, right and bottom, as shares of its width and height."""

    box: tuple[float, float, float, float]


Exact = Pixels | Aspect | Upright
"""Measures of the file, which are right or wrong beyond doubt."""
Measure = Exact | Ground | Palette | Zone

UPRIGHT_SHAPE: Final = (4, 5)
"""The sides of a picture that is cropped to be upright, with no shape named; turned over for one that is wide."""

_PICTURE = r"(?:the|this) (?:whole |entire )?(?:picture|image|photo|photograph|canvas|format)"
_HEX = r"#[0-9a-f]{6}\b|#[0-9a-f]{3}\b"
_NAMED = rf"(?:(?:light|pale|dark|deep) )?(?:{'|'.join(COLOUR_WORDS)}|grey|violet|cream)"
_COLOUR = rf"(?:{_HEX}|{_NAMED})"
_PLAIN = r"(?:plain|solid|pure|uniform|flat|even|seamless|completely|entirely|uniformly|evenly|single-colou?r|one-colou?r)"
_SHARES = {"half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4, "fifth": 1 / 5}
_EMPTY = (
    r"(?:is|are|stays?|remains?|is left|is kept|has been left) (?:completely |entirely |visually )?(?:empty|free|clear|blank)"
    r"(?: (?:for|of) (?:the |any )?(?:copy|text|a headline|headlines?|lettering|objects|things|a logo|overlay|later text))?"
)
_AREA = (
    r"(?:the )?(left|right|top|bottom|upper|lower)[ -]?(?:hand )?"
    rf"(?:({'|'.join(_SHARES)})|(\d\d?) ?(?:%|percent))(?: of {_PICTURE})?"
)

_PIXELS = re.compile(
    rf"(?:{_PICTURE} (?:is|has|measures)|the (?:size|resolution)(?: of {_PICTURE})? is)(?: exactly)?"
    r"(?: a (?:size|resolution) of)? (\d{2,5}) ?(?:px )?[x×] ?(\d{2,5})(?: ?px| pixels?)?(?: in size| large)?"
)
_ASPECT = re.compile(
    rf"(?:{_PICTURE} has (?:an aspect ratio|a ratio|a format|the format|proportions) of|{_PICTURE} is(?: in)?"
    rf"|the (?:aspect ratio|format|ratio)(?: of {_PICTURE})? is) (\d{{1,3}}) ?: ?(\d{{1,3}})(?: format| aspect ratio)?"
)
_SQUARE = re.compile(rf"{_PICTURE} (?:is|has)(?: in)?(?: a| an)? square(?: format| shape| picture| image)?")
_UPRIGHT = re.compile(
    rf"(?:{_PICTURE} (?:is|has)(?: in)?(?: a)?|the orientation(?: of {_PICTURE})? is) (portrait|landscape)"
    r"(?P<form> format| orientation)?"
)
_TALLER = re.compile(rf"{_PICTURE} is (?:(taller|higher)|wider) than (?:it is )?(?:wide|tall|high)")
_GROUND = re.compile(
    rf"(?:(?:the|its) (?:entire |whole )?background(?: of {_PICTURE})? is(?: an?)?|there is an?"
    rf"|{_PICTURE} has an?)"
    rf"(?: (?:(?P<plain>{_PLAIN})|(?P<colour>{_COLOUR})|(?P<one>(?:of )?(?:one|a single) colou?r)))+"
    r"(?P<named> background)?"
)
_PALETTE = re.compile(
    rf"(?:{_PICTURE} (?:uses|has|contains|is in|is limited to|is made of)(?: only)?"
    rf"|(?:the )?only colou?rs(?: used)?(?: in {_PICTURE})? are"
    rf"|the (?:colou?rs|palette)(?: of {_PICTURE})? (?:are|is)(?: limited to| only)?)"
    rf"(?: only)?(?: the)?(?: colou?rs)? ({_COLOUR}(?:(?:, and |, | and |; ){_COLOUR})*)(?: only)?"
)
_ZONE = re.compile(rf"{_AREA} {_EMPTY}|{_AREA} (?:contains|shows|holds|has) nothing")
_SPACE = re.compile(
    r"(?:there is|there's) (?:nothing|(?:only )?(?:empty|free|clear|copy|negative|blank) space"
    rf"(?: for (?:copy|text|a headline))?) (?:in|at|across|over|on) {_AREA}"
)


def measure(requirement: Requirement) -> Measure | None:
    """Return what a requirement claims that can be measured, or None."""
    text = " ".join(requirement.text.casefold().replace("grey", "gray").split()).rstrip(".")
    return _shape(text) or _zone(text) or _palette(text) or _ground(text)


def shape_of(wanted: Exact) -> Aspect:
    """Return the ratio of the sides of a picture that meets a measure of its shape or size."""
    if isinstance(wanted, Upright):
        return Aspect(*(UPRIGHT_SHAPE if wanted.portrait else UPRIGHT_SHAPE[::-1]))
    return Aspect(wanted.width, wanted.height)


def _shape(text: str) -> Exact | None:
    if match := _PIXELS.fullmatch(text):
        return Pixels(int(match[1]), int(match[2]))
    if (match := _ASPECT.fullmatch(text)) and int(match[1]) and int(match[2]):
        return Aspect(int(match[1]), int(match[2]))
    if _SQUARE.fullmatch(text):
        return Aspect(1, 1)
    if (match := _UPRIGHT.fullmatch(text)) and (
        match["form"] or text.startswith("the orientation")
    ):  # "a landscape" is a scene
        return Upright(portrait=match[1] == "portrait")
    if match := _TALLER.fullmatch(text):
        return Upright(portrait=match[1] is not None)
    return None


def _zone(text: str) -> Zone | None:
    match = _ZONE.fullmatch(text) or _SPACE.fullmatch(text)
    if not match:
        return None
    found = [group for group in match.groups() if group]
    share = _SHARES.get(found[1]) or int(found[1]) / 100
    match found[0]:
        case "left":
            return Zone((0.0, 0.0, share, 1.0))
        case "right":
            return Zone((1 - share, 0.0, 1.0, 1.0))
        case "top" | "upper":
            return Zone((0.0, 0.0, 1.0, share))
        case _:
            return Zone((0.0, 1 - share, 1.0, 1.0))


def _palette(text: str) -> Palette | None:
    match = _PALETTE.fullmatch(text)
    if not match or not re.search(r"\bonly\b|\blimited to\b", text):  # "the picture has red and blue" excludes nothing
        return None
    colours = tuple(_colour(name) for name in re.findall(_COLOUR, match[1]))
    if {Colour("black"), Colour("white")} <= set(colours):  # of a photograph, that means all that lies between too
        colours += (Colour("gray"),)
    return Palette(colours)


def _ground(text: str) -> Ground | None:
    match = _GROUND.fullmatch(text)
    if not match or not (match["named"] or " background" in text):
        return None
    if len(re.findall(_COLOUR, text)) > 1:
        return None
    colour = _colour(match["colour"]) if match["colour"] else None
    return Ground(colour, plain=bool(match["plain"] or match["one"]))


def _colour(name: str) -> Colour:
    if name.startswith("#"):
        return Colour(name if len(name) == 7 else "#" + "".join(2 * digit for digit in name[1:]))
    *shade, word = name.replace("violet", "purple").replace("cream", "beige").split()
    return Colour(word, "light" if shade and shade[0] in {"light", "pale"} else "dark" if shade else "")
