"""Drawings of things on streets and in parks."""

from __future__ import annotations

from onbrief_sandbox.painting.drawings.drawing import Drawing
from onbrief_sandbox.painting.drawings.paths import around, bar, box, ellipse, polygon, smooth


def _traffic_light() -> Drawing:
    """Three lamps under hoods, with wings at the sides, on a post."""
    case = box(31, 4, 69, 82, 7)
    wings = "".join(f"M15 {y}H33V{y + 18}ZM67 {y}L85 {y}L67 {y + 18}Z" for y in (9, 34, 59))
    post = box(44, 78, 56, 98, 2)
    lamps = [ellipse(50, y, 10) for y in (18.5, 43, 67.5)]
    return Drawing(
        case + wings + post,
        (
            ("slate", post),
            ("main", wings),
            ("line", wings),
            ("main", case),
            ("shade", "M62 4A7 7 0 0 1 69 11V75A7 7 0 0 1 62 82Z"),
            ("line", case),
            ("ink", "".join(ellipse(50, y, 12.5) for y in (18.5, 43, 67.5))),
            ("ruby", lamps[0]),
            ("gold", lamps[1]),
            ("leaf", lamps[2]),
            ("white", "".join(ellipse(46, y, 2.6, 2) for y in (14, 38.5, 63))),
        ),
        tilt=3,
    )


def _fire_hydrant() -> Drawing:
    dome = "M28 34C28 18 38 11 50 11C62 11 72 18 72 34Z"
    body = box(29, 30, 71, 88)
    rim, foot = box(22, 29, 78, 39, 4), box(18, 85, 82, 98, 4)
    arms = box(14, 50, 34, 66) + box(66, 50, 86, 66)
    caps = box(8, 46, 20, 70, 4) + box(80, 46, 92, 70, 4)
    return Drawing(
        dome + body + rim + foot + arms + caps + box(43, 3, 57, 15, 3),
        (
            ("steel", box(43, 3, 57, 15, 3)),
            ("main", dome + arms + body),
            ("tint", box(35, 42, 41, 82, 3) + smooth((35, 27), (37, 20), (44, 16), (45, 19), (40, 22), (38, 28))),
            ("shade", "M61 39H71V85H61ZM60 13C68 16 72 24 72 30H62C63 24 62 18 60 13Z"),
            ("line", dome + "M29 39V85M71 39V85M29 50H20M29 66H20M71 50H80M71 66H80"),
            ("main", rim + foot),
            ("line", rim + foot),
            ("steel", caps),
            ("edge", caps),
            ("steel", ellipse(50, 59, 12)),
            ("edge", ellipse(50, 59, 12)),
            ("slate", polygon(*around(6, 6, 50, 59))),
        ),
        tilt=3,
    )


def _stop_sign() -> Drawing:
    """The letters are white with a separate outline, so that they stay readable on a white sign."""
    plate = polygon(*around(8, 37, 50, 38, turn=-67.5))
    rim = polygon(*around(8, 34, 50, 38, turn=-67.5))
    face = polygon(*around(8, 30, 50, 38, turn=-67.5))
    post = box(45, 66, 55, 98, 2)

    def letters(width: float) -> str:
        strokes = (
            (35, 31, 28, 31), (28, 31, 28, 38), (28, 38, 35, 38), (35, 38, 35, 45), (35, 45, 28, 45),
            (39, 31, 47, 31), (43, 31, 43, 45),
            (51, 31, 51, 45), (58, 31, 58, 45), (51, 31, 58, 31), (51, 45, 58, 45),
            (64, 31, 64, 45), (64, 31, 71, 31), (71, 31, 71, 38), (71, 38, 64, 38),
        )  # fmt: skip
        return "".join(bar(*stroke, width) for stroke in strokes)

    return Drawing(
        plate + post,
        (
            ("steel", post),
            ("edge", post),
            ("main", plate),
            ("white", rim),
            ("main", face),
            ("line", plate),
            ("mark", letters(5.8)),
            ("white", letters(3.2)),
        ),
        tilt=3,
    )


def _parking_meter() -> Drawing:
    """With a needle in the window, a slot for coins, and a knob at the side."""
    head = "M26 32A24 26 0 0 1 74 32V58C74 66 68 72 60 72H40C32 72 26 66 26 58Z"
    neck, post, foot = box(38, 68, 62, 77, 2), box(44, 74, 56, 96), "M32 98C32 92 38 89 44 89H56C62 89 68 92 68 98Z"
    knob = box(70, 42, 82, 58, 4)
    window = "M34 36A16 18 0 0 1 66 36V39H34Z"
    return Drawing(
        head + neck + post + foot + knob,
        (
            ("steel", post + foot),
            ("edge", post + foot),
            ("slate", neck + knob),
            ("edge", neck + knob),
            ("main", head),
            ("shade", "M66 12C71 17 74 24 74 32V58C74 66 68 72 60 72H54C62 72 66 66 66 58Z"),
            ("line", head),
            ("white", window),
            ("edge", window + "M50 37L57 26"),
            ("ink", box(48, 46, 52, 58, 1.5)),
            ("gold", ellipse(36, 55, 6)),
            ("edge", ellipse(36, 55, 6)),
            ("line", "M40 65H60"),
        ),
        tilt=3,
    )


def _bench() -> Drawing:
    """A park bench: two boards as the back, a seat towards the viewer, iron legs."""
    back = box(4, 16, 96, 29, 3) + box(4, 34, 96, 47, 3)
    seat = "M8 54H92L99 70H1Z"
    front = box(1, 69, 99, 77, 2)
    irons = box(14, 12, 22, 56, 2) + box(78, 12, 86, 56, 2)
    legs = "M9 76H22L19 95H8ZM78 76H91L92 95H81Z"
    behind = box(10, 24, 90, 56)
    return Drawing(
        back + seat + front + irons + legs + behind,
        (
            ("ink", behind),
            ("slate", irons + legs),
            ("edge", legs),
            ("main", back),
            ("tint", box(7, 18.5, 93, 22) + box(7, 36.5, 93, 40)),
            ("line", back),
            ("slate", box(14, 12, 22, 18, 2) + box(78, 12, 86, 18, 2)),
            ("ink", ellipse(18, 23, 2) + ellipse(82, 23, 2) + ellipse(18, 41, 2) + ellipse(82, 41, 2)),
            ("main", seat),
            ("line", "M5 62H95"),
            ("shade", front),
            ("edge", front),
        ),
        tilt=2,
    )


STREET: dict[str, Drawing] = {
    "traffic light": _traffic_light(),
    "fire hydrant": _fire_hydrant(),
    "stop sign": _stop_sign(),
    "parking meter": _parking_meter(),
    "bench": _bench(),
}
