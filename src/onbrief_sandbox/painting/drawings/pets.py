"""Drawings of pets, the bird and the teddy bear."""

from __future__ import annotations

from onbrief_sandbox.painting.drawings.drawing import Drawing
from onbrief_sandbox.painting.drawings.paths import bar, ellipse, smooth


def _cat() -> Drawing:
    """Sits and looks at the viewer, its tail up beside it."""
    left_ear = smooth((15, 26), (13, 3), (13, 3), (36, 12), (36, 26), (25, 34))
    right_ear = smooth((67, 26), (69, 3), (69, 3), (46, 12), (46, 26), (57, 34))
    head = ellipse(41, 30, 29, 22)
    body = smooth((41, 40), (58, 50), (67, 72), (68, 97), (68, 97), (14, 97), (14, 97), (15, 72), (24, 50))
    tail = smooth(
        (60, 97), (60, 84), (78, 84), (82, 74), (78, 60), (78, 46), (86, 40), (93, 46), (89, 54), (95, 74), (89, 92), (76, 97)
    )
    tip = smooth((78, 46), (86, 40), (93, 46), (90, 53), (78, 55))
    return Drawing(
        left_ear + right_ear + head + body + tail + tip,
        (
            ("main", tail),
            ("shade", tip),
            ("edge", tail),
            ("main", body),
            ("tint", ellipse(41, 74, 13, 18)),
            ("line", "M33 97V82M49 97V82M27 97C20 92 21 80 25 76M55 97C62 92 61 80 57 76"),
            ("shade", smooth((22, 56), (30, 48), (52, 48), (60, 56), (41, 59))),
            ("main", left_ear + right_ear + head),
            ("deep", "M19 22L17 9L29 14ZM63 22L65 9L53 14Z"),
            ("shade", "M37 9H45L44 19H38ZM29 10L35 9L34 16ZM53 10L47 9L48 16Z"),
            ("white", ellipse(35, 40, 8.5, 7) + ellipse(47, 40, 8.5, 7)),
            ("mark", ellipse(29, 29, 4.2, 5) + ellipse(53, 29, 4.2, 5)),
            ("ink", "M36.5 34H45.5L41 39Z"),
            ("white", ellipse(30.5, 27.5, 1.4) + ellipse(54.5, 27.5, 1.4)),
            (
                "line",
                "M41 39V42C39 45 36 45 34 43M41 42C43 45 46 45 48 43M24 37L16 35.5M24 41.5L18 43M58 37L66 35.5M58 41.5L64 43",
            ),
        ),
        faces=True,
        tilt=2,
    )


def _dog() -> Drawing:
    """Stands and wags its tail, ears hanging."""
    tail = smooth((80, 50), (84, 34), (90, 18), (97, 14), (99, 22), (96, 40), (90, 58))
    body = smooth((30, 46), (52, 50), (78, 44), (90, 50), (92, 64), (84, 74), (60, 74), (36, 78), (26, 66))
    legs = smooth((30, 66), (46, 66), (45, 95), (43, 97), (25, 97), (23, 92), (29, 85)) + smooth(
        (78, 60), (92, 58), (94, 76), (92, 95), (90, 97), (73, 97), (71, 92), (79, 88)
    )
    far = smooth((42, 66), (52, 66), (53, 92), (50, 94), (40, 94)) + smooth((66, 66), (82, 62), (80, 94), (63, 94), (67, 84))
    head = smooth((22, 20), (34, 7), (50, 8), (58, 22), (56, 42), (44, 54), (26, 55), (8, 52), (2, 44), (4, 34), (16, 32))
    ear = smooth((44, 10), (54, 8), (63, 24), (64, 44), (56, 51), (47, 42), (43, 24))
    nose = ellipse(7, 37, 6, 5)
    return Drawing(
        tail + body + legs + far + head + ear + nose,
        (
            ("shade", far),
            ("main", tail + body + legs),
            ("line", "M31 80C30 84 28 88 24 90M47 72C48 66 47 62 45 60M78 82C76 76 76 70 79 64M31 97V94M80 97V94"),
            ("shade", smooth((58, 49), (66, 47), (76, 46), (80, 54), (70, 62), (60, 58))),
            ("shade", smooth((92, 28), (97, 14), (99, 22), (97, 32))),
            ("gold", smooth((27, 54), (44, 54), (56, 44), (60, 50), (48, 61), (30, 62))),
            ("edge", "M28 55C38 57 50 54 58 44M30 62C42 64 54 58 60 50"),
            ("main", head),
            ("tint", smooth((6, 40), (18, 38), (30, 44), (26, 54), (8, 51), (3, 45))),
            ("deep", ear),
            ("line", ear + "M8 46C14 50 22 50 28 45"),
            ("mark", nose + ellipse(31, 26, 4.2, 4.8)),
            ("white", ellipse(32.5, 24.5, 1.5) + ellipse(5.5, 35.5, 1.5, 1)),
        ),
        faces=True,
        tilt=3,
    )


