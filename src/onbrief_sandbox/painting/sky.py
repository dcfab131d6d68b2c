"""The layers of a landscape above the horizon, from back to front."""

from __future__ import annotations

import math
from collections.abc import Iterator

from onbrief_sandbox.painting.layout import Area
from onbrief_sandbox.painting.palette import RGB, mix
from onbrief_sandbox.painting.view import Patch, Point, View, band, disc, overlap
from onbrief_sandbox.painting.weather import AURORA, AURORA_FRINGE, MOON, RAINBOW, STAR, SUN, sky_at


def sky(view: View) -> Iterator[Patch]:
    """Draw the sky as bands of one colour on whole pixels: as smooth as 8 bits allow, and cheaper than a gradient."""
    last: tuple[RGB, int] | None = None
    bottom = int(view.horizon)
    for y in range(bottom + 1):
        colour = sky_at(view.air.sky, y / bottom)
        if last is None or colour != last[0] or y == bottom:
            if last is not None:
                yield band(0, last[1], view.width, y, last[0])
            last = (colour, y)


def aurora(view: View) -> Iterator[Patch]:
    """Draw two curtains, green and dense at the bottom, violet and thin at the top."""
    if "aurora" not in view.elements:
        return
    rng, width, horizon = view.rng, view.width, view.horizon
    for k in range(2):
        phase, waves, base = rng.uniform(0, 6.3), rng.uniform(1.0, 1.5), 0.46 - 0.17 * k
        feet: list[Point] = []
        rises: list[float] = []
        for i in range(81):
            t = i / 80
            swing = 0.05 * math.sin(phase + math.tau * waves * t) + 0.015 * math.sin(phase * 2 + math.tau * 3.1 * t)
            feet.append(((t * 1.1 - 0.05) * width, horizon * (base + swing)))
            rises.append(
                horizon * (0.16 + 0.07 * math.sin(math.pi * t) + 0.025 * math.sin(1.9 * i + phase) + 0.018 * math.sin(0.83 * i))
            )
        for j in range(7):  # overlapping veils, from tall, violet and thin to short, green and dense
            tops = [(x, y - rise * (1 - 0.12 * j)) for (x, y), rise in zip(feet, rises, strict=True)]
            colour = mix(AURORA_FRINGE, AURORA, min(1.0, j / 4))
            yield Patch([*tops, *reversed(feet)], colour, 0.09 + 0.022 * j)
        core = [(x, y - 0.16 * rise) for (x, y), rise in zip(feet, rises, strict=True)]
        yield Patch([*core, *reversed(feet)], AURORA)


def rainbow(view: View) -> Iterator[Patch]:
    """Draw six stripes from horizon to horizon."""
    if "rainbow" not in view.elements:
        return
    x = view.width * view.rng.uniform(0.4, 0.6)
    radius = min(0.46 * view.width, 0.8 * view.horizon)
    stripe = 0.021 * view.unit
    stretch = max(1.0, 0.46 * view.width / radius) ** 0.5
    arcs = [
        [(x - r * stretch * math.cos(math.pi * i / 90), view.horizon - r * math.sin(math.pi * i / 90)) for i in range(91)]
        for r in (radius - k * stripe for k in range(len(RAINBOW) + 1))
    ]
    for colour, outer, inner in zip(RAINBOW, arcs, arcs[1:], strict=False):
        yield Patch([*outer, *reversed(inner)], colour)


def sun(view: View) -> Iterator[Patch]:
    """Draw a disc with a glow, high in the sky or, as a sunrise, half below the horizon."""
    if "sun" in view.elements:
        r = 0.075 * view.unit
        low = (0.3, 0.6) if view.air.hour == "sunset" else (0.1, 0.42)
        spot = view.disc_room("sun", r, *low)
        r, x, y = spot.width / 2, (spot.left + spot.right) / 2, (spot.top + spot.bottom) / 2
        yield from (disc(x, y, r * k, SUN, 0.1) for k in (2.1, 1.65, 1.3))
        yield disc(x, y, r, SUN)
        view.boxes.append(("sun", spot))
    if view.sunrise is not None:
        r, x, y = 0.085 * view.unit, view.sunrise, view.horizon
        view.taken.append(Area(x - r, y - r, x + r, y))
        yield from (disc(x, y, r * k, SUN, 0.1) for k in (3.0, 2.3, 1.75, 1.35))
        yield disc(x, y, r, SUN)
        view.boxes.append(("sunrise", Area(x - r, y - r, x + r, y)))


