"""Drawings of a person and a fish."""

from __future__ import annotations

from onbrief_sandbox.painting.drawings.drawing import Drawing
from onbrief_sandbox.painting.drawings.paths import box, ellipse

_FISH = "M3 50C12 28 30 20 48 20C62 20 72 28 79 38L97 22C94 40 94 60 97 78L79 62C72 72 62 80 48 80C30 80 12 72 3 50Z"
_COAT = "M50 34C63 34 70 40 72 50L80 68L71 72L69 66L71 80H29L31 66L29 72L20 68L28 50C30 40 37 34 50 34Z"
_LEGS = box(34, 76, 47, 98, 2) + box(53, 76, 66, 98, 2)
_HEAD = ellipse(50, 19, 16.5)

LIVING: dict[str, Drawing] = {
    "person": Drawing(
        _HEAD + _COAT + _LEGS + ellipse(23, 71, 4.5) + ellipse(77, 71, 4.5),
        (
            ("denim", _LEGS),
            ("skin", ellipse(23, 71, 4.5) + ellipse(77, 71, 4.5)),
            ("main", _COAT),
            ("line", "M31 66L33 54M69 66L67 54M71 80H29"),
            ("shade", "M29.5 75H70.5L71 80H29Z"),
            ("hair", _HEAD),
            ("skin", "M37 18C42 17 46 14 48 10C52 15 57 17 63 18C64 28 58 33.5 50 33.5C42 33.5 36 28 37 18Z"),
            ("ink", ellipse(44.5, 22, 1.7) + ellipse(55.5, 22, 1.7)),
            ("line", "M46.5 27.5C48.5 29.5 51.5 29.5 53.5 27.5"),
        ),
        tilt=2,
    ),
    "fish": Drawing(
        _FISH,
        (
            ("main", _FISH),
            ("shade", "M6 56C16 74 32 80 48 80C62 80 72 72 79 62L97 78C96.5 74 96 70 95.5 66L79 54C66 66 34 72 6 56Z"),
            ("tint", "M40 26C46 34 46 46 42 54C38 46 37 34 40 26ZM56 27C61 34 62 46 58 54C54 46 53 34 56 27Z"),
            ("white", ellipse(22, 44, 6.5)),
            ("ink", ellipse(20.5, 44.5, 3.4)),
            ("line", "M8 57C12 60 15 60 18 59M84 46L91 41M84 54L91 59"),
        ),
        faces=True,
    ),
}  # fmt: skip
