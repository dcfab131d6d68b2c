"""Drawings of food."""

from __future__ import annotations

from onbrief_sandbox.painting.drawings.drawing import Drawing
from onbrief_sandbox.painting.drawings.paths import around, box, ellipse, polygon
from onbrief_sandbox.painting.drawings.turning import turned

_BANANA = "M78 8L90 4L95 17C100 42 91 72 66 87C45 99 17 95 4 82C1 77 5 69 12 69C34 73 53 64 64 48C73 36 79 24 78 8Z"
_APPLE = (
    "M50 29C58 20 76 18 86 31A11 11 0 0 0 80 49A10 10 0 0 0 91 65C87 81 76 97 64 97C58 97 55 94 50 94"
    "C45 94 42 97 36 97C20 97 6 72 6 52C6 30 19 20 33 22C41 23 46 25 50 29Z"
)
_APPLE_LEAF = "M48 26C51 9 66 1 84 4C83 19 69 29 48 26Z"
_STALK = "M46 32C47 22 44 14 38 8L44 3C51 9 54 20 53 32Z"


def _sandwich() -> Drawing:
    """Half of one, cut from corner to corner: the cut face towards the viewer, and an olive on a stick."""
    top, upper, lower = "M66 22L97 49L95 53H4L3 47Z", box(3, 47, 97, 62, 4), box(3, 79, 97, 94, 5)
    filling, cheese = box(6, 60, 94, 82), "M10 72H46L28 86ZM54 72H90L72 86Z"
    lettuce = (
        "M2 64C2 58 8 58 12 60H88C92 58 98 58 98 64C98 72 90 75 85 70C80 78 70 78 65 70C60 78 50 78 45 70"
        "C40 78 30 78 25 70C20 77 2 75 2 64Z"
    )
    stick, olive = box(53, 16, 57.5, 40), ellipse(55, 14, 10, 9)
    return Drawing(
        top + upper + lettuce + filling + lower + stick + olive,
        (
            ("deep", filling),
            ("main", lower),
            ("gold", cheese),
            ("leaf", lettuce),
            ("main", top + upper),
            ("shade", "M66 22L97 49H86L65.5 31L22 49H3V47Z"),
            ("tint", box(10, 54, 36, 58.5, 2.2)),
            ("wood", stick),
            ("leaf", olive),
            ("edge", olive),
            ("gold", ellipse(55, 13, 3.4)),
            ("line", "M3 49H97M5 62H95M6 79H94"),
        ),
        faces=True,
        tilt=3,
    )


def _orange() -> Drawing:
    """A whole one, with half of another in front of it."""
    whole, half, leaf = ellipse(37, 51, 34), ellipse(67, 66, 30), "M36 20C38 5 54 0 69 5C66 19 51 27 36 20Z"
    walls = "".join(turned(box(65.2, 43, 68.8, 89), angle, 67, 66) for angle in (0, 60, 120))
    return Drawing(
        whole + half + leaf,
        (
            ("main", whole),
            ("tint", ellipse(21, 38, 7, 5)),
            ("leaf", leaf),
            ("edge", leaf),
            ("main", half),
            ("edge", half),
            ("cream", ellipse(67, 66, 25)),
            ("shade", ellipse(67, 66, 20.5)),
            ("cream", walls),
        ),
        faces=True,
        tilt=4,
    )


def _broccoli() -> Drawing:
    crown = "".join(
        ellipse(x, y, r)
        for x, y, r in (
            (50, 17, 15), (34, 27, 14), (66, 27, 14), (50, 36, 16),
            (17, 44, 13), (30, 54, 13), (14, 58, 10), (27, 37, 10), (73, 37, 10), (83, 44, 13), (70, 54, 13), (86, 58, 10),
        )
    )  # fmt: skip
    stem = "M14 62L30 46H70L86 62L66 78V94C66 97 60 98 50 98C40 98 34 97 34 94V78Z"
    buds = "".join(
        ellipse(x, y, 3) for x, y in ((40, 20), (56, 14), (62, 30), (46, 36), (18, 42), (28, 55), (82, 42), (72, 55))
    )
    return Drawing(
        crown + stem,
        (
            ("tint", stem),
            ("shade", "M66 78V94C66 97 60 98 50 98C56 90 56 80 62 68L80 58L86 62Z"),
            ("line", "M50 86V72L40 62M50 72L60 62"),
            ("main", crown),
            ("shade", buds),
        ),
        tilt=3,
    )


def _carrot() -> Drawing:
    body = "M50 116C42 106 29 68 29 52C29 41 37 36 50 36C63 36 71 41 71 52C71 68 58 106 50 116Z"
    leaves = "M50 44C40 36 26 24 28 4C36 6 40 12 43 18C42 6 44 -6 50 -14C56 -6 58 6 57 18C60 12 64 6 72 4C74 24 60 36 50 44Z"
    shade = "M50 116C52 90 60 70 60 37C67 39 71 44 71 52C71 68 58 106 50 116Z"
    marks = "M31 62H44M69 72H58M38 84H48"
    return Drawing(
        turned(body + leaves, 42),
        (
            ("leaf", turned(leaves, 42)),
            ("main", turned(body, 42)),
            ("shade", turned(shade, 42)),
            ("line", turned(marks, 42)),
        ),
        faces=True,
    )


def _hot_dog() -> Drawing:
    bun, sausage = box(9, 19, 91, 81, 27), box(-7, 39.5, 107, 60.5, 10.5)
    xs = range(12, 89, 11)
    zigzag = [(float(x), 46.0 + 8 * (k % 2)) for k, x in enumerate(xs)]
    mustard = polygon(*((x, y - 3) for x, y in zigzag), *((x, y + 3) for x, y in reversed(zigzag)))
    return Drawing(
        turned(bun + sausage, -35),
        (
            ("main", turned(bun, -35)),
            ("tint", turned(box(32, 27, 60, 32, 2.5), -35)),
            ("deep", turned(sausage, -35)),
            ("edge", turned(sausage, -35)),
            ("gold", turned(mustard, -35)),
        ),
        faces=True,
        tilt=4,
    )


