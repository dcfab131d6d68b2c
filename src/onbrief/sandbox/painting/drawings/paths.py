"""SVG paths of the simplest figures."""

from __future__ import annotations

import math


def ellipse(x: float, y: float, rx: float, ry: float | None = None) -> str:
    """An ellipse around (x, y), or a circle."""
    ry = rx if ry is None else ry
    return f"M{x - rx:g} {y:g}a{rx:g} {ry:g} 0 1 1 {2 * rx:g} 0a{rx:g} {ry:g} 0 1 1 {-2 * rx:g} 0Z"


def box(left: float, top: float, right: float, bottom: float, round_: float = 0) -> str:
    """A rectangle, its corners rounded by this radius."""
    r = round_
    if not r:
        return f"M{left:g} {top:g}H{right:g}V{bottom:g}H{left:g}Z"
    arc = f"a{r:g} {r:g} 0 0 1 "
    return (
        f"M{left + r:g} {top:g}H{right - r:g}{arc}{r:g} {r:g}V{bottom - r:g}{arc}{-r:g} {r:g}"
        f"H{left + r:g}{arc}{-r:g} {-r:g}V{top + r:g}{arc}{r:g} {-r:g}Z"
    )


def polygon(*points: tuple[float, float]) -> str:
    """A closed line through these points."""
    return "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in points) + "Z"


def around(count: int, radius: float, x: float = 50, y: float = 50, turn: float = -90) -> list[tuple[float, float]]:
    """So many points on a circle, at equal distances; `turn` is the angle of the first, in degrees (-90: the top)."""
    angles = [math.radians(turn + 360 * k / count) for k in range(count)]
    return [(x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles]
