"""Drawings of electric appliances and the sink."""

from __future__ import annotations

from onbrief_sandbox.painting.drawings.drawing import Drawing
from onbrief_sandbox.painting.drawings.paths import box, ellipse, polygon
from onbrief_sandbox.painting.drawings.turning import turned


def _tv() -> Drawing:
    case, screen = box(3, 26, 97, 87, 9), box(12, 35, 67, 78, 8)
    antenna = turned(box(46.8, -2, 53.2, 34), -40, 50, 30) + turned(box(46.8, -2, 53.2, 34), 40, 50, 30)
    tips = ellipse(29, 5.5, 4.5) + ellipse(71, 5.5, 4.5)
    feet = "M14 82H30L24 96H17ZM70 82H86L83 96H76Z"
    return Drawing(
        case + antenna + tips + feet,
        (
            ("wood", feet),
            ("slate", antenna + tips),
            ("main", case),
            ("shade", "M3 74V78A9 9 0 0 0 12 87H88A9 9 0 0 0 97 78V74A9 9 0 0 1 88 82H12A9 9 0 0 1 3 74Z"),
            ("glass", screen),
            ("white", "M20 60L40 40H50L20 70Z"),
            ("edge", screen),
            ("cream", ellipse(83, 42, 6) + ellipse(83, 58, 6)),
            ("edge", ellipse(83, 42, 6) + ellipse(83, 58, 6)),
            ("deep", box(76, 69, 90, 73, 2)),
        ),
        tilt=2,
    )


def _laptop() -> Drawing:
    """Seen from the side, half open, with the lid leaning back."""
    lid, deck = polygon((27, 8), (97, 8), (86, 58), (16, 58)), polygon((16, 56), (86, 56), (74, 85), (3, 85))
    front = polygon((3, 84), (74, 84), (74, 92), (3, 92))
    keys = "".join(
        polygon((x, y), (x + 9, y), (x + 7, y + 5), (x - 2, y + 5))
        for x0, y in ((20, 62), (17, 70))
        for x in range(x0, x0 + 56, 12)
    )
    return Drawing(
        lid + deck + front,
        (
            ("main", lid),
            ("glass", polygon((32, 14), (90, 14), (81.5, 51), (23.5, 51))),
            ("white", polygon((44, 14), (56, 14), (33, 51), (24, 51))),
            ("main", deck),
            ("line", "M16 57H86"),
            ("slate", keys),
            ("tint", polygon((27, 78), (48, 78), (46.5, 82), (25.5, 82))),
            ("shade", front),
            ("line", "M3 85H74L86 57"),
        ),
        faces=True,
        tilt=2,
    )


def _computer_mouse() -> Drawing:
    body = "M50 30C68 30 76 42 76 62C76 86 66 99 50 99C34 99 24 86 24 62C24 42 32 30 50 30Z"
    cable = "M46.5 36C47 26 41 24 33 22C24 19 20 15 23 8L29.5 11C28 13.5 29 14.8 35 16C46 19 53 24 53.5 36Z"
    return Drawing(
        turned(body + cable, 24),
        (
            ("slate", turned(cable, 24)),
            ("main", turned(body, 24)),
            ("shade", turned("M76 62C76 86 66 99 50 99C34 99 24 86 24 62C34 88 62 92 76 62Z", 24)),
            ("line", turned("M25 58C40 64 60 64 75 58M50 31V61", 24)),
            ("slate", turned(box(45.5, 37, 54.5, 53, 4.5), 24)),
            ("edge", turned(box(45.5, 37, 54.5, 53, 4.5), 24)),
        ),
        faces=True,
        tilt=4,
    )


def _tv_remote() -> Drawing:
    body = box(33, 2, 67, 98, 11)
    keys = "".join(ellipse(x, y, 3.6) for x in (41, 50, 59) for y in (60, 71, 82))
    return Drawing(
        turned(body, 60),
        (
            ("main", turned(body, 60)),
            ("shade", turned("M67 20V87A11 11 0 0 1 56 98H44A11 11 0 0 1 36 94H50A11 11 0 0 0 61 83V4L67 13Z", 60)),
            ("gold", turned(ellipse(42, 13, 4), 60)),
            ("ink", turned(ellipse(50, 36, 12), 60)),
            ("tint", turned(ellipse(50, 36, 5.5), 60)),
            ("steel", turned(keys, 60)),
        ),
        faces=True,
        tilt=4,
    )


