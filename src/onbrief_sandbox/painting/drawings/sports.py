"""Drawings of sports equipment and toys."""

from __future__ import annotations

import math

from onbrief_sandbox.painting.drawings.drawing import Drawing
from onbrief_sandbox.painting.drawings.paths import around, box, ellipse, polygon
from onbrief_sandbox.painting.drawings.slanting import slanted
from onbrief_sandbox.painting.drawings.turning import turned


def _frisbee() -> Drawing:
    disc, rim = ellipse(50, 46, 48, 33), "M2 46H98C98 53 96 58 92 63C82 77 67 85 50 85C33 85 18 77 8 63C4 58 2 53 2 46Z"
    return slanted(
        Drawing(
            disc + rim,
            (
                ("shade", rim),
                ("main", disc),
                ("edge", disc),
                ("white", ellipse(50, 45, 36, 23)),
                ("main", ellipse(50, 45, 28, 17)),
                ("line", ellipse(50, 45, 36, 23) + ellipse(50, 45, 28, 17)),
                ("tint", ellipse(50, 45, 10, 5.6)),
            ),
            faces=True,
            tilt=3,
        ),
        -24,
    )


def _skis() -> Drawing:
    ski = "M42.5 101V10C42.5 4 45 -5 50 -10C55 -5 57.5 4 57.5 10V101C57.5 107 42.5 107 42.5 101Z"
    layers: list[tuple[str, str]] = []
    for lean in (-34, 34):
        upright = (
            ("main", ski),
            ("tint", "M42.5 10C42.5 4 45 -5 50 -10C55 -5 57.5 4 57.5 10Z"),
            ("cream", box(42.5, 17, 57.5, 24)),
            ("edge", ski),
            ("ink", box(42.5, 65, 57.5, 86, 4)),
            ("steel", box(46, 70, 54, 79, 2)),
        )
        layers += [(role, turned(path, lean)) for role, path in upright]
    return Drawing(turned(ski, -34) + turned(ski, 34), tuple(layers), tilt=3)


def _snowboard() -> Drawing:
    board = "M32 8C32 -12 68 -12 68 8C63 36 63 64 68 92C68 112 32 112 32 92C37 64 37 36 32 8Z"
    plate, strap = box(24, 24, 76, 37, 4), box(39, 20, 61, 41, 4)
    plates = [turned(path, -10, 50, 30.5) for path in (plate, strap)]
    lower = [turned(path, 180) for path in plates]
    return slanted(
        Drawing(
            board + plates[0] + lower[0],
            (
                ("main", board),
                ("tint", "M32 8C32 -12 68 -12 68 8Z"),
                ("shade", "M68 92C68 112 32 112 32 92Z"),
                ("line", "M32 8H68M68 92H32"),
                ("slate", plates[0] + lower[0]),
                ("edge", plates[0] + lower[0]),
                ("ink", plates[1] + lower[1]),
                ("steel", box(44, 25, 56, 36, 2) + box(44, 64, 56, 75, 2)),
            ),
            faces=True,
            tilt=3,
        ),
        36,
    )


def _ball() -> Drawing:
    ball = ellipse(50, 50, 47)
    inner, middle = around(5, 16.5), around(5, 30)
    seams = "".join(f"M{a:.2f} {b:.2f}L{c:.2f} {d:.2f}" for (a, b), (c, d) in zip(inner, middle, strict=True))
    rims: list[str] = []
    for k in range(5):
        turn = -90 + 72 * k
        ends = around(360, 47, turn=turn)
        left, right = ends[-22], ends[22]
        near_left, near_right = around(360, 34, turn=turn)[-17], around(360, 34, turn=turn)[17]
        rims.append(
            f"M{left[0]:.2f} {left[1]:.2f}A47 47 0 0 1 {right[0]:.2f} {right[1]:.2f}"
            f"L{near_right[0]:.2f} {near_right[1]:.2f}L{middle[k][0]:.2f} {middle[k][1]:.2f}"
            f"L{near_left[0]:.2f} {near_left[1]:.2f}Z"
        )
    between = "".join(
        f"M{a:.2f} {b:.2f}L{c:.2f} {d:.2f}"
        for k in range(5)
        for (a, b), (c, d) in [(around(360, 34, turn=-90 + 72 * k)[17], around(360, 34, turn=-90 + 72 * (k + 1))[-17])]
    )
    return Drawing(
        ball,
        (
            ("main", ball),
            ("shade", "M90 25A47 47 0 0 1 25 90A47 47 0 0 0 90 25Z"),
            ("mark", polygon(*inner) + "".join(rims)),
            ("line", polygon(*inner) + "".join(rims) + seams + between),
        ),
        tilt=3,
    )


