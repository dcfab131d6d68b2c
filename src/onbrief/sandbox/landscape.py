"""Paints landscapes: the sky and what is in it, then the land from the horizon forward, as flat layers of polygons."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from onbrief.sandbox.layout import Area
from onbrief.sandbox.palette import RGB, mix
from onbrief.sandbox.scene import Box
from onbrief.sandbox.weather import (
    AURORA,
    AURORA_FRINGE,
    HORIZON,
    MOON,
    RAINBOW,
    STAR,
    SUN,
    Hour,
    Style,
    Weather,
    sky_at,
    weather,
)

Point = tuple[float, float]

_FINE = 2  # painted so many times larger, then scaled down: smooth edges, and quicker than a vector renderer's
_FINE_UP_TO = 3_000_000  # pixels


@dataclass(frozen=True, slots=True)
class Landscape:
    """A painted landscape and what is in it."""

    picture: Image.Image
    elements: frozenset[str]
    styles: frozenset[str]
    boxes: tuple[tuple[str, Box], ...]


def weather_of(elements: Collection[str], styles: Collection[str]) -> Weather:
    """The weather that comes nearest to these elements and styles. Night wins over sunset, and sunset over day; a night or
    a day with a sunset has its glow on the horizon.
    """
    style: Style = "serene" if "serene" in styles else "dramatic" if "dramatic" in styles else ""
    glow = "sunset" in elements
    hour: Hour
    if "night" in elements:
        hour = "night"
    elif "day" in elements:
        hour = "day"
    elif glow:
        hour = "sunset"
    else:
        hour = "night" if {"moon", "stars", "aurora", "meteors"} & set(elements) and "sun" not in elements else "day"
    return weather(hour, glow and hour != "sunset", style)


def landscape(
    elements: Collection[str], styles: Collection[str], size: tuple[int, int], things: Sequence[Area], rng: random.Random
) -> Landscape:
    """A landscape of these elements. What is small in the sky keeps clear of the things that will stand before it."""
    air = weather_of(elements, styles)
    view = _View(size[0], size[1], set(elements), air, rng, list(things))
    picture = _raster((patch for layer in _LAYERS for patch in layer(view)), size)
    shown = (view.elements - {"day", "night", "sunset"}) | {air.hour} | ({"sunset"} if air.glow else set[str]())
    boxes = tuple((name, _box(area, view)) for name, area in view.boxes)
    return Landscape(picture, frozenset(shown), frozenset({air.style} - {""}), boxes)


@dataclass(frozen=True, slots=True)
class _Patch:
    """A polygon of one colour. Opacity goes from 0 to 1."""

    points: Sequence[Point]
    colour: RGB
    opacity: float = 1.0


def _raster(patches: Iterable[_Patch], size: tuple[int, int]) -> Image.Image:
    fine = _FINE if size[0] * size[1] <= _FINE_UP_TO else 1
    picture = Image.new("RGB", (size[0] * fine, size[1] * fine))
    solid, glazed = ImageDraw.Draw(picture, "RGB"), ImageDraw.Draw(picture, "RGBA")
    for patch in patches:
        points = [(x * fine, y * fine) for x, y in patch.points]
        if patch.opacity < 1:
            glazed.polygon(points, (*patch.colour, round(255 * patch.opacity)))
        else:
            solid.polygon(points, patch.colour)
    return picture.reduce(fine) if fine > 1 else picture


class _View:
    """What the layers of one landscape share: its measures, its colours and the room that is taken in its sky."""

    def __init__(
        self, width: int, height: int, elements: set[str], air: Weather, rng: random.Random, taken: list[Area]
    ) -> None:
        self.width, self.height, self.elements, self.air, self.rng, self.taken = width, height, elements, air, rng, taken
        self.horizon = float(round(HORIZON * height))
        self.unit = min(width, 1.4 * self.horizon)
        self.boxes: list[tuple[str, Area]] = []
        self.ceiling = max((a.bottom for a in taken if a.width > width / 2 and a.top < height / 4), default=0.0)
        """How far down a banner at the top reaches."""
        self.sunrise = self._clear() if "sunrise" in elements else None
        """Where the sun stands on the horizon; the land keeps low there."""

    def _clear(self) -> float:
        """Where on the horizon the fewest things stand in the way."""
        places = [self.rng.uniform(0.25, 0.75) * self.width for _ in range(12)]
        r = 0.1 * self.unit
        return min(
            places, key=lambda x: sum(_overlap(Area(x - r, self.horizon - r, x + r, self.horizon), a, 0) for a in self.taken)
        )

    def colour(self, name: str) -> RGB:
        return self.air.land[name]

    def at(self, x: float) -> float:
        """How far x is from the sun on the horizon, in its radii."""
        return math.inf if self.sunrise is None else abs(x - self.sunrise) / (0.085 * self.unit)

    def room(self, width: float, height: float, low: float, high: float, apart: float) -> Area:
        """A free place in the sky between two heights (0 at the zenith, 1 at the horizon), found at random and taken from
        then on. Where there is none of this size, a smaller one is looked for; at last the freest.
        """
        low, high = (self.ceiling + share * (self.horizon - self.ceiling) for share in (low, high))
        best, least = Area(0, low, width, low + height), math.inf
        for k in range(160):
            if k in {50, 90, 130}:
                width, height = 0.8 * width, 0.8 * height
            x = self.rng.uniform(0.03 * self.width, max(0.03 * self.width, 0.97 * self.width - width))
            y = self.rng.uniform(low, max(low, high - height))
            area = Area(x, y, x + width, y + height)
            covered = sum(_overlap(area, other, apart) for other in self.taken)
            if covered < least:
                best, least = area, covered
            if not covered:
                break
        self.taken.append(best)
        return best


def _overlap(a: Area, b: Area, apart: float) -> float:
    across = min(a.right, b.right) - max(a.left, b.left) + apart
    down = min(a.bottom, b.bottom) - max(a.top, b.top) + apart
    return max(0.0, across) * max(0.0, down)


def _box(area: Area, view: _View) -> Box:
    return Box(area.left / view.width, area.top / view.height, area.right / view.width, area.bottom / view.height)


def _disc(x: float, y: float, radius: float, colour: RGB, opacity: float = 1.0) -> _Patch:
    steps = max(16, min(96, int(2 * radius)))
    angles = [math.tau * k / steps for k in range(steps)]
    return _Patch([(x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles], colour, opacity)


def _band(left: float, top: float, right: float, bottom: float, colour: RGB) -> _Patch:
    return _Patch([(left, top), (right, top), (right, bottom), (left, bottom)], colour)


# -- sky ---------------------------------------------------------------------------------------------------------------


def _sky(view: _View) -> Iterator[_Patch]:
    """Bands of one colour each, on whole pixels: as smooth as eight bits are, and cheaper than a gradient."""
    last: tuple[RGB, int] | None = None
    bottom = int(view.horizon)
    for y in range(bottom + 1):
        colour = sky_at(view.air.sky, y / bottom)
        if last is None or colour != last[0] or y == bottom:
            if last is not None:
                yield _band(0, last[1], view.width, y, last[0])
            last = (colour, y)


def _aurora(view: _View) -> Iterator[_Patch]:
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
        for j in range(7):  # veils upon each other: violet and thin at the top, green and dense at the foot
            tops = [(x, y - rise * (1 - 0.12 * j)) for (x, y), rise in zip(feet, rises, strict=True)]
            colour = mix(AURORA_FRINGE, AURORA, min(1.0, j / 4))
            yield _Patch([*tops, *reversed(feet)], colour, 0.09 + 0.022 * j)
        core = [(x, y - 0.16 * rise) for (x, y), rise in zip(feet, rises, strict=True)]
        yield _Patch([*core, *reversed(feet)], AURORA)


def _rainbow(view: _View) -> Iterator[_Patch]:
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
        yield _Patch([*outer, *reversed(inner)], colour)


def _sun(view: _View) -> Iterator[_Patch]:
    if "sun" in view.elements:
        r = 0.075 * view.unit
        low = (0.3, 0.6) if view.air.hour == "sunset" else (0.1, 0.42)
        spot = view.room(2 * r, 2 * r, *low, 0.7 * r)
        r, x, y = spot.width / 2, (spot.left + spot.right) / 2, (spot.top + spot.bottom) / 2
        yield from (_disc(x, y, r * k, SUN, 0.1) for k in (2.1, 1.65, 1.3))
        yield _disc(x, y, r, SUN)
        view.boxes.append(("sun", spot))
    if view.sunrise is not None:
        r, x, y = 0.085 * view.unit, view.sunrise, view.horizon
        view.taken.append(Area(x - r, y - r, x + r, y))
        yield from (_disc(x, y, r * k, SUN, 0.1) for k in (3.0, 2.3, 1.75, 1.35))
        yield _disc(x, y, r, SUN)
        view.boxes.append(("sunrise", Area(x - r, y - r, x + r, y)))


def _moon(view: _View) -> Iterator[_Patch]:
    if "moon" not in view.elements:
        return
    r = 0.068 * view.unit
    spot = view.room(2 * r, 2 * r, 0.08, 0.42, 0.7 * r)
    r, x, y = spot.width / 2, (spot.left + spot.right) / 2, (spot.top + spot.bottom) / 2
    yield from (_disc(x, y, r * k, MOON, 0.09) for k in (1.9, 1.45))
    yield _disc(x, y, r, MOON)
    crater = mix(MOON, (150, 130, 110), 0.16)
    yield from (
        _disc(x + dx * r, y + dy * r, k * r, crater) for dx, dy, k in ((-0.3, -0.25, 0.2), (0.3, 0.2, 0.26), (-0.2, 0.5, 0.13))
    )
    view.boxes.append(("moon", spot))


def _clouds(view: _View) -> Iterator[_Patch]:
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
                yield _disc(x + cx * w, y - part * w - rise, part * w, view.colour(name))
            yield _band(x + 0.18 * w, y - 0.2 * w - rise, x + 0.83 * w, y - rise, view.colour(name))


def _meteors(view: _View) -> Iterator[_Patch]:
    if "meteors" not in view.elements:
        return
    for _ in range(view.rng.randint(3, 4)):
        length = view.unit * view.rng.uniform(0.15, 0.2)
        dx, dy = 0.86 * length, 0.5 * length
        spot = view.room(dx, dy, 0.06, 0.55, 0.02 * view.unit)
        thick = 0.0075 * view.unit
        x, y = spot.left + thick, spot.bottom - thick  # the head, low on the left
        nx, ny = 0.5 * thick, 0.86 * thick
        yield _Patch([(x - nx, y - ny), (spot.right, spot.top), (x + nx, y + ny)], STAR)
        yield _disc(x, y, 1.15 * thick, STAR)


def _stars(view: _View) -> Iterator[_Patch]:
    if "stars" not in view.elements:
        return
    rng, placed = view.rng, 0
    for _ in range(400):
        r = view.unit * rng.choice((0.0042, 0.0042, 0.0052, 0.009))
        x, y = rng.uniform(0.02, 0.98) * view.width, rng.uniform(0.05, 0.74) * view.horizon
        spot = Area(x - r, y - r, x + r, y + r)
        if any(_overlap(spot, other, 0.014 * view.unit) for other in view.taken):
            continue
        view.taken.append(spot)
        if r > 0.006 * view.unit:  # a few twinkle
            q = 0.3 * r
            twinkle = [(0, -1.3 * r), (q, -q), (1.3 * r, 0), (q, q), (0, 1.3 * r), (-q, q), (-1.3 * r, 0), (-q, -q)]
            yield _Patch([(x + a, y + b) for a, b in twinkle], STAR)
        else:
            yield _disc(x, y, r, STAR)
        placed += 1
        if placed == 46:
            return


# -- land --------------------------------------------------------------------------------------------------------------


def _mountains(view: _View) -> Iterator[_Patch]:
    if "mountains" not in view.elements:
        return
    rng, width, horizon = view.rng, view.width, view.horizon
    far = [(-10.0, horizon)]
    steps = 14
    for i in range(steps + 1):
        x = width * i / steps
        rise = rng.uniform(0.1, 0.2) if i % 2 else rng.uniform(0.05, 0.1)
        far.append((x, horizon * (1 - rise * min(1.0, max(0.0, (view.at(x) - 1.6) / 2.5)))))
    yield _Patch([*far, (width + 10.0, horizon)], view.colour("mountains far"))
    centres = sorted(rng.sample([0.06, 0.24, 0.44, 0.63, 0.8, 0.95], 4), key=lambda _: rng.random())
    for k, centre in enumerate(centres):
        x = width * (centre + rng.uniform(-0.03, 0.03))
        half = rng.uniform(0.13, 0.18) * max(width, 0.9 * horizon)
        if view.sunrise is not None:
            half = min(half, abs(x - view.sunrise) - 0.12 * view.unit)
            if half < 0.06 * view.unit:
                continue
        rise = min(rng.uniform(0.28, 0.4) - 0.02 * k, 1.5 * half / horizon)
        top, foot = horizon * (1 - rise), horizon
        lean = rng.uniform(-0.12, 0.12) * half
        ridge = [(x + lean, top), (x + 0.1 * half, top + 0.34 * (foot - top)), (x - 0.06 * half, top + 0.62 * (foot - top))]
        yield _Patch([(x - half, foot), (x + lean, top), (x + half, foot)], view.colour("mountains"))
        yield _Patch([*ridge, (x + 0.12 * half, foot), (x + half, foot)], view.colour("mountains shade"))
        cap = 0.3  # of the height, down both flanks, with teeth between
        left = (x + lean + (-half - lean) * cap, top + cap * (foot - top))
        right = (x + lean + (half - lean) * cap, top + cap * (foot - top))
        teeth = [(left[0] + (right[0] - left[0]) * t, left[1] + (foot - top) * drop) for t, drop in _TEETH]
        yield _Patch([(x + lean, top), left, *teeth, right], view.colour("snow"))


_TEETH = ((0.18, 0.05), (0.33, -0.05), (0.5, 0.08), (0.66, -0.04), (0.82, 0.05))


def _ground(view: _View) -> Iterator[_Patch]:
    yield _band(0, view.horizon, view.width, view.height, view.colour("meadow"))
    below = view.height - view.horizon
    soft = view.colour("meadow light")
    for k in range(3):
        y = view.horizon + below * (0.42 + 0.22 * k)
        yield _rolling(view, y, 0.03 * below, soft if k % 2 == 0 else view.colour("meadow"), view.rng.uniform(0.8, 1.4))


def _rolling(view: _View, y: float, swing: float, colour: RGB, waves: float) -> _Patch:
    phase = view.rng.uniform(0, 6.3)
    points = [
        (x, y + swing * math.sin(phase + math.tau * waves * x / view.width)) for x in (view.width * i / 48 for i in range(49))
    ]
    return _Patch([*points, (view.width, view.height), (0, view.height)], colour)


def _sea(view: _View) -> Iterator[_Patch]:
    if "sea" not in view.elements:
        return
    below = view.height - view.horizon
    alone = not {"hills", "forest", "lake"} & view.elements
    end = view.horizon + below * (0.74 if alone else 0.34)
    rng = view.rng
    phase = rng.uniform(0, 6.3)
    coast = [(view.width * i / 40, end + 0.03 * below * math.sin(phase + 0.22 * i)) for i in range(41)]
    yield _Patch(
        [(0, view.horizon), (view.width, view.horizon), *((x, y + 0.045 * below) for x, y in reversed(coast))],
        view.colour("shore"),
    )
    yield _Patch([(0, view.horizon), (view.width, view.horizon), *reversed(coast)], view.colour("sea"))
    if view.sunrise is not None:
        glitter = mix(view.air.land["sea light"], SUN, 0.45)
        for k in range(6):
            y = view.horizon + (end - view.horizon) * (0.08 + 0.13 * k)
            w = 0.085 * view.unit * (1.0 - 0.1 * k) * rng.uniform(0.7, 1.1)
            yield _dash(view.sunrise + rng.uniform(-0.1, 0.1) * w, y, w, 0.006 * view.unit, glitter)
    for _ in range(14):
        y = rng.uniform(view.horizon + 0.06 * below, end - 0.06 * below)
        near = (y - view.horizon) / below
        x = rng.uniform(0, 1) * view.width
        yield _dash(x, y, view.unit * (0.03 + 0.07 * near), 0.005 * view.unit, view.colour("sea light"))


def _dash(x: float, y: float, half: float, thick: float, colour: RGB) -> _Patch:
    """A glint on water: a flat rhombus with blunt ends."""
    t = thick / 2
    return _Patch(
        [
            (x - half, y),
            (x - half + t, y - t),
            (x + half - t, y - t),
            (x + half, y),
            (x + half - t, y + t),
            (x - half + t, y + t),
        ],
        colour,
    )


def _near(view: _View) -> float:
    """How far below the horizon the land in front of a sea begins, as a share of what is below it."""
    return 0.24 if "sea" in view.elements else 0.02


def _hills(view: _View) -> Iterator[_Patch]:
    if "hills" not in view.elements:
        return
    below = view.height - view.horizon
    start = view.horizon + below * _near(view)
    clear = "sea" in view.elements or view.sunrise is None
    yield _rolling(
        view, start + (0.02 if clear else 0.07) * below, 0.06 * below, view.colour("hills shade"), view.rng.uniform(1.2, 1.7)
    )
    yield _rolling(view, start + 0.14 * below, 0.05 * below, view.colour("hills"), view.rng.uniform(0.8, 1.2))
    yield _rolling(view, start + 0.32 * below, 0.03 * below, view.colour("meadow"), view.rng.uniform(0.6, 1.0))


def _forest(view: _View) -> Iterator[_Patch]:
    if "forest" not in view.elements:
        return
    below = view.height - view.horizon
    foot = view.horizon + below * (_near(view) + (0.36 if "hills" in view.elements else 0.18))
    rng = view.rng
    x = -0.02 * view.width
    trees: list[tuple[float, float, float, bool]] = []
    while x < 1.02 * view.width:
        h = view.unit * rng.uniform(0.12, 0.19)
        if foot - h < view.horizon and view.at(x) < 2.2:
            h = min(h, 0.9 * (foot - view.horizon))
        trees.append((x, foot + rng.uniform(-0.01, 0.03) * below, h, rng.random() < 0.35))
        x += 0.26 * h + 0.012 * view.unit
    for x, y, h, light in sorted(trees, key=lambda tree: tree[1]):
        colour = view.colour("forest light" if light else "forest")
        yield _Patch(
            [(x - 0.018 * h, y + 0.08 * h), (x - 0.018 * h, y), (x + 0.018 * h, y), (x + 0.018 * h, y + 0.08 * h)], colour
        )
        tiers = ((0.0, 0.24, 0.45), (0.25, 0.2, 0.72), (0.5, 0.155, 1.0))
        points: list[Point] = [(x, y - h)]
        for foot_at, half, _ in reversed(tiers):
            points += [(x + half * h, y - foot_at * h), (x + 0.55 * half * h, y - foot_at * h)]
        points = points[:-1]
        points += [(2 * x - a, b) for a, b in reversed(points[1:])]
        yield _Patch(points, colour)


def _lake(view: _View) -> Iterator[_Patch]:
    if "lake" not in view.elements:
        return
    below = view.height - view.horizon
    rng = view.rng
    behind = _near(view) + (0.36 if "hills" in view.elements else 0.0) + (0.12 if "forest" in view.elements else 0.0)
    top = view.horizon + below * min(0.62, behind + 0.12)
    bottom = view.height - 0.1 * below
    x, y = view.width * rng.uniform(0.46, 0.54), (top + bottom) / 2
    a, b = 0.43 * view.width, (bottom - top) / 2
    phase = rng.uniform(0, 6.3)

    def shore(grow: float) -> list[Point]:
        return [
            (x + (a + grow) * math.cos(t) * (1 + 0.05 * math.sin(3 * t + phase)), y + (b + 0.6 * grow) * math.sin(t) * (1 + 0.06 * math.sin(2 * t + phase)))
            for t in (math.tau * i / 144 for i in range(144))
        ]  # fmt: skip

    yield _Patch(shore(0.014 * view.unit), view.colour("shore"))
    yield _Patch(shore(0), view.colour("lake"))
    if "mountains" in view.elements:
        far_shore = sorted(point for point in shore(-0.004 * view.unit) if point[1] < y)
        for k in range(3):  # upside down, in the water, paler than they are
            px, half, deep = (
                x + a * (-0.5 + 0.48 * k) + rng.uniform(-0.05, 0.05) * a,
                rng.uniform(0.2, 0.28) * a,
                rng.uniform(0.7, 1.0) * b,
            )
            edge = [point for point in far_shore if abs(point[0] - px) < half]
            foot = [(sx, sy + deep * (1 - abs(sx - px) / half)) for sx, sy in reversed(edge)]
            yield _Patch([*edge, *foot], view.colour("lake light"))
    for _ in range(12):
        down = rng.uniform(-0.75, 0.8)
        half = view.unit * rng.uniform(0.02, 0.07)
        room = max(0.0, 0.85 * a * math.sqrt(1 - down**2) - half)
        yield _dash(x + rng.uniform(-1, 1) * room, y + b * down, half, 0.005 * view.unit, view.colour("lake light"))


def _ice(view: _View) -> Iterator[_Patch]:
    if "ice" not in view.elements:
        return
    below, rng = view.height - view.horizon, view.rng
    if "sea" in view.elements:
        alone = not {"hills", "forest", "lake"} & view.elements
        low, high, left, right, size = 0.1, (0.62 if alone else 0.24), 0.04, 0.96, (1.0 if alone else 0.8)
    elif "lake" in view.elements:
        behind = _near(view) + (0.36 if "hills" in view.elements else 0.0) + (0.12 if "forest" in view.elements else 0.0)
        low, high, left, right, size = min(0.62, behind + 0.12) + 0.08, 0.84, 0.2, 0.8, 0.55
    else:
        behind = _near(view) + (0.36 if "hills" in view.elements else 0.0) + (0.12 if "forest" in view.elements else 0.0)
        low, high, left, right, size = behind + 0.14, 0.9, 0.03, 0.97, 1.0
    count = 15
    for k in range(count):
        t = (k + rng.random() * 0.6) / count
        y = view.horizon + below * (low + (high - low) * t)
        x = view.width * (left + (right - left) * ((0.618 * k + rng.uniform(-0.06, 0.06)) % 1.0))
        half = view.unit * (0.035 + 0.055 * (low + (high - low) * t)) * rng.uniform(0.8, 1.25) * size
        flat = 0.3 * half
        corners = [
            (x + half * rng.uniform(0.78, 1.0) * math.cos(math.tau * i / 8 + 0.3), y + flat * rng.uniform(0.8, 1.0) * math.sin(math.tau * i / 8 + 0.3))
            for i in range(8)
        ]  # fmt: skip
        yield _Patch([(px, py + 0.22 * flat + 0.005 * view.unit) for px, py in corners], view.colour("ice shade"))
        yield _Patch(corners, view.colour("ice"))


_LAYERS: tuple[Callable[[_View], Iterator[_Patch]], ...] = (
    _sky, _aurora, _rainbow, _sun, _moon, _meteors, _clouds, _stars,
    _mountains, _ground, _sea, _hills, _forest, _lake, _ice,
)  # fmt: skip
