from __future__ import annotations

import io
from collections import Counter
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
import resvg_py
from PIL import Image

from onbrief_sandbox.painting.drawings import CARD, DRAWINGS, symbol
from onbrief_sandbox.seeing.regions import connected

MAIN, TINT, SHADE = (255, 0, 255), (255, 0, 254), (255, 0, 253)
SIDE = 240
UNIT = SIDE / 120
CRUMB = 2 * UNIT**2  # the tolerated area where three curves meet
PEN = 1.5  # outline width of large things, in units of a drawing

drawn = pytest.mark.parametrize("name", sorted(set(DRAWINGS) - {CARD}))


def rendered(svg: str) -> npt.NDArray[np.uint8]:
    """Render without anti-aliasing, so that the pixels of each colour can be counted."""
    sheet = f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIDE}" height="{SIDE}" viewBox="-10 -10 120 120"'
    sheet += f' shape-rendering="crispEdges">{svg}</svg>'
    return np.asarray(Image.open(io.BytesIO(resvg_py.svg_to_bytes(svg_string=sheet, skip_system_fonts=True))).convert("RGBA"))


@cache
def sticker(name: str, pen: float) -> npt.NDArray[np.uint8]:
    return rendered(symbol(DRAWINGS[name], MAIN, pen, 0.0, {"tint": "#ff00fe", "shade": "#ff00fd"}))


def solid(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    return picture[:, :, 3] > 127


@drawn
def test_a_drawing_shows_its_main_colour_more_than_any_other(name: str):
    picture = sticker(name, 0)
    pixels: list[tuple[int, int, int]] = [(r, g, b) for r, g, b, _ in picture[solid(picture)].tolist()]
    shown = Counter(pixels)
    main, family = shown[MAIN], shown[MAIN] + shown[TINT] + shown[SHADE]
    assert main >= 0.25 * shown.total()
    assert family >= 0.35 * shown.total()
    assert main == max(count for colour, count in shown.items() if colour not in {TINT, SHADE})


@drawn
def test_a_drawing_is_in_one_piece_and_holes_in_it_are_large(name: str):
    whole = solid(sticker(name, PEN))
    assert len(connected(whole)[1]) == 1
    holes = [hole for hole in connected(~whole)[1] if hole.left > 0 and hole.area > CRUMB]
    assert [hole for hole in holes if min(hole.width, hole.height) < 12 * UNIT] == []


@drawn
def test_no_layer_and_no_line_of_a_drawing_crosses_its_outline_into_the_halo(name: str):
    outline = solid(rendered(f'<path d="{DRAWINGS[name].outline}" stroke="#000" stroke-width="{2 * PEN + 0.5}"/>'))
    assert int((solid(sticker(name, PEN)) & ~outline).sum()) == 0


@drawn
def test_a_drawing_stays_in_its_square_and_is_neither_a_ribbon_nor_a_pole(name: str):
    rows, columns = (np.flatnonzero(solid(sticker(name, 0)).any(axis=axis)) for axis in (1, 0))
    width, height = columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1
    assert 0.4 <= width / height <= 2.2
    assert min(rows[0], columns[0]) >= 6 * UNIT
    assert max(rows[-1], columns[-1]) <= 114 * UNIT
