"""Drawings of furniture."""

from __future__ import annotations

from onbrief_sandbox.painting.drawings.drawing import Drawing
from onbrief_sandbox.painting.drawings.paths import box, ellipse


def _chair() -> Drawing:
    back = "M24 10A7 7 0 0 1 31 3H69A7 7 0 0 1 76 10V52H66V30H34V52H24Z"
    seat, front = "M22 46H78L92 61H8Z", box(8, 59, 92, 71, 3)
    legs, behind = box(11, 66, 23, 98, 3) + box(77, 66, 89, 98, 3), box(30, 66, 39, 88, 2) + box(61, 66, 70, 88, 2)
    return Drawing(
        back + seat + front + legs + behind,
        (
            ("deep", behind),
            ("main", back),
            ("shade", box(24, 39, 34, 52) + box(66, 39, 76, 52)),
            ("tint", box(33, 9, 67, 23, 4)),
            ("main", legs),
            ("main", seat),
            ("line", seat),
            ("shade", front),
            ("line", front),
        ),
        tilt=3,
    )


def _couch() -> Drawing:
    back = box(11, 19, 89, 70, 12)
    seat = box(14, 56, 86, 82, 4)
    arms = box(1, 40, 22, 84, 9) + box(78, 40, 99, 84, 9)
    feet = box(8, 80, 19, 93, 2) + box(81, 80, 92, 93, 2)
    cushions = box(19, 50, 50, 65, 5) + box(50, 50, 81, 65, 5)
    return Drawing(
        back + seat + arms + feet,
        (
            ("wood", feet),
            ("main", back),
            ("line", "M50 24V50"),
            ("shade", box(18, 42, 82, 54)),
            ("main", seat),
            ("shade", box(14, 72, 86, 82, 4)),
            ("tint", cushions),
            ("line", cushions),
            ("main", arms),
            ("line", arms),
        ),
        tilt=2,
    )


def _bed() -> Drawing:
    """Seen from the side, with the head at the left."""
    head, foot, rail = box(2, 14, 16, 93, 5), box(86, 44, 98, 93, 4), box(8, 72, 92, 84)
    mattress = box(12, 58, 90, 76, 3)
    pillow = "M14 58V48C16 43 19 42 24 42H38C46 42 46 56 42 60H14Z"
    blanket = "M36 62C36 50 44 44 54 44C66 44 76 46 88 54V79H36Z"
    return Drawing(
        head + foot + rail + mattress + pillow + blanket,
        (
            ("cream", mattress),
            ("shade", rail),
            ("white", pillow),
            ("edge", pillow),
            ("main", blanket),
            ("tint", "M36 62C36 50 44 44 54 44C48 50 47 56 47 62V79H36Z"),
            ("line", blanket),
            ("main", head + foot),
            ("line", head + foot),
        ),
        faces=True,
        tilt=2,
    )


def _dining_table() -> Drawing:
    top, edge = "M20 24H80L98 50H2Z", box(2, 48, 98, 61, 3)
    legs, behind = box(7, 58, 19, 92, 2) + box(81, 58, 93, 92, 2), box(28, 58, 36, 80, 2) + box(64, 58, 72, 80, 2)
    plate = ellipse(50, 36.5, 17, 8)
    return Drawing(
        top + edge + legs + behind,
        (
            ("deep", behind),
            ("main", legs),
            ("main", top),
            ("white", plate),
            ("edge", plate),
            ("tint", ellipse(50, 36.5, 9, 4)),
            ("cream", "M25 29H29L25 44H20ZM71 29H75L80 44H75Z"),
            ("shade", edge),
            ("line", edge),
        ),
        tilt=2,
    )


def _toilet() -> Drawing:
    """Seen from the side, with the cistern at the left."""
    cistern, lid = box(7, 10, 36, 58, 3), box(3, 3, 40, 15, 4)
    bowl = "M10 54H94C96 72 84 83 68 86L72 97H24C31 90 28 80 18 72L10 66Z"
    seat = box(28, 46, 97, 58, 5)
    return Drawing(
        cistern + lid + bowl + seat,
        (
            ("main", cistern + bowl),
            ("shade", "M94 58C95 72 84 83 68 86L72 97H26C31 92 31 88 30 84C56 84 76 76 80 58Z"),
            ("tint", box(13, 22, 19, 44, 3)),
            ("main", lid),
            ("line", lid),
            ("steel", box(26, 20, 34, 26, 3)),
            ("tint", seat),
            ("line", seat),
        ),
        faces=True,
        tilt=2,
    )


FURNITURE: dict[str, Drawing] = {
    "chair": _chair(),
    "couch": _couch(),
    "bed": _bed(),
    "dining table": _dining_table(),
    "toilet": _toilet(),
}