def _bird() -> Drawing:
    """Perches with its tail up, like a robin."""
    body = smooth(
        (12, 32), (16, 20), (30, 12), (44, 16), (52, 28), (66, 40), (80, 48), (76, 66), (60, 82), (40, 84), (22, 74), (13, 56)
    )
    tail = smooth((70, 40), (92, 20), (92, 20), (99, 30), (99, 30), (78, 64), (66, 62))
    beak = "M15 26V40L0 35Z"
    feet = bar(38, 80, 38, 94, 5) + bar(29, 94.5, 38, 94.5, 5) + bar(57, 78, 57, 94, 5) + bar(49, 94.5, 57, 94.5, 5)
    wing = smooth((44, 46), (60, 42), (80, 52), (80, 52), (70, 66), (54, 70), (43, 62))
    return Drawing(
        body + tail + beak + feet,
        (
            ("gold", beak + feet),
            ("edge", beak),
            ("main", tail),
            ("shade", "M82 44L99 30L96 25L76 42Z"),
            ("main", body),
            ("cream", smooth((14, 52), (24, 46), (36, 56), (46, 72), (42, 84), (24, 76), (15, 63))),
            ("shade", wing),
            ("line", wing + "M56 60C62 60 66 58 70 55M74 44L92 26"),
            ("mark", ellipse(25, 30, 4.2)),
            ("white", ellipse(23.8, 28.6, 1.5)),
        ),
        faces=True,
        tilt=4,
    )


def _teddy_bear() -> Drawing:
    """Sits with its arms out, the soles of its feet towards the viewer."""
    ears = ellipse(25, 14, 12.5) + ellipse(75, 14, 12.5)
    head = ellipse(50, 29, 32, 26)
    body = ellipse(50, 68, 26, 25)
    arms = smooth((32, 50), (14, 50), (4, 58), (6, 68), (16, 70), (36, 66)) + smooth(
        (68, 50), (86, 50), (96, 58), (94, 68), (84, 70), (64, 66)
    )
    feet = ellipse(24, 86, 14, 13) + ellipse(76, 86, 14, 13)
    bow = "M50 55L35 47V65ZM50 55L65 47V65Z"
    return Drawing(
        ears + head + body + arms + feet,
        (
            ("main", arms),
            ("edge", arms),
            ("main", body),
            ("edge", body),
            ("cream", ellipse(50, 73, 14, 14)),
            ("line", "M50 62V84M46 67H54M46 73H54M46 79H54"),
            ("main", feet),
            ("edge", feet),
            ("tint", ellipse(24, 87, 7.5, 7) + ellipse(76, 87, 7.5, 7)),
            ("main", ears),
            ("tint", ellipse(25, 14, 6) + ellipse(75, 14, 6)),
            ("edge", ears),
            ("main", head),
            ("edge", head),
            ("cream", ellipse(50, 38, 14, 11)),
            ("mark", ellipse(37, 25, 4) + ellipse(63, 25, 4)),
            ("ink", ellipse(50, 33, 5.5, 4)),
            ("line", "M50 37V41C47 45 43 44 42 42M50 41C53 45 57 44 58 42"),
            ("gold", bow),
            ("edge", bow),
            ("gold", ellipse(50, 55.5, 4.5)),
            ("edge", ellipse(50, 55.5, 4.5)),
        ),
        tilt=3,
    )


PETS: dict[str, Drawing] = {"cat": _cat(), "dog": _dog(), "bird": _bird(), "teddy bear": _teddy_bear()}
