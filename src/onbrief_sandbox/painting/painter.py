"""Paints a Scene without flaws, and reports what it painted."""

from __future__ import annotations

import io
import random

from PIL import Image

from onbrief.brief import Size
from onbrief_sandbox.painting.composition import Composition, choose, compose, widths
from onbrief_sandbox.painting.landscape import Landscape, landscape, shown
from onbrief_sandbox.painting.layout import Area, Spot
from onbrief_sandbox.painting.natural import BRIGHT
from onbrief_sandbox.painting.palette import GROUND, INK, mix
from onbrief_sandbox.painting.stickers import about, grown, rendered, ribbon, stick, sticker
from onbrief_sandbox.scene import Box, Colour, Scene, Sight, Thing

_EFFORT = 3  # PNG compression level, 0 to 9: much faster than the usual 6, and not much larger


def paint(scene: Scene, size: Size, seed: int) -> tuple[bytes, Sight]:
    """Return a PNG of the scene and its true content. The same scene, size and seed give the same bytes."""
    rng = random.Random(seed)  # noqa: S311  (a picture, not a secret)
    return render(compose(scene, size, rng), scene, size, rng)


def foresee(scene: Scene, size: Size, seed: int) -> Sight:
    """Return the content that `paint` will report, without painting. In a landscape, the boxes of elements are missing."""
    composition = compose(scene, size, random.Random(seed))  # noqa: S311  (a picture, not a secret)
    if not scene.elements:
        return Sight(_things(composition, size), composition.ground, words=composition.words)
    elements, styles = shown(scene.elements, scene.styles)
    return Sight(_things(composition, size), None, elements, composition.words, styles)


def render(
    composition: Composition, scene: Scene, size: Size, rng: random.Random, boxes: tuple[tuple[str, Box], ...] = ()
) -> tuple[bytes, Sight]:
    """Return a PNG of the composition and its true content. Of the scene, only elements, styles and absent things are used.
    `boxes` fixes the position of sun and moon.
    """
    pen, halo = widths(size)
    placed, ground, banner_area = composition.things, composition.ground, composition.banner
    kept_clear = [grown(p.area, halo) for p in placed] + ([grown(banner_area, pen + halo)] if banner_area else [])
    if ground is None:
        view = landscape(scene.elements, scene.styles, size, kept_clear, rng, boxes)
    else:
        view = Landscape(_paper(ground, size, rng), frozenset(), frozenset(), ())
    stickers = {sticker(p, ground, pen, halo): p for p in placed}  # identical ones are rendered once
    drawn = {svg: rendered(svg, grown(about(p.area, p.spot), 3 * halo)) for svg, p in stickers.items()}
    for p in placed:
        stick(view.picture, *drawn[sticker(p, ground, pen, halo)], p.spot)
    if banner_area:
        spot = Spot(*_middle(banner_area), 100)
        drawn_ribbon = ribbon(composition.words, banner_area, pen, halo, choose(BRIGHT, scene, rng))
        stick(view.picture, *rendered(drawn_ribbon, grown(about(banner_area, spot), pen + halo + 2)), spot)
    png = io.BytesIO()
    view.picture.save(png, "PNG", compress_level=_EFFORT)
    return png.getvalue(), Sight(_things(composition, size), ground, view.elements, composition.words, view.styles, view.boxes)


def _things(composition: Composition, size: Size) -> tuple[Thing, ...]:
    return tuple(Thing(p.noun, p.colour, _box(p.area, size)) for p in composition.things)


def _box(area: Area, size: Size) -> Box:
    return Box(area.left / size[0], area.top / size[1], area.right / size[0], area.bottom / size[1])


def _paper(ground: Colour, size: Size, rng: random.Random) -> Image.Image:
    """Return a plain background, slightly darker at the bottom."""
    width, height = size
    paper = Image.new("RGB", size, GROUND[ground])
    edge = round(rng.uniform(0.7, 0.84) * height)
    for k in range(3):
        paper.paste(mix(GROUND[ground], INK, 0.014 * (k + 1)), (0, edge + round(k * 0.012 * height), width, height))
    return paper


def _middle(area: Area) -> tuple[int, int]:
    return round((area.left + area.right) / 2), round((area.top + area.bottom) / 2)
