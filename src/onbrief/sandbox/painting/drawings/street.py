"""What moves and stands on streets, rails, water and in the air."""

from __future__ import annotations

from onbrief.sandbox.painting.drawings.drawing import Drawing
from onbrief.sandbox.painting.drawings.paths import box, ellipse

_CAR = "M4 72V56C4 50 8 47 13 46L25 43L36 26C38 23 41 22 45 22H66C70 22 73 23 76 27L86 42C93 43 97 47 97 54V72Z"
_HULL = "M4 66H96C93 82 84 94 76 94H24C16 94 7 82 4 66Z"
_SAIL = "M51 6L90 58H51Z"
_JIB = "M47 14V58H14Z"

STREET: dict[str, Drawing] = {
    "car": Drawing(
        _CAR + ellipse(26, 70, 12.5) + ellipse(75, 70, 12.5),
        (
            ("main", _CAR),
            ("shade", "M4 72V63H97V72Z"),
            ("glass", "M32 43L41 30C42 28.5 44 28 46 28H52V43Z" + "M57 28H65C68 28 70 29 71.5 31L79 43H57Z"),
            ("line", "M32 43L41 30C42 28.5 44 28 46 28H52V43Z" + "M57 28H65C68 28 70 29 71.5 31L79 43H57ZM54.5 46V62M59 50H64"),
            ("gold", ellipse(9, 55, 3.6, 3)),
            ("ink", ellipse(26, 70, 12.5) + ellipse(75, 70, 12.5)),
            ("steel", ellipse(26, 70, 6.2) + ellipse(75, 70, 6.2)),
        ),
        faces=True,
        tilt=2,
    ),
    "boat": Drawing(
        _HULL + _SAIL + _JIB + box(46.5, 4, 51.5, 68),
        (
            ("wood", box(46.5, 4, 51.5, 68)),
            ("white", _SAIL),
            ("main", _JIB),
            ("edge", _SAIL + _JIB),
            ("main", _HULL),
            ("shade", "M12 84C15 90 19 94 24 94H76C81 94 85 90 88 84Z"),
            ("tint", box(10, 69, 90, 73, 2)),
            ("edge", "M4 66H96"),
        ),
        faces=True,
        tilt=4,
    ),
}  # fmt: skip
