"""Text drawn in any script that a font here has: measured, wrapped, and drawn in its own direction."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from PIL import ImageDraw

from onbrief.report.bidi import LEFT_TO_RIGHT, RIGHT_TO_LEFT, in_visual_order, is_right_to_left, levels
from onbrief.report.fonts import face_of, font, has, has_packages, is_shaping
from onbrief.report.formatting import language, shown

GAP = "[…]"
"""What stands for characters that no font here has."""

_LANGUAGES = {
    "ja": "Japanese", "ko": "Korean", "zh": "Chinese", "th": "Thai", "he": "Hebrew", "el": "Greek", "ru": "Russian",
    "ar": "Arabic", "fa": "Persian", "ur": "Urdu", "hi": "Hindi", "mr": "Marathi", "bn": "Bengali",
    "ta": "Tamil", "te": "Telugu",
}  # fmt: skip
_SPELLED = {"×": "x", "–": "-", "—": "-", "€": "EUR", "ß": "ss", "æ": "ae", "ø": "o", "ł": "l", "Æ": "Ae", "Ø": "O", "Ł": "L"}
_JOINERS = frozenset("\u200c\u200d\ufe0e\ufe0f")
_WIDE, _CLOSING = "\u2e80-\u9fff\uac00-\ud7af\uff00-\uffef", "、。，．！？：；）」』】〉》ーっゃゅょ"
_PIECE = re.compile(f"[{_WIDE}][{_CLOSING}]*|[^\\s{_WIDE}]+|\\s+")
_WORD = re.compile(r"\S+|\s+")


@dataclass(frozen=True, slots=True)
class Letters:
    """A font size, in pixels, and the language of the text, which decides between forms of one character."""

    size: int
    language: str = ""

    @property
    def line(self) -> int:
        """The height of a line, from one baseline to the next."""
        return round(self.size * 1.4)

    def width(self, text: str) -> float:
        """Return the width of the text in pixels."""
        return sum(self._length(face, level, run) for level, (face, run) in _runs(text))

    def draw(
        self, draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, colour: str, room: float | None = None
    ) -> None:
        """Draw one line; `at` is its left end, on the baseline. Text from right to left begins at the right of the room."""
        x, y = at
        if room is not None and is_right_to_left(text):
            x += room - self.width(text)
        for level, (face, run) in in_visual_order(_runs(text)):
            direction, tongue = self._shaping(level)
            draw.text((x, y), run, font=font(face, self.size), fill=colour, anchor="ls", direction=direction, language=tongue)
            x += self._length(face, level, run)

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
        turned = is_right_to_left(text)
        mark = RIGHT_TO_LEFT if turned else LEFT_TO_RIGHT
        return [line.rstrip() if is_right_to_left(line) == turned else mark + line.rstrip() for line in wrapped]

    def _pieces(self, text: str, width: float) -> Iterator[str]:
        for piece in _PIECE.findall(text):
            yield from [piece] if self.width(piece) <= width else _clusters(piece)

    def _cut(self, line: str, width: float) -> str:
        clusters = list(_clusters(line))
        while clusters and self.width("".join(clusters).rstrip() + "…") > width:
            clusters.pop()
        return "".join(clusters).rstrip() + "…"

    def _length(self, face: int, level: int, run: str) -> float:
        direction, tongue = self._shaping(level)
        return font(face, self.size).getlength(run, direction=direction, language=tongue)

    def _shaping(self, level: int) -> tuple[str | None, str | None]:
        """Return the direction and language of a run, which only Pillow's Raqm layout takes."""
        return ("rtl" if level % 2 else "ltr", self.language or None) if is_shaping() else (None, None)


def drawable(text: str, at_most: int) -> str:
    """Spell plainly what no font here can draw, with "[…]" for the rest; name the language instead when little remains."""
    text = shown(text, at_most)
    letters = [character for character in text if character.isalnum()]
    kept = [character for character in letters if _plain(character) not in ("", GAP)]
    if letters and 2 * len(kept) < len(letters):
        name = _LANGUAGES.get(language(text))
        return f"[text in {name}]" if name else "[text in another script]"
    plain = "".join(_plain(character) for character in text)
    return " ".join(re.sub(r"(\[…\][\u200c\u200d\ufe0e\ufe0f]*)+", GAP, plain).split())


def advice(texts: Iterator[str]) -> str:
    """Return what to install when a text has characters that no font here has; "" when all can be drawn."""
    if not any(_plain(character) == GAP for text in texts for character in set(shown(text, 900))):
        return ""
    known = "Some characters are in no font here" + ("" if is_shaping() else ", or need a Pillow with Raqm")
    return f"{known}." if has_packages() else f"{known}; more fonts: pip install 'onbrief[fonts]'"


def _plain(character: str) -> str:
    if character in _JOINERS or _face(character) is not None:
        return character
    if character in _SPELLED:
        return _SPELLED[character]
    if unicodedata.category(character)[0] in "CZ":
        return ""
    parts = unicodedata.normalize("NFKD", character)
    return "".join(part for part in parts if part != character and _face(part) is not None) or GAP


def _face(character: str) -> int | None:
    """Return the face that draws a character, if it can be drawn as its script demands."""
    if character == " ":
        return 0
    if unicodedata.category(character) in ("Cf", "Cc", "Cn", "Co", "Cs"):
        return None
    if not is_shaping() and (unicodedata.bidirectional(character) in ("R", "AL") or "\u0900" <= character <= "\u0dff"):
        return None
    return face_of(character)


def _clusters(text: str) -> Iterator[str]:
    """Split text into characters with their marks, and emoji with what is joined to them: what no line may break."""
    cluster = ""
    for character in text:
        joined = character in _JOINERS or unicodedata.category(character)[0] == "M" or "\U0001f3fb" <= character <= "\U0001f3ff"
        if cluster and not joined and not cluster.endswith("\u200d"):
            yield cluster
            cluster = ""
        cluster += character
    if cluster:
        yield cluster


def _runs(text: str) -> list[tuple[int, tuple[int, str]]]:
    """Split a line into runs of one level and one face; a word uses several faces only when it has to."""
    if text.isascii():
        return [(0, (0, text))]
    faces: list[int] = []
    for word in _WORD.findall(text):
        needed = {character: face for character in word if character not in _JOINERS and (face := _face(character)) is not None}
        whole = next((face for face in sorted(set(needed.values())) if all(has(face, character) for character in needed)), None)
        for cluster in _clusters(word):
            base = whole if whole is not None else needed.get(cluster[0])
            if base is None or cluster.isspace():
                base = faces[-1] if faces else 0
            faces.extend([base] * len(cluster))
    marked = zip(levels(text), faces, text, strict=True)
    runs = groupby((part for part in marked if part[2] not in (LEFT_TO_RIGHT, RIGHT_TO_LEFT)), key=lambda part: part[:2])
    return [(level, (face, "".join(character for _, _, character in parts))) for (level, face), parts in runs]
