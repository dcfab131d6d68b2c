"""Drawings of farm animals."""

from __future__ import annotations

from onbrief_sandbox.painting.drawings.drawing import Drawing
from onbrief_sandbox.painting.drawings.paths import box, ellipse, smooth


def _horse() -> Drawing:
    """Trots, a foreleg raised, mane and tail in the wind."""
    body = smooth((30, 42), (48, 40), (68, 37), (82, 42), (84, 56), (76, 64), (56, 64), (38, 68), (28, 60))
    neck = smooth((28, 58), (25, 40), (23, 30), (34, 12), (44, 14), (50, 28), (56, 44), (44, 60))
    head = smooth((32, 10), (44, 14), (42, 26), (28, 32), (16, 42), (6, 42), (4, 34), (14, 22), (24, 12))
    ear = "M30 14L33 1L42 13Z"
    near = smooth((30, 54), (43, 58), (38, 74), (22, 78), (20, 90), (20, 90), (10, 88), (10, 88), (12, 70), (28, 68)) + smooth(
        (70, 46), (84, 46), (86, 62), (84, 74), (92, 88), (92, 88), (83, 95), (83, 95), (73, 78), (72, 64)
    )
    far = smooth((40, 58), (53, 58), (51, 76), (51, 95), (51, 95), (41, 95), (41, 95), (42, 76)) + smooth(
        (62, 54), (77, 54), (72, 70), (66, 80), (66, 95), (66, 95), (56, 95), (56, 95), (58, 78)
    )
    mane = smooth((33, 11), (42, 8), (52, 16), (60, 30), (62, 46), (54, 46), (48, 38), (46, 26), (38, 18), (33, 20))
    tail = smooth((78, 42), (86, 34), (95, 38), (99, 52), (97, 74), (90, 64), (87, 54), (82, 50))
    hooves = "M20.5 85L20 90L10 88L10.6 83ZM88.5 84L92 88L83 95L79.5 91ZM51 90V95H41V90ZM66 90V95H56V90Z"
    return Drawing(
        body + neck + head + ear + near + far + mane + tail,
        (
            ("deep", tail),
            ("edge", tail),
            ("shade", far),
            ("main", near + body + neck + head + ear),
            ("ink", hooves),
            ("line", "M43 60C42 64 41 68 38 72M30 68C28 68 24 69 20 70M71 52C69 58 70 64 72 68M30 16L33 6L38 13"),
            ("tint", smooth((4, 36), (10, 29), (18, 34), (16, 42), (6, 42))),
            ("deep", mane),
            ("edge", mane),
            ("mark", ellipse(26, 20, 3.4) + ellipse(8.5, 35.5, 1.8)),
            ("line", "M7 40L14 39"),
        ),
        faces=True,
        tilt=3,
    )


def _sheep() -> Drawing:
    """A cloud of wool with a dark face and short legs."""
    curls = ((30, 34, 15), (50, 28, 16), (70, 32, 16), (84, 48, 15), (78, 65, 15), (59, 71, 15), (39, 69, 15), (30, 52, 14))
    wool = "".join(ellipse(*curl) for curl in curls) + ellipse(56, 50, 30, 24)
    inner = "".join(ellipse(x + (56 - x) * 0.1, y + (50 - y) * 0.14 - 1, r - 1) for x, y, r in curls) + ellipse(56, 49, 28, 22)
    near = box(37, 70, 47, 97, 3) + box(68, 70, 78, 97, 3)
    face = smooth((12, 30), (26, 29), (32, 40), (29, 54), (19, 63), (9, 58), (6, 46))
    ear = smooth((28, 36), (40, 36), (46, 42), (38, 47), (28, 44))
    tuft = ellipse(14, 27, 8) + ellipse(24, 24, 9) + ellipse(32, 28, 8)
    return Drawing(
        wool + near + face + ear + tuft,
        (
            ("slate", near),
            ("edge", near),
            ("shade", wool),
            ("main", inner),
            ("line", "M50 38A8 8 0 0 0 64 40M70 50A8 8 0 0 0 82 52M48 58A8 8 0 0 0 62 60M70 33A6 6 0 0 0 80 36"),
            ("slate", face + ear),
            ("edge", face + ear),
            ("main", tuft),
            ("line", "M8 33A8 8 0 0 0 18 34A8 8 0 0 0 30 35A8 8 0 0 0 39 31"),
            ("white", ellipse(18, 44, 4.2, 4.6)),
            ("ink", ellipse(17, 44.5, 2.4)),
            ("edge", "M11 55C13 57 16 57 18 56"),
        ),
        faces=True,
        tilt=3,
    )


def _cow() -> Drawing:
    """Square, horned and patched, with an udder and a hanging tail."""
    body = smooth((28, 36), (28, 36), (50, 34), (84, 32), (91, 38), (91, 60), (84, 68), (56, 70), (32, 70), (24, 56))
    near = "M28 62H42V93H28ZM76 60H91V93H77Z"
    far = "M44 66H53V91H44ZM64 66H74V91H65Z"
    head = smooth((12, 22), (32, 22), (36, 32), (31, 46), (27, 58), (16, 60), (8, 57), (7, 44), (8, 32))
    muzzle = smooth((6, 48), (16, 46), (28, 48), (30, 56), (24, 64), (10, 64), (4, 57))
    horns = smooth((12, 26), (5, 20), (5, 7), (5, 7), (10, 13), (20, 19)) + smooth(
        (24, 19), (34, 13), (39, 7), (39, 7), (39, 20), (32, 26)
    )
    ear = smooth((32, 26), (44, 22), (51, 28), (43, 37), (33, 35))
    udder = smooth((56, 66), (68, 66), (68, 74), (66, 80), (58, 80), (55, 74))
    tail = smooth((88, 34), (95, 36), (98, 48), (97, 62), (99, 74), (94, 80), (90, 74), (91, 60), (90, 46))
    patches = (
        smooth((48, 34.5), (66, 33.5), (70, 42), (63, 50), (54, 48), (48, 42))
        + smooth((91, 46), (91, 60), (86, 67), (76, 62), (74, 52), (82, 46))
        + smooth((40, 56), (50, 56), (52, 64), (44, 68), (38, 64))
    )
    tuft = smooth((91, 60), (97, 62), (99, 74), (94, 80), (90, 74))
    return Drawing(
        body + near + far + head + muzzle + horns + ear + udder + tail + tuft + patches,
        (
            ("shade", far),
            ("main", tail),
            ("deep", tuft),
            ("edge", tail),
            ("cream", udder),
            ("edge", udder),
            ("main", near + body),
            ("deep", patches),
            ("ink", "M28 87H42V93H28ZM77 87H91V93H77ZM44 86H53V91H44ZM65 86H74V91H65Z"),
            ("line", "M42 70V88M77 64V88M30 62C34 60 36 54 37 48"),
            ("cream", horns),
            ("edge", horns),
            ("deep", ear),
            ("edge", ear),
            ("main", head),
            ("deep", smooth((21, 22), (32, 22), (36, 32), (31, 42), (22, 38))),
            ("edge", head),
            ("cream", muzzle),
            ("edge", muzzle),
            ("ink", ellipse(12, 54, 2.4, 2.8) + ellipse(22, 54, 2.4, 2.8)),
            ("mark", ellipse(14, 36, 3.2, 4)),
            ("white", ellipse(27, 35, 4.6, 5)),
            ("ink", ellipse(27, 36, 3.2, 4)),
        ),
        faces=True,
        tilt=2,
    )


FARM: dict[str, Drawing] = {"horse": _horse(), "sheep": _sheep(), "cow": _cow()}
