"""Drawings of plain shapes."""

from __future__ import annotations

from onbrief_sandbox.painting.drawings.drawing import Drawing
from onbrief_sandbox.painting.drawings.paths import around, box, ellipse, polygon


def _star() -> Drawing:
    outer, inner = around(5, 50, y=54.5), around(5, 23.5, y=54.5, turn=-54)
    path = polygon(*(p for pair in zip(outer, inner, strict=True) for p in pair))
    light, dark = polygon(outer[0], (50, 54.5), inner[4]), polygon(outer[2], (50, 54.5), inner[2])
    return Drawing(path, (("main", path), ("tint", light), ("shade", dark)), tilt=8)


def _hexagon() -> Drawing:
    points = around(6, 49, turn=0)
    inner = around(6, 36, turn=0)
    return Drawing(
        polygon(*points),
        (
            ("main", polygon(*points)),
            ("tint", polygon(points[3], points[4], points[5], inner[5], inner[4], inner[3])),
            ("shade", polygon(points[0], points[1], points[2], inner[2], inner[1], inner[0])),
        ),
        tilt=4,
    )


def plain(path: str, *layers: tuple[str, str], tilt: float = 5.0) -> Drawing:
    """Return a drawing in one main colour, with layers for shade and light."""
    return Drawing(path, (("main", path), *layers), tilt=tilt)


_HEART = "M50 92C32 76 5 60 5 34C5 18 16 8 29 8C38 8 46 13 50 21C54 13 62 8 71 8C84 8 95 18 95 34C95 60 68 76 50 92Z"
_CROSS = "M34 4H66V34H96V66H66V96H34V66H4V34H34Z"
_ARROW = "M3 36H52V14L97 50L52 86V64H3Z"

SHAPES: dict[str, Drawing] = {
    "circle": plain(
        ellipse(50, 50, 46),
        ("shade", "M90 28A46 46 0 0 1 28 90A46 46 0 0 0 90 28Z"),
        ("tint", ellipse(31, 29, 10, 6.5)),
    ),
    "square": plain(
        box(8, 8, 92, 92, 3),
        ("shade", "M92 60V89A3 3 0 0 1 89 92H11A3 3 0 0 1 8 89V84H84V60Z"),
        ("tint", box(16, 16, 44, 23, 3)),
        tilt=4,
    ),
    "triangle": plain(
        "M50 8L97 92H3Z",
        ("shade", "M50 8L97 92H80L50 36Z"),
        ("tint", "M15.5 84L24 69H40L31 84Z"),
        tilt=4,
    ),
    "star": _star(),
    "heart": plain(
        _HEART,
        ("shade", "M50 92C68 76 95 60 95 34C95 27 93 21 89 17C90 50 70 68 42 85Z"),
        ("tint", "M16 36C15 26 21 18 30 18C33 18 33 22 30 23C24 24 21 29 22 36C22 40 17 40 16 36Z"),
        tilt=7,
    ),
    "diamond": plain(
        "M50 2L86 50L50 98L14 50Z",
        ("tint", "M50 2L14 50H34Z"),
        ("shade", "M50 98L86 50H66Z"),
        tilt=3,
    ),
    "hexagon": _hexagon(),
    "cross": plain(_CROSS, ("shade", "M66 34H96V66H66V96H34V88H58V58H88V34Z"), ("tint", box(40, 10, 47, 30, 3))),
    "arrow": Drawing(
        _ARROW,
        (("main", _ARROW), ("shade", "M3 55H58V78L97 50L52 86V64H3Z"), ("tint", box(9, 41, 36, 46, 2))),
        faces=True,
        tilt=4,
    ),
}  # fmt: skip