def _computer_keyboard() -> Drawing:
    deck, front = polygon((9, 38), (91, 38), (99, 80), (1, 80)), box(1, 78, 99, 88, 3)
    cable = "M46 42V30C46 22 60 26 60 14H66C66 32 53 26 53 34V42Z"
    keys = ""
    for row in range(3):
        top = 43 + 9 * row
        left, width = 13 - 1.7 * row, (74 + 3.4 * row) / 9
        keys += "".join(box(left + k * width + 1.2, top, left + (k + 1) * width - 1.2, top + 6.3, 1) for k in range(9))
    keys += box(10, 70, 24, 76, 1) + box(28, 70, 72, 76, 1) + box(76, 70, 90, 76, 1)
    return Drawing(
        deck + front + cable,
        (
            ("slate", cable),
            ("main", deck),
            ("shade", front),
            ("line", "M1 80H99"),
            ("steel", keys),
        ),
        tilt=2,
    )


def _cell_phone() -> Drawing:
    """In a case of the thing's colour."""
    cover, side = box(27, 5, 73, 95, 11), box(70, 28, 77, 46, 3)
    icons = "".join(box(x, y, x + 8.5, y + 8.5, 2) for x in (39, 52.5) for y in (26, 39, 52))
    return Drawing(
        turned(cover + side, 14),
        (
            ("main", turned(cover, 14)),
            ("shade", turned("M73 24V84A11 11 0 0 1 62 95H38A11 11 0 0 1 29 90H56A11 11 0 0 0 67 79V7A11 11 0 0 1 73 16Z", 14)),
            ("deep", turned(side, 14)),
            ("slate", turned(box(34, 20, 66, 76, 3), 14)),
            ("main", turned(icons, 14)),
            ("tint", turned(box(39, 66, 61, 71, 2), 14)),
            ("ink", turned(ellipse(40, 13, 3.2) + box(47, 11, 62, 15, 2), 14)),
            ("steel", turned(ellipse(50, 85.5, 4.5), 14)),
        ),
        faces=True,
        tilt=3,
    )


def _microwave() -> Drawing:
    case, feet = box(2, 9, 98, 83, 7), box(9, 78, 23, 93, 3) + box(77, 78, 91, 93, 3)
    window = box(10, 19, 60, 72, 6)
    keys = "".join(box(x, y, x + 6.5, y + 6.5, 1.5) for x in (76, 85.5) for y in (42, 53, 64))
    return Drawing(
        case + feet,
        (
            ("slate", feet),
            ("main", case),
            ("shade", "M2 70V76A7 7 0 0 0 9 83H91A7 7 0 0 0 98 76V70A7 7 0 0 1 91 77H9A7 7 0 0 1 2 70Z"),
            ("slate", window),
            ("gold", "M20 58A15 15 0 0 1 50 58Z"),
            ("cream", box(16, 58, 54, 63.5, 2.7)),
            ("steel", box(64, 19, 69.5, 72, 2.7)),
            ("line", "M72 9V83"),
            ("glass", box(76, 20, 92, 34, 2)),
            ("steel", keys),
        ),
        faces=True,
        tilt=2,
    )


