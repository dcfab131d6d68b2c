"""Drawings of wild animals."""

from __future__ import annotations

from onbrief_sandbox.painting.drawings.drawing import Drawing
from onbrief_sandbox.painting.drawings.paths import bar, ellipse, smooth


def _elephant() -> Drawing:
    """With its trunk raised."""
    body = smooth((38, 26), (60, 18), (84, 24), (95, 44), (94, 64), (84, 74), (48, 76), (36, 64))
    near = "M40 60H59V94A3 3 0 0 1 56 97H43A3 3 0 0 1 40 94ZM76 58H94V94A3 3 0 0 1 91 97H79A3 3 0 0 1 76 94Z"
    far = "M56 66H68V91H56ZM67 66H78V91H69Z"
    head = smooth((26, 20), (42, 18), (52, 30), (50, 54), (38, 60), (26, 54), (20, 38))
    trunk = smooth(
        (36, 58),
        (26, 66),
        (12, 64),
        (3, 52),
        (2, 34),
        (5, 22),
        (5, 22),
        (14, 24),
        (14, 24),
        (13, 36),
        (15, 47),
        (21, 48),
        (23, 36),
    )
    ear = smooth((42, 16), (60, 18), (68, 32), (64, 50), (54, 60), (46, 50), (41, 34))
    tail = smooth((91, 36), (98, 46), (99, 60), (97, 68), (94, 62), (93, 50))
    tusk = smooth((30, 53), (36, 56), (28, 68), (18, 71), (18, 71), (24, 62))
    return Drawing(
        body + near + far + head + trunk + ear + tail + tusk,
        (
            ("shade", far + tail),
            ("edge", tail),
            ("main", body + near),
            ("line", "M59 74V88M76 62V88"),
            ("cream", "M42 97A4 5 0 0 1 50 97ZM50 97A4 5 0 0 1 57 97ZM78 97A4 5 0 0 1 85.5 97ZM85.5 97A4 5 0 0 1 93 97Z"),
            ("main", trunk),
            ("line", "M3 38L12 37M4 47L13 44M10 58L17 52"),
            ("main", head),
            ("cream", tusk),
            ("edge", tusk),
            ("main", ear),
            ("tint", smooth((48, 22), (58, 23), (62, 33), (59, 46), (54, 52), (49, 44), (46, 33))),
            ("line", ear),
            ("mark", ellipse(32, 34, 3.6, 4.2)),
            ("white", ellipse(31, 32.5, 1.3)),
        ),
        faces=True,
        tilt=2,
    )


def _bear() -> Drawing:
    """Walks on all fours, its shoulders higher than its head."""
    body = smooth((20, 40), (30, 24), (44, 18), (58, 26), (78, 28), (93, 40), (96, 60), (86, 72), (54, 74), (30, 72), (20, 58))
    near = smooth((24, 58), (46, 58), (44, 78), (44, 92), (38, 95), (20, 95), (18, 90), (24, 84)) + smooth(
        (74, 56), (95, 54), (95, 74), (94, 92), (89, 95), (72, 95), (70, 90), (76, 84)
    )
    far = smooth((40, 60), (56, 66), (57, 90), (52, 92), (40, 91)) + smooth((62, 66), (80, 60), (78, 91), (62, 92), (60, 88))
    head = smooth((14, 34), (28, 32), (38, 42), (36, 58), (24, 66), (10, 66), (2, 62), (2, 55), (8, 48))
    ears = ellipse(16, 34, 7) + ellipse(33, 34, 7.5)
    tail = ellipse(95, 45, 5)
    nose = smooth((1, 54), (8, 52), (11, 56), (6, 60), (1, 59))
    return Drawing(
        body + near + far + head + ears + tail + nose,
        (
            ("shade", far),
            ("main", tail),
            ("line", tail),
            ("main", near + body),
            ("ink", "".join(f"M{x} 95A3 4 0 0 1 {x + 5} 95Z" for x in (20, 26, 32, 72, 78))),
            ("line", "M46 62C46 70 45 76 44 84M75 60C72 66 73 74 75 80"),
            ("shade", smooth((38, 44), (44, 52), (42, 64), (34, 68), (26, 66), (36, 58))),
            ("main", ears),
            ("line", ears),
            ("deep", ellipse(33, 34, 3.6)),
            ("main", head),
            ("tint", smooth((2, 55), (10, 50), (20, 54), (20, 63), (10, 66), (2, 62))),
            ("ink", nose + ellipse(22, 45, 3.2, 3.6)),
            ("line", "M8 62C12 63 16 62 19 59"),
            ("white", ellipse(21.2, 43.8, 1.2)),
        ),
        faces=True,
        tilt=2,
    )


