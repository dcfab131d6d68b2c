"""Drawings of household things."""

from __future__ import annotations

from onbrief_sandbox.painting.drawings.drawing import Drawing
from onbrief_sandbox.painting.drawings.paths import around, box, ellipse
from onbrief_sandbox.painting.drawings.slanting import slanted
from onbrief_sandbox.painting.drawings.turning import turned


def _book() -> Drawing:
    cover, block = box(15, 6, 85, 76, 4), box(15, 60, 85, 91, 8) + box(60, 60, 85, 91)
    foot = "M15 72V80C15 88 19 91 25 91H85V86H27C24 86 22 84 22 82C22 80 24 78 27 78H85V72Z"
    ribbon = "M60 86H70V97L65 92L60 97Z"
    return slanted(
        Drawing(
            cover + block + ribbon,
            (
                ("cream", block),
                ("deep", foot),
                ("line", "M30 82H82"),
                ("gold", ribbon),
                ("edge", ribbon + foot),
                ("main", cover),
                ("shade", "M19 6H27V76H19A4 4 0 0 1 15 72V10A4 4 0 0 1 19 6Z"),
                ("edge", cover),
                ("line", "M27 6V76"),
                ("cream", box(38, 18, 74, 40, 3)),
                ("line", box(38, 18, 74, 40, 3) + "M45 26H67M48 33H64"),
            ),
            faces=True,
            tilt=3,
        ),
        11,
        50,
        56,
    )


def _clock() -> Drawing:
    body = ellipse(50, 56, 38)
    feet = turned(box(24, 82, 34, 100, 4), 24, 29, 91) + turned(box(66, 82, 76, 100, 4), -24, 71, 91)
    bells = "M6 33C2 24 5 14 13 9C21 4 32 5 38 13Z" + "M62 13C68 5 79 4 87 9C95 14 98 24 94 33Z"
    hammer = box(46, 6, 54, 22, 2) + box(41, 2, 59, 10, 4)
    stems = turned(box(46, 8, 54, 24), -32, 50, 56) + turned(box(46, 8, 54, 24), 32, 50, 56)
    ticks = "".join(
        f"M{a:.2f} {b:.2f}L{c:.2f} {d:.2f}" for (a, b), (c, d) in zip(around(12, 23, y=56), around(12, 19.5, y=56), strict=True)
    )
    return Drawing(
        body + feet + bells + hammer + stems,
        (
            ("slate", feet + hammer + stems),
            ("edge", feet + hammer + stems),
            ("main", bells),
            ("edge", bells),
            ("main", body),
            ("shade", "M81.5 35A38 38 0 0 1 31 89A46 46 0 0 0 81.5 35Z"),
            ("edge", body),
            ("white", ellipse(50, 56, 26)),
            ("edge", ellipse(50, 56, 26) + ticks),
            ("ink", turned(box(47.5, 37, 52.5, 58, 2), 0, 50, 56) + turned(box(47.5, 42, 52.5, 58, 2), 115, 50, 56)),
            ("ink", ellipse(50, 56, 4)),
        ),
        tilt=3,
    )


def _vase() -> Drawing:
    body = (
        "M32 2H68C70 2 71 4 70 6C68 12 64 16 64 24C64 32 82 38 82 58C82 76 70 82 66 88L68 98H32L34 88C30 82 18 76 18 58"
        "C18 38 36 32 36 24C36 16 32 12 30 6C29 4 30 2 32 2Z"
    )
    handles = "M64 17C82 12 95 24 92 40C90 48 86 54 80 58L60 50V17ZM36 17L40 12V50L20 58C14 54 10 48 8 40C5 24 18 12 36 17Z"
    gaps = (
        "M66 26C76 23 84 29 83 37C82 41 81 44 79 46C77 38 68 34 66 26Z"
        "M34 26C24 23 16 29 17 37C18 41 19 44 21 46C23 38 32 34 34 26Z"
    )
    return Drawing(
        body + handles,
        (
            ("shade", handles),
            ("white", gaps),
            ("edge", gaps),
            ("main", body),
            ("edge", body),
            ("cream", "M18.2 54H81.8L82 58C82 62 81.4 65 80.4 68H19.6C18.6 65 18 62 18 58Z"),
            ("line", "M18.2 54H81.8M19.6 68H80.4M22 64L30 57L38 65L46 57L54 65L62 57L70 65L78 58"),
            ("tint", box(41, 8, 45, 24, 2) + "M30 44C33 41 36 39 38 37L41 40C38 42 36 45 34 48H28Z"),
            ("deep", "M34 88H66L68 98H32Z"),
            ("line", "M34 88H66"),
        ),
        tilt=3,
    )