def _oven() -> Drawing:
    """With a hob, and a pot on it."""
    case, hob = box(9, 28, 91, 94, 4), box(5, 24, 95, 32, 3)
    feet = box(14, 90, 26, 99, 2) + box(74, 90, 86, 99, 2)
    pot, grips, lid = box(31, 9, 69, 28, 4), box(21, 12, 79, 18, 3), box(45, 1, 55, 12, 3)
    knobs = "".join(ellipse(x, 39, 4) for x in (20, 35, 65, 80))
    window = box(19, 60, 81, 86, 5)
    return Drawing(
        case + hob + feet + pot + grips + lid,
        (
            ("slate", feet + grips + lid),
            ("steel", pot),
            ("edge", "M31 15H69"),
            ("main", case),
            ("deep", hob),
            ("line", "M9 47H91M9 32H91"),
            ("cream", knobs),
            ("ink", box(43, 36, 57, 42, 1)),
            ("steel", box(24, 52, 76, 56.5, 2.2)),
            ("slate", window),
            ("gold", box(25, 76, 75, 80, 1)),
            ("tint", "M28 60H40L28 72Z"),
        ),
        tilt=2,
    )


def _toaster() -> Drawing:
    toasts = box(21, 6, 47, 54, 9) + box(53, 6, 79, 54, 9)
    case = "M7 90V54C7 42 15 37 26 37H74C85 37 93 42 93 54V90Z"
    lever, feet = box(88, 55, 99, 64, 3), box(14, 86, 28, 97, 2) + box(72, 86, 86, 97, 2)
    return Drawing(
        toasts + case + lever + feet,
        (
            ("wood", toasts),
            ("gold", box(26, 11, 42, 50, 5) + box(58, 11, 74, 50, 5)),
            ("edge", toasts),
            ("slate", lever + feet),
            ("main", case),
            ("shade", "M7 78H93V90H7Z"),
            ("line", "M26 37H74C85 37 93 42 93 54M26 37C15 37 7 42 7 54"),
            ("deep", box(17, 42, 83, 47, 2.5)),
            ("tint", box(15, 54, 20, 70, 2.5)),
            ("cream", ellipse(74, 64, 7)),
            ("edge", ellipse(74, 64, 7)),
        ),
        faces=True,
        tilt=2,
    )


def _sink() -> Drawing:
    """On a foot, with a tap."""
    tap = "M37 44V20C37 12 27 12 27 20V28H18V20C18 1 46 1 46 20V44Z"
    knobs = box(64, 28, 72, 44) + box(58, 22, 78, 30, 3)
    rim, basin = box(2, 40, 98, 53, 5), "M92 50C92 68 78 77 64 78H36C22 77 8 68 8 50Z"
    foot = "M37 74H63L69 98H31Z"
    return Drawing(
        tap + knobs + rim + basin + foot,
        (
            ("steel", tap + knobs),
            ("main", foot),
            ("shade", "M37 74H63L65 84H35Z"),
            ("main", basin),
            ("shade", "M92 50C92 68 78 77 64 78H36C64 76 78 66 80 53Z"),
            ("tint", rim),
            ("line", rim),
            ("line", "M36 78H64"),
        ),
        faces=True,
        tilt=2,
    )


def _refrigerator() -> Drawing:
    case, feet = box(23, 2, 77, 92, 6), box(28, 88, 38, 98, 2) + box(62, 88, 72, 98, 2)
    return Drawing(
        case + feet,
        (
            ("slate", feet),
            ("main", case),
            ("shade", "M77 14V86A6 6 0 0 1 71 92H29A6 6 0 0 1 23 86V84H68V2H71A6 6 0 0 1 77 8Z"),
            ("line", "M23 36H77"),
            ("steel", box(29, 16, 35, 31, 3) + box(29, 42, 35, 64, 3)),
            ("edge", box(29, 16, 35, 31, 3) + box(29, 42, 35, 64, 3)),
            ("cream", box(46, 44, 63, 60, 1)),
            ("gold", ellipse(54.5, 44, 3.5)),
            ("tint", box(44, 10, 62, 15, 2.5)),
        ),
        faces=True,
        tilt=2,
    )


APPLIANCES: dict[str, Drawing] = {
    "tv": _tv(),
    "laptop": _laptop(),
    "computer mouse": _computer_mouse(),
    "tv remote": _tv_remote(),
    "computer keyboard": _computer_keyboard(),
    "cell phone": _cell_phone(),
    "microwave": _microwave(),
    "oven": _oven(),
    "toaster": _toaster(),
    "sink": _sink(),
    "refrigerator": _refrigerator(),
}
