"""Paints landscapes: the sky and what is in it, then the land from the horizon forward, as flat layers."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from onbrief.sandbox.layout import Area
from onbrief.sandbox.palette import RGB, css, mix
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


@dataclass(frozen=True, slots=True)
class Landscape:
    """A painted landscape as SVG, and what is in it."""

    svg: str
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
    svg = "".join(part for layer in _LAYERS for part in layer(view))
    shown = (view.elements - {"day", "night", "sunset"}) | {air.hour} | ({"sunset"} if air.glow else set[str]())
    boxes = tuple((name, _box(area, view)) for name, area in view.boxes)
    return Landscape(svg, frozenset(shown), frozenset({air.style} - {""}), boxes)


class _View:
    """What the layers of one landscape share: its measures, its colours and the room that is taken in its sky."""

    def __init__(
        self, width: int, height: int, elements: set[str], air: Weather, rng: random.Random, taken: list[Area]
    ) -> None:
        self.width, self.height, self.elements, self.air, self.rng, self.taken = width, height, elements, air, rng, taken
        self.horizon = float(round(HORIZON * height))
        self.unit = min(width, 1.4 * self.horizon)
        self.boxes: list[tuple[str, Area]] = []
        self.sunrise = rng.uniform(0.3, 0.7) * width if "sunrise" in elements else None
        """Where the sun stands on the horizon; the land keeps low there."""

    def colour(self, name: str) -> str:
        return css(self.air.land[name])

    def at(self, x: float) -> float:
        """How far x is from the sun on the horizon, in its radii."""
        return math.inf if self.sunrise is None else abs(x - self.sunrise) / (0.085 * self.unit)

    def room(self, width: float, height: float, low: float, high: float, apart: float) -> Area:
        """A free place in the sky between two heights, found at random and taken from then on. Where there is none of this
        size, a smaller one is looked for; at last the freest.
        """
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


def _polygon(points: Iterable[Point], colour: str, more: str = "") -> str:
    return f'<path d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in points)}Z" fill="{colour}" {more}/>'


def _disc(x: float, y: float, radius: float, colour: str, more: str = "") -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{colour}" {more}/>'


# -- sky ---------------------------------------------------------------------------------------------------------------


def _sky(view: _View) -> Iterator[str]:
    """Bands of one colour each, on whole pixels: as smooth as eight bits are, and cheaper than a gradient."""
    last: tuple[RGB, int] | None = None
    bottom = int(view.horizon)
    for y in range(bottom + 1):
        colour = sky_at(view.air.sky, y / bottom)
        if last is None or colour != last[0] or y == bottom:
            if last is not None:
                yield f'<rect y="{last[1]}" width="{view.width}" height="{y - last[1]}" fill="{css(last[0])}"/>'
            last = (colour, y)


def _aurora(view: _View) -> Iterator[str]:
    if "aurora" not in view.elements:
        return
    rng, width, horizon = view.rng, view.width, view.horizon
    for k in range(2):
        phase, waves, base = rng.uniform(0, 6.3), rng.uniform(1.0, 1.5), 0.46 - 0.17 * k
        feet: list[Point] = []
        rises: list[float] = []
        for i in range(81):
            t = i / 80
            swing = 0.05 * math.sin(phase + 6.283 * waves * t) + 0.015 * math.sin(phase * 2 + 6.283 * 3.1 * t)
            feet.append(((t * 1.1 - 0.05) * width, horizon * (base + swing)))
            rises.append(horizon * (0.16 + 0.07 * math.sin(math.pi * t) + 0.025 * math.sin(1.9 * i + phase) + 0.018 * math.sin(0.83 * i)))
        for j in range(10):  # veils upon each other: violet and thin at the top, green and dense at the foot
            tops = [(x, y - rise * (1 - 0.085 * j)) for (x, y), rise in zip(feet, rises, strict=True)]
            colour = css(mix(AURORA_FRINGE, AURORA, min(1.0, j / 6)))
            yield _polygon([*tops, *reversed(feet)], colour, f'fill-opacity="{0.07 + 0.014 * j:.3f}"')
        core = [(x, y - 0.16 * rise) for (x, y), rise in zip(feet, rises, strict=True)]
        yield _polygon([*core, *reversed(feet)], css(AURORA))


def _rainbow(view: _View) -> Iterator[str]:
    if "rainbow" not in view.elements:
        return
    x = view.width * view.rng.uniform(0.4, 0.6)
    radius = min(0.46 * view.width, 0.8 * view.horizon)
    stripe = 0.021 * view.unit
    stretch = max(1.0, 0.46 * view.width / radius) ** 0.5
    for k, colour in enumerate(RAINBOW):
        r = radius - k * stripe
        yield (
            f'<path d="M{x - r * stretch:.1f} {view.horizon:.1f}A{r * stretch:.1f} {r:.1f} 0 0 1 {x + r * stretch:.1f} '
            f'{view.horizon:.1f}" fill="none" stroke="{css(colour)}" stroke-width="{stripe * 1.04:.1f}"/>'
        )


def _sun(view: _View) -> Iterator[str]:
    if "sun" in view.elements:
        r = 0.075 * view.unit
        low = (0.3, 0.6) if view.air.hour == "sunset" else (0.1, 0.42)
        spot = view.room(2 * r, 2 * r, low[0] * view.horizon, low[1] * view.horizon, 0.7 * r)
        r, x, y = spot.width / 2, (spot.left + spot.right) / 2, (spot.top + spot.bottom) / 2
        yield from (_disc(x, y, r * k, css(SUN), 'fill-opacity="0.1"') for k in (2.1, 1.65, 1.3))
        yield _disc(x, y, r, css(SUN))
        view.boxes.append(("sun", spot))
    if view.sunrise is not None:
        r, x, y = 0.085 * view.unit, view.sunrise, view.horizon
        view.taken.append(Area(x - r, y - r, x + r, y))
        yield from (_disc(x, y, r * k, css(SUN), 'fill-opacity="0.1"') for k in (3.0, 2.3, 1.75, 1.35))
        yield _disc(x, y, r, css(SUN))
        view.boxes.append(("sunrise", Area(x - r, y - r, x + r, y)))


def _moon(view: _View) -> Iterator[str]:
    if "moon" not in view.elements:
        return
    r = 0.068 * view.unit
    spot = view.room(2 * r, 2 * r, 0.08 * view.horizon, 0.42 * view.horizon, 0.7 * r)
    r, x, y = spot.width / 2, (spot.left + spot.right) / 2, (spot.top + spot.bottom) / 2
    yield from (_disc(x, y, r * k, css(MOON), 'fill-opacity="0.09"') for k in (1.9, 1.45))
    yield _disc(x, y, r, css(MOON))
    crater = css(mix(MOON, (150, 130, 110), 0.16))
    yield from (_disc(x + dx * r, y + dy * r, k * r, crater) for dx, dy, k in ((-0.3, -0.25, 0.2), (0.3, 0.2, 0.26), (-0.2, 0.5, 0.13)))
    view.boxes.append(("moon", spot))


def _clouds(view: _View) -> Iterator[str]:
    if "clouds" not in view.elements:
        return
    rng = view.rng
    for k in range(rng.randint(3, 4)):
        w = view.unit * rng.uniform(0.22, 0.3)
        h = 0.42 * w
        spot = view.room(w, h, 0.1 * view.horizon, (0.5 + 0.1 * (k == 0)) * view.horizon, 0.04 * view.unit)
        x, y, w = spot.left, spot.bottom, spot.width
        puffs = ((0.2, 0.16), (0.42, 0.26), (0.66, 0.21), (0.83, 0.13))
        for name, rise in (("clouds shade", 0.0), ("clouds", 0.035 * w)):
            path = "".join(
                f"M{x + (cx - r) * w:.1f} {y - r * w - rise:.1f}a{r * w:.1f} {r * w:.1f} 0 1 1 {2 * r * w:.1f} 0"
                f"a{r * w:.1f} {r * w:.1f} 0 1 1 {-2 * r * w:.1f} 0Z"
                for cx, r in puffs
            )
            base = f"M{x + 0.18 * w:.1f} {y - 0.2 * w - rise:.1f}H{x + 0.83 * w:.1f}V{y - rise:.1f}H{x + 0.18 * w:.1f}Z"
            yield f'<path d="{path}{base}" fill="{view.colour(name)}"/>'


def _meteors(view: _View) -> Iterator[str]:
    if "meteors" not in view.elements:
        return
    for _ in range(view.rng.randint(3, 4)):
        length = view.unit * view.rng.uniform(0.15, 0.2)
        dx, dy = 0.86 * length, 0.5 * length
        spot = view.room(dx, dy, 0.06 * view.horizon, 0.55 * view.horizon, 0.02 * view.unit)
        thick = 0.0075 * view.unit
        x, y = spot.left + thick, spot.bottom - thick  # the head, low on the left
        nx, ny = 0.5 * thick, 0.86 * thick
        yield _polygon([(x - nx, y - ny), (spot.right, spot.top), (x + nx, y + ny)], css(STAR))
        yield _disc(x, y, 1.15 * thick, css(STAR))


def _stars(view: _View) -> Iterator[str]:
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
            yield _polygon([(x + a, y + b) for a, b in twinkle], css(STAR))
        else:
            yield _disc(x, y, r, css(STAR))
        placed += 1
        if placed == 46:
            return


# -- land --------------------------------------------------------------------------------------------------------------


def _mountains(view: _View) -> Iterator[str]:
    if "mountains" not in view.elements:
        return
    rng, width, horizon = view.rng, view.width, view.horizon
    far = [(-10.0, horizon)]
    steps = 14
    for i in range(steps + 1):
        x = width * i / steps
        rise = rng.uniform(0.1, 0.2) if i % 2 else rng.uniform(0.05, 0.1)
        far.append((x, horizon * (1 - rise * min(1.0, max(0.0, (view.at(x) - 1.6) / 2.5)))))
    yield _polygon([*far, (width + 10.0, horizon)], view.colour("mountains far"))
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
        yield _polygon([(x - half, foot), (x + lean, top), (x + half, foot)], view.colour("mountains"))
        yield _polygon([*ridge, (x + 0.12 * half, foot), (x + half, foot)], view.colour("mountains shade"))
        cap = 0.3  # of the height, down both flanks, with teeth between
        left = (x + lean + (-half - lean) * cap, top + cap * (foot - top))
        right = (x + lean + (half - lean) * cap, top + cap * (foot - top))
        teeth = [(left[0] + (right[0] - left[0]) * t, left[1] + (foot - top) * drop) for t, drop in _TEETH]
        yield _polygon([(x + lean, top), left, *teeth, right], view.colour("snow"))


_TEETH = ((0.18, 0.05), (0.33, -0.05), (0.5, 0.08), (0.66, -0.04), (0.82, 0.05))


def _ground(view: _View) -> Iterator[str]:
    yield f'<rect y="{view.horizon}" width="{view.width}" height="{view.height - view.horizon}" fill="{view.colour("meadow")}"/>'
    below = view.height - view.horizon
    soft = view.colour("meadow light")
    for k in range(3):
        y = view.horizon + below * (0.42 + 0.22 * k)
        yield _rolling(view, y, 0.03 * below, soft if k % 2 == 0 else view.colour("meadow"), view.rng.uniform(0.8, 1.4))


def _rolling(view: _View, y: float, swing: float, colour: str, waves: float, low: Callable[[float], float] | None = None) -> str:
    phase = view.rng.uniform(0, 6.3)
    points = [
        (x, y + swing * math.sin(phase + 6.283 * waves * x / view.width) * (low(x) if low else 1.0))
        for x in (view.width * i / 48 for i in range(49))
    ]
    return _polygon([*points, (view.width, view.height), (0, view.height)], colour)


def _sea(view: _View) -> Iterator[str]:
    if "sea" not in view.elements:
        return
    below = view.height - view.horizon
    alone = not {"hills", "forest", "lake"} & view.elements
    end = view.horizon + below * (0.74 if alone else 0.34)
    rng = view.rng
    phase = rng.uniform(0, 6.3)
    coast = [(view.width * i / 40, end + 0.03 * below * math.sin(phase + 0.22 * i)) for i in range(41)]
    yield _polygon([(0, view.horizon), (view.width, view.horizon), *((x, y + 0.045 * below) for x, y in reversed(coast))], view.colour("shore"))
    yield _polygon([(0, view.horizon), (view.width, view.horizon), *reversed(coast)], view.colour("sea"))
    if view.sunrise is not None:
        glitter = css(mix(view.air.land["sea light"], SUN, 0.45))
        for k in range(6):
            y = view.horizon + (end - view.horizon) * (0.08 + 0.13 * k)
            w = 0.085 * view.unit * (1.0 - 0.1 * k) * rng.uniform(0.7, 1.1)
            yield _dash(view.sunrise + rng.uniform(-0.1, 0.1) * w, y, w, 0.006 * view.unit, glitter)
    for _ in range(14):
        y = rng.uniform(view.horizon + 0.06 * below, end - 0.06 * below)
        near = (y - view.horizon) / below
        x = rng.uniform(0, 1) * view.width
        yield _dash(x, y, view.unit * (0.03 + 0.07 * near), 0.005 * view.unit, view.colour("sea light"))


def _dash(x: float, y: float, half: float, thick: float, colour: str) -> str:
    return f'<rect x="{x - half:.1f}" y="{y - thick / 2:.1f}" width="{2 * half:.1f}" height="{thick:.1f}" rx="{thick / 2:.1f}" fill="{colour}"/>'


def _near(view: _View) -> float:
    """How far below the horizon the land in front of a sea begins, as a share of what is below it."""
    return 0.24 if "sea" in view.elements else 0.02


def _hills(view: _View) -> Iterator[str]:
    if "hills" not in view.elements:
        return
    below = view.height - view.horizon
    start = view.horizon + below * _near(view)
    clear = "sea" in view.elements or view.sunrise is None
    yield _rolling(view, start + (0.02 if clear else 0.07) * below, 0.06 * below, view.colour("hills shade"), view.rng.uniform(1.2, 1.7))
    yield _rolling(view, start + 0.14 * below, 0.05 * below, view.colour("hills"), view.rng.uniform(0.8, 1.2))
    yield _rolling(view, start + 0.32 * below, 0.03 * below, view.colour("meadow"), view.rng.uniform(0.6, 1.0))


def _forest(view: _View) -> Iterator[str]:
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
        yield _polygon([(x - 0.018 * h, y + 0.08 * h), (x - 0.018 * h, y), (x + 0.018 * h, y), (x + 0.018 * h, y + 0.08 * h)], colour)
        tiers = ((0.0, 0.24, 0.45), (0.25, 0.2, 0.72), (0.5, 0.155, 1.0))
        points: list[Point] = [(x, y - h)]
        for foot_at, half, _ in reversed(tiers):
            points += [(x + half * h, y - foot_at * h), (x + 0.55 * half * h, y - foot_at * h)]
        points = points[:-1]
        points += [(2 * x - a, b) for a, b in reversed(points[1:])]
        yield _polygon(points, colour)


def _lake(view: _View) -> Iterator[str]:
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
            for t in (6.283 * i / 72 for i in range(72))
        ]  # fmt: skip

    yield _polygon(shore(0.014 * view.unit), view.colour("shore"))
    yield _polygon(shore(0), view.colour("lake"))
    yield '<clipPath id="lake"><path d="M' + "L".join(f"{px:.1f} {py:.1f}" for px, py in shore(0)) + 'Z"/></clipPath>'
    yield '<g clip-path="url(#lake)">'
    if "mountains" in view.elements:
        for k in range(3):  # upside down, in the water, paler than they are
            px, half = x + a * (-0.55 + 0.5 * k) + rng.uniform(-0.05, 0.05) * a, rng.uniform(0.2, 0.3) * a
            yield _polygon([(px - half, y - b), (px + half, y - b), (px, y - b + b * rng.uniform(0.7, 1.0))], view.colour("lake light"))
    for _ in range(12):
        py = y + b * rng.uniform(-0.8, 0.85)
        px = x + a * rng.uniform(-0.85, 0.85)
        yield _dash(px, py, view.unit * rng.uniform(0.02, 0.08), 0.005 * view.unit, view.colour("lake light"))
    yield "</g>"


def _ice(view: _View) -> Iterator[str]:
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
            (x + half * rng.uniform(0.78, 1.0) * math.cos(6.283 * i / 8 + 0.3), y + flat * rng.uniform(0.8, 1.0) * math.sin(6.283 * i / 8 + 0.3))
            for i in range(8)
        ]  # fmt: skip
        yield _polygon([(px, py + 0.22 * flat + 0.005 * view.unit) for px, py in corners], view.colour("ice shade"))
        yield _polygon(corners, view.colour("ice"))


_LAYERS: tuple[Callable[[_View], Iterator[str]], ...] = (
    _sky, _aurora, _rainbow, _sun, _moon, _meteors, _clouds, _stars,
    _mountains, _ground, _sea, _hills, _forest, _lake, _ice,
)  # fmt: skip