def _scissors() -> Drawing:
    layers: list[tuple[str, str]] = []
    outline = ""
    for lean, flip in ((-26, False), (26, True)):
        blade = "M45 56V8C45 0 49 -4 55 -6V56Z" if flip else "M45 56V-6C51 -4 55 0 55 8V56Z"
        ring, hole = ellipse(50, 84, 15.5, 17), ellipse(50, 84, 7, 8.5)
        arm = box(44, 48, 56, 74)
        parts = (
            ("steel", blade),
            ("edge", blade),
            ("main", arm + ring),
            ("edge", ring),
            ("main", arm),
            ("white", hole),
            ("edge", hole),
        )
        layers += [(role, turned(path, lean, 50, 52)) for role, path in parts]
        outline += "".join(turned(path, lean, 50, 52) for path in (blade, ring, arm))
    return Drawing(
        outline + ellipse(50, 65, 8),
        (*layers, ("main", ellipse(50, 65, 8)), ("slate", ellipse(50, 52, 6)), ("edge", ellipse(50, 52, 6))),
        tilt=4,
    )


def _hair_drier() -> Drawing:
    barrel = "M24 8H66C84 8 96 18 96 33C96 48 84 58 66 58H24Z"
    nozzle = "M4 14L24 18V48L4 52Z"
    grip = "M46 50H72L67 84C66 88 64 90 60 90H50C46 90 44 88 44 84Z"
    cord = "M52.5 82H58V88C58 92 60 93 63 93H82V98.5H62C56 98.5 52.5 95 52.5 90Z"
    return Drawing(
        barrel + nozzle + grip + cord,
        (
            ("slate", cord),
            ("edge", cord),
            ("shade", grip),
            ("edge", grip),
            ("ink", nozzle),
            ("main", barrel),
            ("tint", box(34, 15, 60, 21, 3)),
            ("edge", barrel),
            ("line", "M31 8V58"),
            ("slate", ellipse(74, 33, 14)),
            ("edge", ellipse(74, 33, 14) + "M66 26H82M63 33H85M66 40H82"),
            ("cream", box(51, 64, 61, 78, 3)),
            ("edge", box(51, 64, 61, 78, 3)),
        ),
        faces=True,
        tilt=4,
    )


def _toothbrush() -> Drawing:
    handle = (
        "M-9 53C-9 48 -5 45 0 45H44C50 45 54 41 62 41H100C107 41 111 45 111 51C111 57 107 61 100 61H62C54 61 50 60 44 60H0"
        "C-5 60 -9 58 -9 53Z"
    )
    bristles = "M-4 48L-6 28H2L4 31L7 28H12L15 31L18 28H23L26 31L28 28H36L34 48Z"
    return slanted(
        Drawing(
            handle + bristles,
            (
                ("white", bristles),
                ("edge", bristles + "M4 33V46M15 33V46M26 33V46"),
                ("main", handle),
                ("shade", "M-8.5 55H44C50 55 54 56 62 56H110C108 59 105 61 100 61H62C54 61 50 60 44 60H0C-5 60 -8 58 -8.5 55Z"),
                ("tint", box(66, 45, 98, 49, 2)),
                ("edge", handle),
            ),
            tilt=4,
        ),
        42,
        44.8,
        52,
    )


def _bottle() -> Drawing:
    glass = "M41 14H59V28C59 36 72 40 72 54V90C72 95 69 98 64 98H36C31 98 28 95 28 90V54C28 40 41 36 41 28Z"
    cap = box(38, 2, 62, 16, 3)
    label = box(28, 58, 72, 82)
    return Drawing(
        glass + cap,
        (
            ("main", glass),
            ("shade", "M64 42C69 45 72 49 72 54V90C72 95 69 98 64 98H54C60 98 63 95 63 90Z"),
            ("cream", label),
            ("line", "M28 58H72M28 82H72"),
            ("deep", ellipse(50, 70, 7)),
            ("tint", box(34, 48, 39, 56, 2.5) + box(44, 20, 48, 32, 2)),
            ("slate", cap),
            ("edge", cap),
        ),
        tilt=3,
    )


def _potted_plant() -> Drawing:
    leaves = (
        "M50 62C58 44 76 35 94 37C86 55 66 64 50 62Z",
        "M50 62C34 64 14 55 6 37C24 35 42 44 50 62Z",
        "M50 60C49 38 62 20 81 13C82 37 68 54 50 60Z",
        "M50 60C32 54 18 37 19 13C38 20 51 38 50 60Z",
        "M50 60C40 46 39 22 50 1C61 22 60 46 50 60Z",
    )
    pot, rim = "M19 58H81L73 94C72 97 71 98 68 98H32C29 98 28 97 27 94Z", box(11, 48, 89, 65, 4)
    return Drawing(
        "".join(leaves) + pot + rim,
        (
            *((role, leaf) for leaf in leaves for role in ("leaf", "edge")),
            ("edge", "M50 18V48M28 25L42 44M72 25L58 44"),
            ("main", pot),
            ("shade", "M66 65H79.5L73 94C72 97 71 98 68 98H58Z"),
            ("edge", pot),
            ("main", rim),
            ("tint", box(18, 53, 40, 58, 2.5)),
            ("edge", rim),
        ),
        tilt=3,
    )


HOUSEHOLD: dict[str, Drawing] = {
    "book": _book(),
    "clock": _clock(),
    "vase": _vase(),
    "scissors": _scissors(),
    "hair drier": _hair_drier(),
    "toothbrush": _toothbrush(),
    "bottle": _bottle(),
    "potted plant": _potted_plant(),
}
