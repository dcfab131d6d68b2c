"""The fonts that draw the letters of a contact sheet: Pillow's own, the machine's, and those of onbrief[fonts]."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, features

from onbrief.errors import ConfigError

_KNOWN = (
    "NotoSans-Regular", "NotoSans", "NotoSansCJK-Regular", "NotoSansCJKjp-Regular", "NotoSansJP-Regular", "NotoSansKR-Regular",
    "NotoSansSC-Regular", "NotoSans*-Regular", "NotoSans*", "SourceHanSans-Regular", "DejaVuSans", "DroidSansFallbackFull",
    "ipagp", "wqy-microhei", "ヒラギノ角ゴシック W3", "Hiragino Sans GB", "AppleSDGothicNeo", "GeezaPro", "Kohinoor",
    "Arial Unicode", "YuGothM", "msgothic", "msyh", "malgun", "segoeui", "Nirmala", "LeelawUI", "arial", "NotoEmoji*",
    "unifont",
)  # fmt: skip
"""Names of font files that draw text well, without the ending; the first one that has a character draws it."""

_PACKAGES = ("noto_cjk_sans_jp_regular", "manimgx_fonts")
"""Packages of onbrief[fonts], which hold font files and are not imported."""

_ENDINGS = (".ttf", ".otf", ".ttc")
_MOST_OTHERS = 96  # fonts with names not known here; each one that is tried stays open
_MISSING = "\U0010fffe"  # a noncharacter: no font has a glyph for it


@cache
def is_shaping() -> bool:
    """Tell whether letters are joined and ordered as their script demands (by Raqm, which Pillow's wheels have)."""
    return features.check("raqm") is True


@cache
def has_packages() -> bool:
    """Tell whether the fonts of onbrief[fonts] are installed."""
    return all(find_spec(name) for name in _PACKAGES)


@cache
def font(face: int, size: int) -> ImageFont.FreeTypeFont:
    """Return a face by its number, at a size in pixels; 0 is Pillow's own."""
    if face:
        return ImageFont.truetype(_faces()[face - 1], size)
    own = ImageFont.load_default(size)
    if not isinstance(own, ImageFont.FreeTypeFont):
        raise ConfigError("the contact sheet needs Pillow with FreeType", hint="install Pillow from its published wheels")
    return own.font_variant(layout_engine=ImageFont.Layout.RAQM) if is_shaping() else own  # it is opened without Raqm


@cache
def face_of(character: str) -> int | None:
    """Return the number of the first face that has this character."""
    return next((face for face in range(len(_faces()) + 1) if has(face, character)), None)


@cache
def has(face: int, character: str) -> bool:
    """Tell whether a face has a glyph for a character."""
    return character == " " or _drawn(font(face, 24), character) != _drawn(font(face, 24), _MISSING)


def _drawn(face: ImageFont.FreeTypeFont, character: str) -> bytes:
    spot = Image.new("L", (48, 48))
    ImageDraw.Draw(spot).text((8, 36), character, 255, face, "ls")
    return spot.tobytes()


@cache
def _faces() -> tuple[str, ...]:
    """Return the paths of all fonts in the order in which they are tried: well-known ones, packages, others of the machine."""
    names = sorted(machine_fonts(), key=lambda path: path.name)
    known = [path for name in _KNOWN for path in names if _is_named(path.stem, name)]
    packaged = sorted(path for name in _PACKAGES for path in _packaged(name))
    others = [
        path for path in names if path not in known and not any(word in path.stem for word in ("Bold", "Italic", "Oblique"))
    ]
    usable = (str(path) for path in dict.fromkeys([*known, *packaged]) if _opens(path))
    return (*usable, *islice((str(path) for path in others if _opens(path)), _MOST_OTHERS))


def _is_named(stem: str, name: str) -> bool:
    """Match a name; "*" stands for the name of a script, and variable fonts have their axes in brackets."""
    stem = stem.partition("[")[0]
    begin, star, end = name.partition("*")
    return (
        stem.startswith(begin) and stem.endswith(end) and "-" not in stem[len(begin) : len(stem) - len(end)]
        if star
        else stem == name
    )


def machine_fonts() -> list[Path]:
    """Return the font files in the folders where systems keep them."""
    return [
        Path(folder, name)
        for root in _folders()
        for folder, _, names in os.walk(root)
        for name in names
        if name.endswith(_ENDINGS)
    ]


def _folders() -> Iterator[Path]:
    home = Path("~").expanduser()
    if sys.platform == "darwin":
        yield from (Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts")
    elif sys.platform == "win32":
        yield from (Path(os.environ.get("WINDIR", r"C:\Windows"), "Fonts"), home / "AppData/Local/Microsoft/Windows/Fonts")
    else:
        yield from (Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share", "fonts"), home / ".fonts")
        shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
        yield from (Path(folder, "fonts") for folder in shared.split(":"))


def _packaged(name: str) -> list[Path]:
    spec = find_spec(name)
    folders = (spec.submodule_search_locations or []) if spec else []
    return [
        path for folder in folders for path in Path(folder).iterdir() if path.suffix in _ENDINGS and "Italic" not in path.stem
    ]


def _opens(path: Path) -> bool:
    try:
        ImageFont.truetype(str(path), 24)
    except OSError:
        return False
    return True