def _kite() -> Drawing:
    sail = "M65 1L95 28L55 61L33 18Z"
    tail_top = [(57 - 52 * t, 53 + 36 * t + 4.5 * math.sin(9.5 * t)) for t in (k / 16 for k in range(17))]
    tail = polygon(*tail_top[::-1], *((x, y + 10) for x, y in tail_top))
    bows = "".join(
        polygon((x, y + 1), (x + 9, y - 4), (x + 9, y + 12), (x, y + 8), (x - 9, y + 12), (x - 9, y - 4))
        for x, y in (tail_top[6], tail_top[12])
    )
    return Drawing(
        sail + tail + bows,
        (
            ("slate", tail),
            ("main", sail),
            ("tint", "M65 1L33 18L61.4 22.6Z"),
            ("shade", "M95 28L55 61L61.4 22.6Z"),
            ("line", "M65 1L55 61M33 18L95 28"),
            ("gold", bows),
            ("edge", bows),
        ),
        faces=True,
        tilt=4,
    )


def _bat() -> Drawing:
    bat = (
        "M50 -14C57 -14 61 -9 61 -1C61 18 59 34 57 48C55.5 60 54.5 70 54.5 99H57C60 99 61 101 61 104C61 108 58 110 50 110"
        "C42 110 39 108 39 104C39 101 40 99 43 99H45.5C45.5 70 44.5 60 43 48C41 34 39 18 39 -1C39 -9 43 -14 50 -14Z"
    )
    return slanted(
        Drawing(
            bat,
            (
                ("main", bat),
                ("shade", "M50 -14C57 -14 61 -9 61 -1C61 18 59 34 57 48L56 56L52 56C56 30 57 4 54 -13Z"),
                ("tint", box(43.5, 0, 46.5, 26, 1.5)),
                ("ink", "M45.3 68H54.7V99H45.3Z"),
                ("shade", "M43 99H57C60 99 61 101 61 104C61 108 58 110 50 110C42 110 39 108 39 104C39 101 40 99 43 99Z"),
                ("edge", "M43 99H57"),
            ),
            tilt=4,
        ),
        45,
    )


def _glove() -> Drawing:
    mitt = (
        "M26 98C25 88 22 82 17 75C9 64 3 52 4 42C5 34 11 30 16 32C13 22 16 13 23 12C28 11 31 14 33 18C33 9 37 3 43 3"
        "C49 3 53 8 54 14C56 9 60 7 65 8L88 17C95 20 98 27 97 36C96 52 90 62 84 72C79 80 76 88 75 98Z"
    )
    web = "M65 8L88 17C86 28 80 42 70 54C64 48 60 40 60 31C60 22 62 14 65 8Z"
    laces = "".join(
        turned(box(x - 6, y - 2, x + 6, y + 2, 2), lean, x, y) for x, y, lean in ((19, 40, -35), (36, 26, -18), (54, 26, -4))
    )
    return Drawing(
        mitt,
        (
            ("main", mitt),
            ("shade", "M33 60C38 50 54 46 66 54C71 60 70 72 62 78C52 84 38 82 33 74C31 70 31 64 33 60Z"),
            ("cream", web),
            ("line", "M16 32C18 40 22 46 27 51M33 18C34 28 37 36 41 42M54 14C53 24 54 33 57 40"),
            ("line", web + "M63 16L84 25M60 28L78 38M62 39L72 47M77 13L68 52"),
            ("cream", laces),
            ("deep", "M24.5 88H76L75 98H26Z"),
        ),
        faces=True,
        tilt=3,
    )


