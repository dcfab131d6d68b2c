"""The contact sheet of all that the sandbox's painter can draw, docs/things.png. `make docs`; a test says when it is stale."""

from __future__ import annotations

import io

import resvg_py
from PIL import Image

from onbrief_sandbox.painting.drawings import DRAWINGS, symbol
from onbrief_sandbox.painting.lettering import fit, lettered
from onbrief_sandbox.painting.palette import GROUND, INK, PAINT, css
from onbrief_sandbox.scene import COLOURS, THINGS, Colour

_COLUMNS = 10
_SIDE, _LINE, _GAP = 120, 22, 18  # pixels: of a drawing, of the line with its name, and around both
_PAINTS: list[Colour] = [colour for colour in COLOURS if colour not in {"white", "black"}]


def sheet() -> bytes:
    """A PNG: every thing with its name, in ever other colours."""
    wide, high = _SIDE + 2 * _GAP, _SIDE + _LINE + 2 * _GAP
    rows = -(-len(THINGS) // _COLUMNS)
    cells = "".join(
        f'<g transform="translate({n % _COLUMNS * wide} {n // _COLUMNS * high})">{_cell(noun, n)}</g>'
        for n, noun in enumerate(THINGS)
    )
    size = f'width="{_COLUMNS * wide}" height="{rows * high}"'
    page = f'<svg xmlns="http://www.w3.org/2000/svg" {size}><rect {size} fill="{css(GROUND["gray"])}"/>{cells}</svg>'
    drawn = Image.open(io.BytesIO(resvg_py.svg_to_bytes(svg_string=page, skip_system_fonts=True)))
    png = io.BytesIO()
    drawn.convert("RGB").quantize(128).save(png, "PNG", optimize=True)
    return png.getvalue()


def _cell(noun: str, number: int) -> str:
    scale = _SIDE / 100
    drawn = symbol(DRAWINGS[noun], PAINT[_PAINTS[number % len(_PAINTS)]], 1.6, 2.6)
    name = noun.upper()
    letters = min(fit([name], _SIDE + _GAP, _LINE), 2.0)
    middle = _GAP + _SIDE / 2
    return f'<g transform="translate({_GAP} {_GAP}) scale({scale})">{drawn}</g>' + lettered(
        [name], letters, middle, _GAP + _SIDE + _LINE, css(INK)
    )
