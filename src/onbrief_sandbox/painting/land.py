"""The layers of a landscape from the horizon forward, from mountains to ice on the water."""

from __future__ import annotations

import math
from collections.abc import Iterator

from onbrief_sandbox.painting.palette import RGB, mix
from onbrief_sandbox.painting.view import Patch, Point, View, band
from onbrief_sandbox.painting.weather import SUN


def mountains(view: View) -> Iterator[Patch]:
    """Draw a pale distant range, and four snowy peaks in front of it."""
    if "mountains" not in view.elements:
        return
    rng, width, horizon = view.rng, view.width, view.horizon
    far = [(-10.0, horizon)]
    steps = 14
    for i in range(steps + 1):
        x = width * i / steps
        rise = rng.uniform(0.1, 0.2) if i % 2 else rng.uniform(0.05, 0.1)
        far.append((x, horizon * (1 - rise * min(1.0, max(0.0, (view.at(x) - 1.6) / 2.5)))))
    yield Patch([*far, (width + 10.0, horizon)], view.colour("mountains far"))
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
        yield Patch([(x - half, foot), (x + lean, top), (x + half, foot)], view.colour("mountains"))
        yield Patch([*ridge, (x + 0.12 * half, foot), (x + half, foot)], view.colour("mountains shade"))
        cap = 0.3  # how far snow reaches down both flanks, as a share of the height, with a jagged edge
        left = (x + lean + (-half - lean) * cap, top + cap * (foot - top))
        right = (x + lean + (half - lean) * cap, top + cap * (foot - top))
        teeth = [(left[0] + (right[0] - left[0]) * t, left[1] + (foot - top) * drop) for t, drop in _TEETH]
        yield Patch([(x + lean, top), left, *teeth, right], view.colour("snow"))


_TEETH = ((0.18, 0.05), (0.33, -0.05), (0.5, 0.08), (0.66, -0.04), (0.82, 0.05))


def ground(view: View) -> Iterator[Patch]:
    """Draw the meadow below everything else."""
    yield band(0, view.horizon, view.width, view.height, view.colour("meadow"))
    below = view.height - view.horizon
    soft = view.colour("meadow light")
    for k in range(3):
        y = view.horizon + below * (0.42 + 0.22 * k)
        yield _rolling(view, y, 0.03 * below, soft if k % 2 == 0 else view.colour("meadow"), view.rng.uniform(0.8, 1.4))


def _rolling(view: View, y: float, swing: float, colour: RGB, waves: float) -> Patch:
    phase = view.rng.uniform(0, 6.3)
    points = [
        (x, y + swing * math.sin(phase + math.tau * waves * x / view.width)) for x in (view.width * i / 48 for i in range(49))
    ]
    return Patch([*points, (view.width, view.height), (0, view.height)], colour)


def sea(view: View) -> Iterator[Patch]:
    """Draw water from the horizon to a shore. Under a sun on the horizon it glitters."""
    if "sea" not in view.elements:
        return
    below = view.height - view.horizon
    alone = not {"hills", "forest", "lake"} & view.elements
    end = view.horizon + below * (0.74 if alone else 0.34)
    rng = view.rng
    phase = rng.uniform(0, 6.3)
    coast = [(view.width * i / 40, end + 0.03 * below * math.sin(phase + 0.22 * i)) for i in range(41)]
    yield Patch(
        [(0, view.horizon), (view.width, view.horizon), *((x, y + 0.045 * below) for x, y in reversed(coast))],
        view.colour("shore"),
    )
    yield Patch([(0, view.horizon), (view.width, view.horizon), *reversed(coast)], view.colour("sea"))
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


def _dash(x: float, y: float, half: float, thick: float, colour: RGB) -> Patch:
    """Return a glint on water: a flat rhombus with blunt ends."""
    t = thick / 2
    return Patch(
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


def _near(view: View) -> float:
    """Return how far below the horizon the land in front of the sea begins, as a share of the area below it."""
    return 0.24 if "sea" in view.elements else 0.02


def hills(view: View) -> Iterator[Patch]:
    """Draw three rolling layers, each nearer than the last."""
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


def forest(view: View) -> Iterator[Patch]:
    """Draw a row of firs from side to side, lower in front of a sun on the horizon."""
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
        yield Patch(
            [(x - 0.018 * h, y + 0.08 * h), (x - 0.018 * h, y), (x + 0.018 * h, y), (x + 0.018 * h, y + 0.08 * h)], colour
        )
        tiers = ((0.0, 0.24, 0.45), (0.25, 0.2, 0.72), (0.5, 0.155, 1.0))
        points: list[Point] = [(x, y - h)]
        for foot_at, half, _ in reversed(tiers):
            points += [(x + half * h, y - foot_at * h), (x + 0.55 * half * h, y - foot_at * h)]
        points = points[:-1]
        points += [(2 * x - a, b) for a, b in reversed(points[1:])]
        yield Patch(points, colour)


def lake(view: View) -> Iterator[Patch]:
    """Draw water within a shore, with mirrored mountains if there are any."""
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
        turns = [math.tau * i / 144 for i in range(144)]
        return [
            (
                x + (a + grow) * math.cos(t) * (1 + 0.05 * math.sin(3 * t + phase)),
                y + (b + 0.6 * grow) * math.sin(t) * (1 + 0.06 * math.sin(2 * t + phase)),
            )
            for t in turns
        ]

    yield Patch(shore(0.014 * view.unit), view.colour("shore"))
    yield Patch(shore(0), view.colour("lake"))
    if "mountains" in view.elements:
        far_shore = sorted(point for point in shore(-0.004 * view.unit) if point[1] < y)
        for k in range(3):  # reflections of the mountains: upside down and paler
            px, half, deep = (
                x + a * (-0.5 + 0.48 * k) + rng.uniform(-0.05, 0.05) * a,
                rng.uniform(0.2, 0.28) * a,
                rng.uniform(0.7, 1.0) * b,
            )
            edge = [point for point in far_shore if abs(point[0] - px) < half]
            foot = [(sx, sy + deep * (1 - abs(sx - px) / half)) for sx, sy in reversed(edge)]
            yield Patch([*edge, *foot], view.colour("lake light"))
    for _ in range(12):
        down = rng.uniform(-0.75, 0.8)
        half = view.unit * rng.uniform(0.02, 0.07)
        room = max(0.0, 0.85 * a * math.sqrt(1 - down**2) - half)
        yield _dash(x + rng.uniform(-1, 1) * room, y + b * down, half, 0.005 * view.unit, view.colour("lake light"))


def ice(view: View) -> Iterator[Patch]:
    """Draw ice floes: on the sea if there is one, else on the lake, else on the ground."""
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
        turns = [math.tau * i / 8 + 0.3 for i in range(8)]
        corners = [
            (x + half * rng.uniform(0.78, 1.0) * math.cos(t), y + flat * rng.uniform(0.8, 1.0) * math.sin(t)) for t in turns
        ]
        yield Patch([(px, py + 0.22 * flat + 0.005 * view.unit) for px, py in corners], view.colour("ice shade"))
        yield Patch(corners, view.colour("ice"))