def _skateboard() -> Drawing:
    deck = (
        "M1 27C3 22 8 21 12 24L22 31C24 32.5 27 33 30 33H70C73 33 76 32.5 78 31L88 24C92 21 97 22 99 27C100 30 99 33 96 35"
        "L83 44C79 46.5 75 47 71 47H29C25 47 21 46.5 17 44L4 35C1 33 0 30 1 27Z"
    )
    trucks, wheels = "M18 44H38L33 62H23ZM62 44H82L77 62H67Z", ellipse(28, 64, 12) + ellipse(72, 64, 12)
    return slanted(
        Drawing(
            deck + trucks + wheels,
            (
                ("steel", trucks),
                ("edge", trucks),
                ("main", deck),
                (
                    "shade",
                    "M8 37.7L17 44C21 46.5 25 47 29 47H71C75 47 79 46.5 83 44L92 37.7L84 41H16Z",
                ),
                ("tint", box(32, 35, 68, 38, 1.5)),
                ("edge", deck),
                ("cream", wheels),
                ("edge", wheels),
                ("slate", ellipse(28, 64, 5) + ellipse(72, 64, 5)),
            ),
            tilt=3,
        ),
        -14,
        64.7,
        31.1,
    )


def _surfboard() -> Drawing:
    board = "M48 0C61 16 69 36 69 56C69 74 64 88 59 95C56 99 40 99 37 95C32 88 27 74 27 56C27 36 35 16 48 0Z"
    fin = "M62 66C72 69 80 77 84 89C77 86 68 86 58 90Z"
    return slanted(
        Drawing(
            board + fin,
            (
                ("slate", fin),
                ("edge", fin),
                ("main", board),
                ("white", "M27.4 52L48 40L68.6 52L69 56L68.8 64L48 52L27.2 64L27 56Z"),
                ("tint", "M48 0C54 7.5 58.5 15 62 23H34C37.5 15 42 7.5 48 0Z"),
                ("edge", board),
                ("line", "M48 0V98"),
            ),
            faces=True,
            tilt=3,
        ),
        12,
    )


def _racket() -> Drawing:
    head, bed = ellipse(50, 25, 28, 34), ellipse(50, 25, 19.5, 25.5)
    throat = "M30 47H70L56 75V104C56 108 44 108 44 104V75Z"
    gap = "M41 61C47 59 53 59 59 61L51 73H49Z"
    strings = "M38 5V45M46 0V50M54 0V50M62 5V45M33 12H67M31 21H69M31 30H69M33 39H67"
    return slanted(
        Drawing(
            head + throat,
            (
                ("main", throat),
                ("white", gap),
                ("edge", gap),
                ("main", head),
                ("edge", "M70 49C64 56 57 59 50 59C43 59 36 56 30 49"),
                ("cream", bed),
                ("edge", bed),
                ("line", strings),
                ("ink", "M44 80H56V104C56 108 44 108 44 104Z"),
            ),
            tilt=4,
        ),
        40,
        45.8,
        46.9,
    )


SPORTS: dict[str, Drawing] = {
    "frisbee": _frisbee(),
    "skis": _skis(),
    "snowboard": _snowboard(),
    "sports ball": _ball(),
    "kite": _kite(),
    "baseball bat": _bat(),
    "baseball glove": _glove(),
    "skateboard": _skateboard(),
    "surfboard": _surfboard(),
    "tennis racket": _racket(),
}
