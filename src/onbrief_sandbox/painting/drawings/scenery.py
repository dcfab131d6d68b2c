"""Drawings of things in a landscape or a village."""

from __future__ import annotations

from onbrief_sandbox.painting.drawings.drawing import Drawing
from onbrief_sandbox.painting.drawings.paths import around, box, ellipse


def _flower() -> Drawing:
    petals = "".join(ellipse(x, y, 15.5) for x, y in around(6, 19, y=35))
    stem = "M46.8 50H53.2V97H46.8Z"
    leaves = "M50 90C40 92 27 86 23 71C38 71 48 78 50 90ZM50 82C52 70 62 63 77 63C74 77 62 85 50 82Z"
    return Drawing(
        petals + ellipse(50, 35, 20) + stem + leaves,
        (
            ("leaf", stem + leaves),
            ("main", petals + ellipse(50, 35, 20)),
            ("shade", "".join(ellipse(x, y, 2.6) for x, y in around(6, 16.5, y=35))),
            ("edge", ellipse(50, 35, 10.5)),
            ("gold", ellipse(50, 35, 10)),
        ),
    )


_CROWN = ellipse(50, 28, 25) + ellipse(28, 45, 23) + ellipse(72, 45, 23) + ellipse(50, 50, 26)
_LEAVES = ellipse(50, 27, 24.5) + ellipse(28, 43, 22) + ellipse(71, 43, 22) + ellipse(49, 46, 24)
_TRUNK = "M43 60H57L60 98H40Z"
_ROOF = "M50 4L97 46H3Z"
_CHIMNEY = box(70, 10, 82, 38)

SCENERY: dict[str, Drawing] = {
    "tree": Drawing(
        _CROWN + _LEAVES + _TRUNK,
        (
            ("wood", _TRUNK),
            ("shade", _CROWN),
            ("main", _LEAVES),
            ("tint", ellipse(40, 22, 6, 4.5) + ellipse(24, 39, 5, 4) + ellipse(62, 36, 4.5, 3.5)),
            ("line", "M50 82V64L58 55M50 70L43 62"),
        ),
        tilt=3,
    ),
    "flower": _flower(),
    "house": Drawing(
        _ROOF + box(13, 44, 87, 96) + _CHIMNEY,
        (
            ("slate", _CHIMNEY),
            ("main", box(13, 44, 87, 96)),
            ("shade", box(13, 44, 87, 52)),
            ("slate", _ROOF),
            ("edge", _ROOF),
            ("wood", "M42 96V72A8 8 0 0 1 58 72V96Z"),
            ("line", "M42 96V72A8 8 0 0 1 58 72V96M54 83V84"),
            ("glass", box(22, 60, 35, 74, 1) + box(65, 60, 78, 74, 1)),
            ("line", box(22, 60, 35, 74, 1) + box(65, 60, 78, 74, 1) + "M28.5 60V74M71.5 60V74"),
            ("cream", ellipse(50, 28, 6)),
            ("edge", ellipse(50, 28, 6)),
        ),
        tilt=2,
    ),
}  # fmt: skip