def _pizza() -> Drawing:
    """With one slice missing."""
    whole = "M50 50L94.6 37.2A46.4 46.4 0 1 1 59.6 4.6Z"
    field = "M50 50L87.0 39.4A38.5 38.5 0 1 1 58.0 12.3Z"
    salami = "".join(ellipse(x, y, 7.5) for x, y in ((34, 28), (25, 56), (49, 74), (75, 60)))
    olives = "".join(ellipse(x, y, 3.2) for x, y in ((46, 20), (40, 45), (30, 72), (60, 60), (68, 78), (19, 42)))
    return Drawing(
        whole,
        (
            ("shade", whole),
            ("main", field),
            ("deep", salami),
            ("leaf", olives),
            ("line", "M59.6 4.6L50 50L94.6 37.2"),
        ),
        faces=True,
        tilt=6,
    )


_SPRINKLES = ((23, 48, 60), (30, 31, 20), (47, 22, -50), (24, 65, 10), (39, 77, 70), (65, 26, 30), (78, 36, -20), (79, 53, 90))


def _donut() -> Drawing:
    hole = "M34 50a16 16 0 1 0 32 0a16 16 0 1 0 -32 0Z"
    dough = turned("M93.2 34.3A46 46 0 1 1 65.7 6.8A11 11 0 0 0 73 26A11.5 11.5 0 0 0 93.2 34.3Z", 90) + hole
    waves = around(24, 37.5, turn=-12)[:21]
    icing = (
        f"M{waves[0][0]:.2f} {waves[0][1]:.2f}"
        + "".join(f"A6.5 6.5 0 0 1 {x:.2f} {y:.2f}" for x, y in waves[2::2])
        + "A15 15 0 0 0 69 30A15 15 0 0 0 "
        + f"{waves[0][0]:.2f} {waves[0][1]:.2f}Z"
        + "M30.5 50a19.5 19.5 0 1 0 39 0a19.5 19.5 0 1 0 -39 0Z"
    )
    return Drawing(
        dough,
        (
            ("wood", dough),
            ("main", turned(icing, 90)),
            ("cream", "".join(turned(box(x - 4, y - 1.8, x + 4, y + 1.8, 1.8), a, x, y) for x, y, a in _SPRINKLES)),
            ("edge", hole),
        ),
        faces=True,
        tilt=6,
    )


def _cake() -> Drawing:
    plate = box(1, 84, 99, 95, 5)
    body = "M11 44A39 12 0 0 1 89 44V84A39 10 0 0 1 11 84Z"
    icing = (
        "M11 44A39 12 0 0 1 89 44V54A6.5 6.5 0 0 1 76 54A6.5 5 0 0 0 63 54V58A6.5 6.5 0 0 1 50 58V55A6.5 5 0 0 0 37 55"
        "A6.5 6.5 0 0 1 24 55A6.5 5 0 0 0 11 55Z"
    )
    candles = "".join(box(x - 3.5, 16, x + 3.5, y) for x, y in ((28, 42), (50, 42), (72, 42)))
    flames = "".join(f"M{x} 1C{x + 7} 9 {x + 6} 17 {x} 17C{x - 6} 17 {x - 7} 9 {x} 1Z" for x in (28, 50, 72))
    return Drawing(
        plate + body + candles + flames,
        (
            ("steel", plate),
            ("edge", plate),
            ("main", body),
            ("shade", "M11 74A39 10 0 0 0 89 74V84A39 10 0 0 1 11 84Z"),
            ("cream", icing),
            ("line", icing),
            ("tint", candles),
            ("gold", flames),
        ),
        tilt=3,
    )


FOOD: dict[str, Drawing] = {
    "banana": Drawing(
        _BANANA,
        (
            ("main", _BANANA),
            ("shade", "M95 17C100 42 91 72 66 87C45 99 17 95 4 82C30 88 50 84 64 75C83 62 92 42 90 18Z"),
            ("line", "M13 76C38 80 62 68 74 49C79 41 83 32 84 22"),
            ("ink", "M78 8L90 4L93 12L79 17Z"),
            ("ink", "M4 82C1 77 5 69 12 69L13 86C9 85 6 84 4 82Z"),
        ),
        faces=True,
        tilt=6,
    ),
    "apple": Drawing(
        _APPLE + _APPLE_LEAF + _STALK,
        (
            ("main", _APPLE),
            ("shade", "M91 65C87 81 76 97 64 97C58 97 55 94 50 94C45 94 42 97 36 97C30 97 24 93 19 87C50 92 70 84 80 69Z"),
            ("cream", "M86 31A11 11 0 0 0 80 49A10 10 0 0 0 91 65L86 71A15 15 0 0 1 73 50A15 15 0 0 1 80 25Z"),
            ("tint", "M17 50C16 40 21 32 30 31C34 31 34 37 30 38C26 39 24 43 24 50C24 55 17 55 17 50Z"),
            ("wood", _STALK),
            ("leaf", _APPLE_LEAF),
            ("edge", _APPLE_LEAF),
        ),
        faces=True,
        tilt=4,
    ),
    "sandwich": _sandwich(),
    "orange": _orange(),
    "broccoli": _broccoli(),
    "carrot": _carrot(),
    "hot dog": _hot_dog(),
    "pizza": _pizza(),
    "donut": _donut(),
    "cake": _cake(),
}  # fmt: skip