def _zebra() -> Drawing:
    """Stands straight, with its head up and a bristly mane."""
    body = smooth((36, 46), (56, 46), (82, 42), (92, 50), (92, 62), (84, 68), (60, 70), (42, 70), (33, 60))
    neck = smooth((34, 66), (30, 46), (22, 30), (28, 16), (38, 22), (46, 36), (56, 48), (50, 64))
    head = smooth((28, 14), (36, 20), (34, 30), (22, 36), (14, 45), (5, 44), (3, 36), (12, 25), (20, 16))
    ears = smooth((22, 18), (20, 6), (23, 2), (28, 6), (30, 16)) + smooth((29, 16), (31, 4), (36, 2), (38, 8), (35, 20))
    near = "M36 60H48L45 96H37ZM80 54L92 56L91 96H83L81 76Z"
    far = "M49 64H59L56 93H49ZM66 64H79L75 93H68Z"
    mane = smooth((33, 12), (41, 13), (52, 24), (64, 45), (64, 45), (54, 48), (44, 36), (36, 22))
    tail = smooth((87, 45), (95, 50), (96, 62), (99, 74), (95, 84), (90, 76), (92, 64), (90, 55))
    stripes = (
        "M58 46L64 45.6L62 58ZM70 44.6L76 43.6L73 58ZM82 42.4L88 45L83 57ZM60 70L66 69.4L66 60ZM72 69L78 68.4L77 60Z"
        "M92 54V60L84 62ZM46 70L52 70.2L54 61ZM48 39L53 46L41 50ZM40 29L44 34L31 38ZM33 54L36 63L46 57Z"
    )
    rings = "M36.6 72L46.9 69L46.4 75L37 79ZM37.2 85L46 82L45.6 88L37 91ZM81.2 70L92 67V73L81.6 77ZM82.6 84L91.4 81V87L83 90Z"
    return Drawing(
        body + neck + head + ears + near + far + mane + tail,
        (
            ("main", tail),
            ("mark", smooth((92, 63), (96, 62), (99, 74), (95, 84), (90, 76))),
            ("shade", far),
            ("main", body + near + neck + head + ears),
            ("ink", "M49 86.5H57L56.4 93H49ZM67 86.5H76.2L75 93H68ZM36.8 91H45.6L45 96H37ZM83 91H91.4L91 96H83Z"),
            ("mark", stripes + rings),
            ("line", "M48 66L47 76M80 60L81 72M34 20C36 26 30 32 24 34"),
            ("mark", mane),
            ("deep", smooth((3, 36), (9, 29), (17, 36), (14, 45), (5, 44))),
            ("mark", ellipse(22, 25, 3) + ellipse(7.5, 37, 1.8)),
        ),
        faces=True,
        tilt=2,
    )


def _giraffe() -> Drawing:
    """As tall as the picture, most of it neck and legs."""
    neck = smooth((40, 56), (35, 36), (30, 20), (30, 20), (44, 14), (44, 14), (50, 30), (58, 48), (62, 60))
    body = smooth((38, 50), (52, 44), (70, 50), (80, 58), (80, 70), (66, 74), (46, 74), (37, 66))
    head = smooth((32, 8), (42, 7), (46, 15), (40, 22), (32, 25), (24, 31), (16, 29), (16, 22), (24, 15))
    ear = smooth((42, 9), (52, 5), (58, 8), (53, 15), (44, 15))
    horns = bar(32, 10, 31, 3.5, 4) + bar(39, 10, 40, 3.5, 4) + ellipse(31, 3.5, 3) + ellipse(40, 3.5, 3)
    near = "M38 60H50L48 98H40ZM69 60H80L79 98H71Z"
    far = "M50 66H58V95H50.6ZM60 66H69L68 95H61Z"
    tail = smooth((76, 54), (84, 58), (86, 68), (88, 78), (85, 84), (81, 78), (81, 66))
    spots = (
        smooth((36, 28), (44, 26), (47, 33), (38, 37))
        + smooth((42, 42), (51, 38), (56, 46), (46, 51))
        + smooth((50, 57), (60, 53), (64, 61), (54, 66))
        + smooth((68, 54), (75, 57), (76, 64), (69, 63))
        + smooth((40, 56), (46, 58), (46, 67), (40, 66))
        + smooth((63, 67), (71, 66), (70, 73), (63, 73))
        + smooth((33, 20), (41, 19), (42, 23), (34, 25))
    )
    return Drawing(
        neck + body + head + ear + horns + near + far + tail,
        (
            ("main", tail),
            ("deep", smooth((82, 70), (86, 68), (88, 78), (85, 84), (81, 78))),
            ("edge", tail),
            ("shade", far),
            ("main", near + neck + body),
            ("deep", spots),
            ("ink", "M39.6 93H48.4L48 98H40ZM70.6 93H79.2L79 98H71ZM50.4 91H58V95H50.6ZM60.8 91H68.2L68 95H61Z"),
            ("line", "M50 70V88M69 70V88"),
            ("deep", horns),
            ("edge", horns),
            ("main", ear + head),
            ("line", ear),
            ("tint", smooth((16, 22), (22, 18), (29, 24), (24, 31), (16, 29))),
            ("line", "M42 22C40 23 38 24 36 26"),
            ("mark", ellipse(33, 15, 2.6) + ellipse(18.5, 23.5, 1.3)),
        ),
        faces=True,
        tilt=2,
    )


WILD: dict[str, Drawing] = {"elephant": _elephant(), "bear": _bear(), "zebra": _zebra(), "giraffe": _giraffe()}
