"""The drawings of the sandbox's seventeen things, and of a card, each in a square of 100 units around (50, 50).

A thing is drawn like a sticker: a pure white halo, an outline in ink, then flat fills. The halo sets it apart from whatever
lies behind, so that a white circle on white is still a thing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from onbrief.sandbox.painting.palette import CREAM, HALO, INK, RGB, css, luma, mix

CARD = "card"


@dataclass(frozen=True, slots=True)
class Drawing:
    """`outline` is the path around all of it; `layers` are roles (see `roles`) or colours and the paths that they fill.

    The roles "line" and "edge" are drawn with the pen instead. `faces` says that it looks left or right and
    may be mirrored; `tilt` is how far it may lean, in degrees.
    """

    outline: str
    layers: tuple[tuple[str, str], ...]
    faces: bool = False
    tilt: float = 5.0


def roles(main: RGB) -> dict[str, str]:
    """The colours that a thing of this main colour is drawn with."""
    dark = luma(main) < 70
    return {
        "main": css(main),
        "shade": css(mix(main, INK, 0.2) if not dark else mix(main, INK, 0.75)),
        "tint": css(mix(main, (255, 255, 255), 0.38 if not dark else 0.24)),
        "deep": css(mix(main, INK, 0.42)) if not dark else css((92, 90, 104)),
        "line": css(INK) if not dark else css((122, 120, 134)),
        "ink": css(INK),
        "edge": css(INK),
        "cream": css(CREAM),
        "white": css((253, 252, 250)),
        "glass": css((192, 226, 240)),
        "wood": css((150, 104, 68)),
        "leaf": css((92, 158, 88)),
        "gold": css((250, 206, 84)),
        "steel": css((196, 200, 208)),
        "slate": css((94, 92, 118)),
        "skin": css((240, 196, 160)),
        "hair": css((92, 62, 50)),
        "denim": css((82, 100, 140)),
    }


def symbol(drawing: Drawing, main: RGB, pen: float, halo: float, variant: Mapping[str, str] | None = None) -> str:
    """SVG of the drawing. `pen` and `halo` are widths in its units; `variant` gives other colours to some roles."""
    colours = {**roles(main), **(variant or {})}
    joined = 'stroke-linejoin="round" stroke-linecap="round"'
    parts = [
        f'<path d="{drawing.outline}" fill="{css(HALO)}" stroke="{css(HALO)}" stroke-width="{2 * (halo + pen):.2f}" {joined}/>',
        f'<path d="{drawing.outline}" fill="{css(INK)}" stroke="{css(INK)}" stroke-width="{2 * pen:.2f}" {joined}/>',
    ]
    for role, path in drawing.layers:
        if role in {"line", "edge"}:
            parts.append(f'<path d="{path}" fill="none" stroke="{colours[role]}" stroke-width="{pen:.2f}" {joined}/>')
        else:
            parts.append(f'<path d="{path}" fill="{colours[role]}"/>')
    return "".join(parts)


def _ellipse(x: float, y: float, rx: float, ry: float | None = None) -> str:
    ry = rx if ry is None else ry
    return f"M{x - rx:g} {y:g}a{rx:g} {ry:g} 0 1 1 {2 * rx:g} 0a{rx:g} {ry:g} 0 1 1 {-2 * rx:g} 0Z"


def _box(left: float, top: float, right: float, bottom: float, round_: float = 0) -> str:
    r = round_
    if not r:
        return f"M{left:g} {top:g}H{right:g}V{bottom:g}H{left:g}Z"
    arc = f"a{r:g} {r:g} 0 0 1 "
    return (
        f"M{left + r:g} {top:g}H{right - r:g}{arc}{r:g} {r:g}V{bottom - r:g}{arc}{-r:g} {r:g}"
        f"H{left + r:g}{arc}{-r:g} {-r:g}V{top + r:g}{arc}{r:g} {-r:g}Z"
    )


def _polygon(*points: tuple[float, float]) -> str:
    return "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in points) + "Z"


def _around(count: int, radius: float, x: float = 50, y: float = 50, turn: float = -90) -> list[tuple[float, float]]:
    angles = [math.radians(turn + 360 * k / count) for k in range(count)]
    return [(x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles]


def _star() -> Drawing:
    outer, inner = _around(5, 50, y=54.5), _around(5, 23.5, y=54.5, turn=-54)
    path = _polygon(*(p for pair in zip(outer, inner, strict=True) for p in pair))
    light, dark = _polygon(outer[0], (50, 54.5), inner[4]), _polygon(outer[2], (50, 54.5), inner[2])
    return Drawing(path, (("main", path), ("tint", light), ("shade", dark)), tilt=8)


def _flower() -> Drawing:
    petals = "".join(_ellipse(x, y, 15.5) for x, y in _around(6, 19, y=35))
    stem = "M46.8 50H53.2V97H46.8Z"
    leaves = "M50 90C40 92 27 86 23 71C38 71 48 78 50 90ZM50 82C52 70 62 63 77 63C74 77 62 85 50 82Z"
    return Drawing(
        petals + _ellipse(50, 35, 20) + stem + leaves,
        (
            ("leaf", stem + leaves),
            ("main", petals + _ellipse(50, 35, 20)),
            ("shade", "".join(_ellipse(x, y, 2.6) for x, y in _around(6, 16.5, y=35))),
            ("edge", _ellipse(50, 35, 10.5)),
            ("gold", _ellipse(50, 35, 10)),
        ),
    )


def _hexagon() -> Drawing:
    points = _around(6, 49, turn=0)
    inner = _around(6, 36, turn=0)
    return Drawing(
        _polygon(*points),
        (
            ("main", _polygon(*points)),
            ("tint", _polygon(points[3], points[4], points[5], inner[5], inner[4], inner[3])),
            ("shade", _polygon(points[0], points[1], points[2], inner[2], inner[1], inner[0])),
        ),
        tilt=4,
    )


def _plain(path: str, *layers: tuple[str, str], tilt: float = 5.0) -> Drawing:
    return Drawing(path, (("main", path), *layers), tilt=tilt)


_HEART = "M50 92C32 76 5 60 5 34C5 18 16 8 29 8C38 8 46 13 50 21C54 13 62 8 71 8C84 8 95 18 95 34C95 60 68 76 50 92Z"
_CROSS = "M34 4H66V34H96V66H66V96H34V66H4V34H34Z"
_ARROW = "M3 36H52V14L97 50L52 86V64H3Z"
_CROWN = _ellipse(50, 28, 25) + _ellipse(28, 45, 23) + _ellipse(72, 45, 23) + _ellipse(50, 50, 26)
_TRUNK = "M43 60H57L60 98H40Z"
_ROOF = "M50 4L97 46H3Z"
_CHIMNEY = _box(70, 10, 82, 38)
_CAR = "M4 72V56C4 50 8 47 13 46L25 43L36 26C38 23 41 22 45 22H66C70 22 73 23 76 27L86 42C93 43 97 47 97 54V72Z"
_HULL = "M4 66H96C93 82 84 94 76 94H24C16 94 7 82 4 66Z"
_SAIL = "M53 6L90 58H53Z"
_JIB = "M45 16V58H14Z"
_FISH = "M3 50C12 28 30 20 48 20C62 20 72 28 79 38L97 22C94 40 94 60 97 78L79 62C72 72 62 80 48 80C30 80 12 72 3 50Z"
_CUP = "M10 20H72V74C72 84 65 90 56 90H26C17 90 10 84 10 74Z"
_HANDLE = "M70 32H79C90 32 96 40 96 50C96 64 86 72 70 73Z"
_COAT = "M50 34C63 34 70 40 72 50L80 68L71 72L69 66L71 80H29L31 66L29 72L20 68L28 50C30 40 37 34 50 34Z"
_LEGS = _box(34, 76, 47, 98, 2) + _box(53, 76, 66, 98, 2)
_HEAD = _ellipse(50, 19, 16.5)

DRAWINGS: dict[str, Drawing] = {
    "circle": _plain(
        _ellipse(50, 50, 46),
        ("shade", "M90 28A46 46 0 0 1 28 90A46 46 0 0 0 90 28Z"),
        ("tint", _ellipse(31, 29, 10, 6.5)),
    ),
    "square": _plain(
        _box(8, 8, 92, 92, 3),
        ("shade", "M92 60V89A3 3 0 0 1 89 92H11A3 3 0 0 1 8 89V84H84V60Z"),
        ("tint", _box(16, 16, 44, 23, 3)),
        tilt=4,
    ),
    "triangle": _plain(
        "M50 8L97 92H3Z",
        ("shade", "M50 8L97 92H80L50 36Z"),
        ("tint", "M15.5 84L24 69H40L31 84Z"),
        tilt=4,
    ),
    "star": _star(),
    "heart": _plain(
        _HEART,
        ("shade", "M50 92C68 76 95 60 95 34C95 27 93 21 89 17C90 50 70 68 42 85Z"),
        ("tint", "M16 36C15 26 21 18 30 18C33 18 33 22 30 23C24 24 21 29 22 36C22 40 17 40 16 36Z"),
        tilt=7,
    ),
    "diamond": _plain(
        "M50 2L86 50L50 98L14 50Z",
        ("tint", "M50 2L14 50H34Z"),
        ("shade", "M50 98L86 50H66Z"),
        tilt=3,
    ),
    "hexagon": _hexagon(),
    "cross": _plain(_CROSS, ("shade", "M66 34H96V66H66V96H34V88H58V58H88V34Z"), ("tint", _box(40, 10, 47, 30, 3))),
    "arrow": Drawing(
        _ARROW,
        (("main", _ARROW), ("shade", "M3 55H58V78L97 50L52 86V64H3Z"), ("tint", _box(9, 41, 36, 46, 2))),
        faces=True,
        tilt=4,
    ),
    "tree": Drawing(
        _CROWN + _TRUNK,
        (
            ("wood", _TRUNK),
            ("shade", _CROWN),
            ("main", _ellipse(50, 27, 24.5) + _ellipse(28, 43, 22) + _ellipse(71, 43, 22) + _ellipse(49, 46, 24)),
            ("tint", _ellipse(40, 22, 6, 4.5) + _ellipse(24, 39, 5, 4) + _ellipse(62, 36, 4.5, 3.5)),
            ("line", "M50 82V64L58 55M50 70L43 62"),
        ),
        tilt=3,
    ),
    "flower": _flower(),
    "house": Drawing(
        _ROOF + _box(13, 44, 87, 96) + _CHIMNEY,
        (
            ("slate", _CHIMNEY),
            ("main", _box(13, 44, 87, 96)),
            ("shade", _box(13, 44, 87, 52)),
            ("slate", _ROOF),
            ("edge", _ROOF),
            ("wood", "M42 96V72A8 8 0 0 1 58 72V96Z"),
            ("line", "M42 96V72A8 8 0 0 1 58 72V96M54 83V84"),
            ("glass", _box(22, 60, 35, 74, 1) + _box(65, 60, 78, 74, 1)),
            ("line", _box(22, 60, 35, 74, 1) + _box(65, 60, 78, 74, 1) + "M28.5 60V74M71.5 60V74"),
            ("cream", _ellipse(50, 28, 6)),
            ("edge", _ellipse(50, 28, 6)),
        ),
        tilt=2,
    ),
    "car": Drawing(
        _CAR + _ellipse(26, 70, 12.5) + _ellipse(75, 70, 12.5),
        (
            ("main", _CAR),
            ("shade", "M4 72V63H97V72Z"),
            ("glass", "M32 43L41 30C42 28.5 44 28 46 28H52V43Z" + "M57 28H65C68 28 70 29 71.5 31L79 43H57Z"),
            ("line", "M32 43L41 30C42 28.5 44 28 46 28H52V43Z" + "M57 28H65C68 28 70 29 71.5 31L79 43H57ZM54.5 46V62M59 50H64"),
            ("gold", _ellipse(9, 55, 3.6, 3)),
            ("ink", _ellipse(26, 70, 12.5) + _ellipse(75, 70, 12.5)),
            ("steel", _ellipse(26, 70, 6.2) + _ellipse(75, 70, 6.2)),
        ),
        faces=True,
        tilt=2,
    ),
    "boat": Drawing(
        _HULL + _SAIL + _JIB + _box(46.5, 4, 51.5, 68),
        (
            ("wood", _box(46.5, 4, 51.5, 68)),
            ("white", _SAIL),
            ("cream", _JIB),
            ("edge", _SAIL + _JIB),
            ("main", _HULL),
            ("shade", "M9 80C13 88 18 94 24 94H76C82 94 87 88 91 80Z"),
            ("tint", _box(10, 69, 90, 73, 2)),
            ("edge", "M4 66H96"),
        ),
        faces=True,
        tilt=4,
    ),
    "fish": Drawing(
        _FISH,
        (
            ("main", _FISH),
            ("shade", "M6 56C16 74 32 80 48 80C62 80 72 72 79 62L97 78C96.5 74 96 70 95.5 66L79 54C66 66 34 72 6 56Z"),
            ("tint", "M40 26C46 34 46 46 42 54C38 46 37 34 40 26ZM56 27C61 34 62 46 58 54C54 46 53 34 56 27Z"),
            ("white", _ellipse(22, 44, 6.5)),
            ("ink", _ellipse(20.5, 44.5, 3.4)),
            ("line", "M8 57C12 60 15 60 18 59M84 46L91 41M84 54L91 59"),
        ),
        faces=True,
    ),
    "cup": Drawing(
        _CUP + _HANDLE,
        (
            ("main", _HANDLE),
            ("edge", _HANDLE),
            ("white", "M74 42H78C84 42 87 45 87 50C87 58 82 62 74 63Z"),
            ("edge", "M74 42H78C84 42 87 45 87 50C87 58 82 62 74 63Z"),
            ("main", _CUP),
            ("shade", "M60 20H72V74C72 84 65 90 56 90H46C56 88 60 82 60 74Z"),
            ("tint", _box(17, 34, 23, 66, 3)),
            ("deep", _box(10, 20, 72, 27)),
        ),
        faces=True,
        tilt=3,
    ),
    "person": Drawing(
        _HEAD + _COAT + _LEGS + _ellipse(23, 71, 4.5) + _ellipse(77, 71, 4.5),
        (
            ("denim", _LEGS),
            ("skin", _ellipse(23, 71, 4.5) + _ellipse(77, 71, 4.5)),
            ("main", _COAT),
            ("line", "M31 66L33 54M69 66L67 54M71 80H29"),
            ("shade", "M29.5 75H70.5L71 80H29Z"),
            ("hair", _HEAD),
            ("skin", "M37 18C42 17 46 14 48 10C52 15 57 17 63 18C64 28 58 33.5 50 33.5C42 33.5 36 28 37 18Z"),
            ("ink", _ellipse(44.5, 22, 1.7) + _ellipse(55.5, 22, 1.7)),
            ("line", "M46.5 27.5C48.5 29.5 51.5 29.5 53.5 27.5"),
        ),
        tilt=2,
    ),
    CARD: Drawing(
        _box(1, 15, 99, 85, 8),
        (
            ("main", _box(1, 15, 99, 85, 8)),
            ("shade", _box(1, 30, 99, 32)),
            ("cream", _box(6, 32, 94, 80, 4)),
            ("cream", _ellipse(50, 23, 3)),
        ),
        tilt=0,
    ),
}  # fmt: skip

CARD_FACE = (8.0, 34.0, 92.0, 78.0)
"""Left, top, right and bottom of where a card is lettered."""


def banner(width: float, height: float) -> Drawing:
    """A ribbon with swallow tails, as wide and high as this, around (0, 0)."""
    x, y, tail = width / 2, height / 2, height * 0.3
    face = _box(-x + 1.6 * tail, -y, x - 1.6 * tail, y - height * 0.14)
    tails = "".join(
        f"M{s * (x - 2.6 * tail):g} {y:g}H{s * x:g}L{s * (x - 0.7 * tail):g} {height * 0.07:g}"
        f"L{s * x:g} {-y + height * 0.14:g}H{s * (x - 2.6 * tail):g}Z"
        for s in (-1, 1)
    )
    folds = "".join(
        f"M{s * (x - 2.6 * tail):g} {y:g}L{s * (x - 1.6 * tail):g} {y - height * 0.14:g}H{s * (x - 2.6 * tail):g}Z"
        for s in (-1, 1)
    )
    return Drawing(face + tails, (("main", tails), ("line", tails), ("deep", folds), ("cream", face), ("line", face)))
