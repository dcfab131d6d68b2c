"""SVG paths of simple figures."""

from __future__ import annotations

import math


def ellipse(x: float, y: float, rx: float, ry: float | None = None) -> str:
    """Return an ellipse around (x, y), or a circle without `ry`."""
    ry = rx if ry is None else ry
    return f"M{x - rx:g} {y:g}a{rx:g} {ry:g} 0 1 1 {2 * rx:g} 0a{rx:g} {ry:g} 0 1 1 {-2 * rx:g} 0Z"


def box(left: float, top: float, right: float, bottom: float, round_: float = 0) -> str:
    """Return a rectangle, with corners rounded by the radius `round_`."""
    r = round_
    if not r:
        return f"M{left:g} {top:g}H{right:g}V{bottom:g}H{left:g}Z"
    arc = f"a{r:g} {r:g} 0 0 1 "
    return (
        f"M{left + r:g} {top:g}H{right - r:g}{arc}{r:g} {r:g}V{bottom - r:g}{arc}{-r:g} {r:g}"
        f"H{left + r:g}{arc}{-r:g} {-r:g}V{top + r:g}{arc}{r:g} {-r:g}Z"
    )


def polygon(*points: tuple[float, float]) -> str:
    """Return a closed line through these points."""
    return "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in points) + "Z"


def bar(x0: float, y0: float, x1: float, y1: float, width: float) -> str:
    """Return a straight bar with round ends, with its middle line from (x0, y0) to (x1, y1)."""
    scale = width / 2 / math.hypot(x1 - x0, y1 - y0)
    dx, dy, r = (x1 - x0) * scale, (y1 - y0) * scale, width / 2
    return (
        f"M{x0 + dy:.2f} {y0 - dx:.2f}L{x1 + dy:.2f} {y1 - dx:.2f}A{r:g} {r:g} 0 0 1 {x1 - dy:.2f} {y1 + dx:.2f}"
        f"L{x0 - dy:.2f} {y0 + dx:.2f}A{r:g} {r:g} 0 0 1 {x0 + dy:.2f} {y0 - dx:.2f}Z"
    )


def smooth(*points: tuple[float, float]) -> str:
    """Return a closed clockwise curve through these points, given in either direction. A repeated point makes a corner."""
    turning = sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in _pairs(points))
    if turning < 0:  # overlapping parts of one outline must all turn the same way
        points = points[::-1]
    count = len(points)
    path = f"M{points[0][0]:g} {points[0][1]:g}"
    for i, (start, end) in enumerate(_pairs(points)):
        if start == end:
            continue
        reach = 0.36 * math.dist(start, end)
        a = _direction(points[i - 1], start, end)
        b = _direction(start, end, points[(i + 2) % count])
        path += (
            f"C{start[0] + reach * a[0]:.2f} {start[1] + reach * a[1]:.2f} "
            f"{end[0] - reach * b[0]:.2f} {end[1] - reach * b[1]:.2f} {end[0]:g} {end[1]:g}"
        )
    return path + "Z"


def _pairs(points: tuple[tuple[float, float], ...]) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Return each point with the next one, and the last with the first."""
    return list(zip(points, points[1:] + points[:1], strict=True))


def _direction(before: tuple[float, float], at: tuple[float, float], after: tuple[float, float]) -> tuple[float, float]:
    """Return the direction of a curve at the point `at`: parallel to the line between its neighbours."""
    length = math.dist(before, after) or 1
    return (after[0] - before[0]) / length, (after[1] - before[1]) / length


def around(count: int, radius: float, x: float = 50, y: float = 50, turn: float = -90) -> list[tuple[float, float]]:
    """Return `count` evenly spaced points on a circle. `turn` is the angle of the first, in degrees (-90 is the top)."""
    angles = [math.radians(turn + 360 * k / count) for k in range(count)]
    return [(x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles]
