"""Text drawn with Pillow's own font, and with an installed font for the characters that it lacks."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from onbrief.errors import ConfigError
from onbrief.report.formatting import language, shown

_FALLBACKS = (
    "DejaVuSans.ttf", "NotoSansCJK-Regular.ttc", "NotoSansJP-Regular.otf", "NotoSansCJKjp-Regular.otf",
    "DroidSansFallbackFull.ttf", "ipagp.ttf", "wqy-microhei.ttc", "Hiragino Sans GB.ttc", "ヒラギノ角ゴシック W3.ttc",
    "AppleSDGothicNeo.ttc", "YuGothM.ttc", "msgothic.ttc", "msyh.ttc", "malgun.ttf", "NotoSans-Regular.ttf",
    "Arial Unicode.ttf", "arial.ttf", "unifont.otf",
)  # fmt: skip
"""Installed fonts that are tried by name; the first one that has a character draws it."""

_LANGUAGES = {"ja": "Japanese", "ko": "Korean", "zh": "Chinese", "th": "Thai", "he": "Hebrew", "el": "Greek"}
_SPELLED = {"×": "x", "–": "-", "—": "-", "€": "EUR", "ß": "ss", "æ": "ae", "ø": "o", "ł": "l", "Æ": "Ae", "Ø": "O", "Ł": "L"}
_MISSING = "\U0010fffe"  # a noncharacter: no font has a glyph for it
_PIECE = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uff00-\uffef]|[^\\s\u2e80-\u9fff\uac00-\ud7af\uff00-\uffef]+|\\s+")


@dataclass(frozen=True, slots=True)
class Letters:
    """A font size, in pixels."""

    size: int

    @property
    def line(self) -> int:
        """The height of a line, from one baseline to the next."""
        return round(self.size * 1.4)

    def width(self, text: str) -> float:
        """Return the width of the text in pixels."""
        return sum(_length(_font(which, self.size), run) for which, run in _runs(text))

    def draw(self, draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, colour: str) -> None:
        """Draw one line; `at` is its left end, on the baseline."""
        x, y = at
        for which, run in _runs(text):
            font = _font(which, self.size)
            draw.text((x, y), run, font=font, fill=colour, anchor="ls", direction=_direction(font))
            x += _length(font, run)

    def wrap(self, text: str, width: float, lines: int) -> list[str]:
        """Wrap the text into at most `lines` lines of at most `width` pixels; text that is cut off ends with "…"."""
        wrapped = [""]
        for piece in self._pieces(text, width):
            if wrapped[-1] and self.width(wrapped[-1] + piece.rstrip()) > width:
                if len(wrapped) == lines:
                    wrapped[-1] = self._cut(wrapped[-1], width)
                    break
                wrapped.append("")
            wrapped[-1] += piece if wrapped[-1] else piece.lstrip()
        return [line.rstrip() for line in wrapped]

    def _pieces(self, text: str, width: float) -> list[str]:
        pieces: list[str] = []
        for piece in _PIECE.findall(text):
            fits = self.width(piece) <= width
            pieces.extend([piece] if fits else piece)
        return pieces

    def _cut(self, line: str, width: float) -> str:
        while line and self.width(line.rstrip() + "…") > width:
            line = line[:-1]
        return line.rstrip() + "…"


def _length(font: ImageFont.FreeTypeFont, run: str) -> float:
    return font.getlength(run, direction=_direction(font))


def _direction(font: ImageFont.FreeTypeFont) -> str | None:
    """Return the direction of the line, in which words keep theirs; only Pillow's Raqm layout takes one."""
    return "ltr" if font.layout_engine == ImageFont.Layout.RAQM else None


def drawable(text: str, at_most: int) -> str:
    """Spell plainly or leave out what no installed font can draw; name the language instead when little of the text remains."""
    text = shown(text, at_most)
    plain = "".join(_plain(character) for character in text)
    letters = [character for character in text if character.isalnum()]
    kept = [character for character in letters if _plain(character)]
    if letters and 2 * len(kept) < len(letters):
        name = _LANGUAGES.get(language(text))
        return f"[text in {name}]" if name else "[text in another script]"
    return " ".join(plain.split())


def _plain(character: str) -> str:
    if _which(character) is not None:
        return character
    if character in _SPELLED:
        return _SPELLED[character]
    return "".join(part for part in unicodedata.normalize("NFKD", character) if _which(part) is not None)


def _runs(text: str) -> list[tuple[int, str]]:
    """Split text into runs with the number of the font that draws each; a word uses several fonts only when it has to."""
    runs: list[tuple[int, str]] = []
    for word in _PIECE.findall(text):
        lacking = {which for character in word if (which := _which(character))}
        whole = next((which for which in lacking if all(_has(_font(which, 24), c) for c in word)), None)
        for character in word:
            which = _which(character) or 0 if whole is None else whole
            if runs and runs[-1][0] == which:
                runs[-1] = (which, runs[-1][1] + character)
            else:
                runs.append((which, character))
    return runs


@cache
def _which(character: str) -> int | None:
    """Return the number of the first font that has this character; 0 is Pillow's own."""
    if character == " ":
        return 0
    if unicodedata.category(character) in ("Cf", "Cc", "Cn", "Co", "Cs"):
        return None
    if _has(_font(0, 24), character):
        return 0
    return next((number for number in range(1, len(_found()) + 1) if _has(_font(number, 24), character)), None)


@cache
def _has(font: ImageFont.FreeTypeFont, character: str) -> bool:
    return character == " " or _drawn(font, character) != _drawn(font, _MISSING)


def _drawn(font: ImageFont.FreeTypeFont, character: str) -> bytes:
    spot = Image.new("L", (48, 48))
    ImageDraw.Draw(spot).text((8, 36), character, 255, font, "ls")
    return spot.tobytes()


@cache
def _found() -> tuple[str, ...]:
    return tuple(name for name in _FALLBACKS if _opens(name))


def _opens(name: str) -> bool:
    try:
        ImageFont.truetype(name, 24)
    except OSError:
        return False
    return True


@cache
def _font(which: int, size: int) -> ImageFont.FreeTypeFont:
    if which:
        return ImageFont.truetype(_found()[which - 1], size)
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise ConfigError("the contact sheet needs Pillow with FreeType", hint="install Pillow from its published wheels")
    return font