def moon(view: View) -> Iterator[Patch]:
    """Draw a full moon with a glow."""
    if "moon" not in view.elements:
        return
    r = 0.068 * view.unit
    spot = view.disc_room("moon", r, 0.08, 0.42)
    r, x, y = spot.width / 2, (spot.left + spot.right) / 2, (spot.top + spot.bottom) / 2
    yield from (disc(x, y, r * k, MOON, 0.09) for k in (1.9, 1.45))
    yield disc(x, y, r, MOON)
    crater = mix(MOON, (150, 130, 110), 0.16)
    yield from (
        disc(x + dx * r, y + dy * r, k * r, crater) for dx, dy, k in ((-0.3, -0.25, 0.2), (0.3, 0.2, 0.26), (-0.2, 0.5, 0.13))
    )
    view.boxes.append(("moon", spot))


def clouds(view: View) -> Iterator[Patch]:
    """Draw a few clouds with flat bottoms."""
    if "clouds" not in view.elements:
        return
    rng = view.rng
    for k in range(rng.randint(3, 4)):
        w = view.unit * rng.uniform(0.22, 0.3)
        h = 0.42 * w
        spot = view.room(w, h, 0.1, 0.5 + 0.1 * (k == 0), 0.04 * view.unit)
        x, y, w = spot.left, spot.bottom, spot.width
        puffs = ((0.2, 0.16), (0.42, 0.26), (0.66, 0.21), (0.83, 0.13))
        for name, rise in (("clouds shade", 0.0), ("clouds", 0.035 * w)):
            for cx, part in puffs:
                yield disc(x + cx * w, y - part * w - rise, part * w, view.colour(name))
            yield band(x + 0.18 * w, y - 0.2 * w - rise, x + 0.83 * w, y - rise, view.colour(name))


def meteors(view: View) -> Iterator[Patch]:
    """Draw a few streaks that fall to the left."""
    if "meteors" not in view.elements:
        return
    for _ in range(view.rng.randint(3, 4)):
        length = view.unit * view.rng.uniform(0.15, 0.2)
        dx, dy = 0.86 * length, 0.5 * length
        spot = view.room(dx, dy, 0.06, 0.55, 0.02 * view.unit)
        thick = 0.0075 * view.unit
        x, y = spot.left + thick, spot.bottom - thick  # the head, low on the left
        nx, ny = 0.5 * thick, 0.86 * thick
        yield Patch([(x - nx, y - ny), (spot.right, spot.top), (x + nx, y + ny)], STAR)
        yield disc(x, y, 1.15 * thick, STAR)


def stars(view: View) -> Iterator[Patch]:
    """Draw up to 46 small stars, some of which twinkle, where the sky is free."""
    if "stars" not in view.elements:
        return
    rng, placed = view.rng, 0
    for _ in range(400):
        r = view.unit * rng.choice((0.0042, 0.0042, 0.0052, 0.009))
        x, y = rng.uniform(0.02, 0.98) * view.width, rng.uniform(0.05, 0.74) * view.horizon
        spot = Area(x - r, y - r, x + r, y + r)
        if any(overlap(spot, other, 0.014 * view.unit) for other in view.taken):
            continue
        view.taken.append(spot)
        if r > 0.006 * view.unit:  # a few twinkle
            q = 0.3 * r
            twinkle = [(0, -1.3 * r), (q, -q), (1.3 * r, 0), (q, q), (0, 1.3 * r), (-q, q), (-1.3 * r, 0), (-q, -q)]
            yield Patch([(x + a, y + b) for a, b in twinkle], STAR)
        else:
            yield disc(x, y, r, STAR)
        placed += 1
        if placed == 46:
            return
