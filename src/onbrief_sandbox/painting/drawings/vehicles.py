"""Drawings of vehicles."""

from __future__ import annotations

from onbrief_sandbox.painting.drawings.drawing import Drawing
from onbrief_sandbox.painting.drawings.paths import bar, box, ellipse, polygon, smooth

_CAR = "M4 72V56C4 50 8 47 13 46L25 43L36 26C38 23 41 22 45 22H66C70 22 73 23 76 27L86 42C93 43 97 47 97 54V72Z"
_HULL = "M4 66H96C93 82 84 94 76 94H24C16 94 7 82 4 66Z"
_SAIL = "M51 6L90 58H51Z"
_JIB = "M47 14V58H14Z"


def _wheel(x: float, y: float, r: float) -> tuple[tuple[str, str], ...]:
    return ("ink", ellipse(x, y, r)), ("steel", ellipse(x, y, 0.5 * r))


def _bicycle() -> Drawing:
    """The wheels and the frame are filled with white, because drawings must not have holes."""
    wheels = ((21, 66), (79, 66))
    rims = "".join(ellipse(*hub, 21) for hub in wheels)
    inner = "".join(ellipse(*hub, 13.5) for hub in wheels)
    seat, head, crank = (39, 30), (68, 27), (48, 67)
    frame = (
        bar(*seat, *crank, 6)
        + bar(*crank, 70, 36, 6)
        + bar(40, 37, 69, 35, 6)
        + bar(41, 40, *wheels[0], 5.5)
        + bar(*wheels[0], *crank, 5.5)
        + bar(*head, *wheels[1], 6)
    )
    within = polygon((40, 37), (69, 35), crank, wheels[0])
    pedal = bar(*crank, 50, 53, 4.5) + bar(45, 52, 55, 52, 5)
    saddle = smooth((27, 24), (38, 26), (50, 24), (50, 30), (40, 33), (28, 32))
    handle = bar(66, 20, 68, 28, 5) + bar(66, 19, 78, 17, 5.5) + bar(78, 17, 82, 22, 5.5)
    return Drawing(
        rims + frame + within + saddle + handle + ellipse(*crank, 7.5),
        (
            ("white", within),
            ("main", rims),
            ("white", inner),
            ("edge", inner),
            ("line", "".join(f"M{x - 13} {y}H{x + 13}M{x} {y - 13}V{y + 13}" for x, y in wheels)),
            ("main", frame),
            ("slate", saddle + handle),
            ("edge", saddle + handle),
            ("slate", ellipse(*crank, 7.5)),
            ("edge", ellipse(*crank, 7.5)),
            ("ink", pedal),
            ("steel", "".join(ellipse(*hub, 4) for hub in wheels)),
        ),
        faces=True,
        tilt=3,
    )


def _motorcycle() -> Drawing:
    tyres = ellipse(20, 72, 19) + ellipse(80, 72, 19)
    fork = bar(21, 71, 36, 30, 7)
    fairing = smooth((22, 26), (36, 20), (40, 34), (40, 34), (54, 32), (62, 40), (60, 62), (46, 76), (34, 68), (24, 44))
    rear = smooth((54, 44), (70, 42), (86, 32), (98, 28), (98, 28), (95, 42), (84, 50), (72, 62), (54, 66))
    fender = smooth((4, 64), (8, 49), (24, 46), (38, 56), (41, 68), (34, 66), (22, 57), (10, 58))
    screen = smooth((24, 26), (28, 12), (34, 8), (38, 12), (40, 24))
    bars = bar(37, 22, 48, 16, 6)
    seat = smooth((56, 41), (66, 40), (84, 30), (84, 30), (86, 38), (72, 48), (58, 48))
    engine = box(40, 58, 64, 82, 5)
    pipe = bar(52, 79, 90, 84, 8)
    return Drawing(
        tyres + fork + fairing + rear + fender + screen + bars + seat + engine + pipe,
        (
            ("slate", tyres),
            ("edge", tyres),
            ("cream", ellipse(20, 72, 9.5) + ellipse(80, 72, 9.5)),
            ("edge", ellipse(20, 72, 9.5) + ellipse(80, 72, 9.5)),
            ("steel", fork),
            ("edge", fork),
            ("slate", bars + engine),
            ("edge", bars),
            ("steel", pipe),
            ("edge", pipe),
            ("glass", screen),
            ("edge", screen),
            ("main", rear),
            ("main", fender),
            ("main", fairing),
            ("line", rear + fender + fairing),
            ("shade", smooth((36, 52), (58, 54), (58, 62), (46, 75), (35, 68))),
            ("ink", seat),
            ("gold", ellipse(29, 33, 6)),
            ("edge", ellipse(29, 33, 6)),
        ),
        faces=True,
        tilt=3,
    )


def _airplane() -> Drawing:
    """Climbs to the left."""
    hull = smooth((2, 62), (8, 50), (24, 42), (60, 33), (88, 25), (97, 27), (94, 36), (70, 53), (34, 68), (10, 70))
    fin = "M72 34L86 5H97L95 32L84 40Z"
    wing = "M38 58L60 50L82 84L80 90L70 89Z"
    far = "M42 41L41 16L46 13L52 16L56 37Z"
    stabiliser = "M80 40L92 33L99 46L92 48Z"
    window = "".join(ellipse(x, y, 3.1) for x, y in ((34, 50), (45, 46.6), (56, 43.2), (67, 39.8)))
    return Drawing(
        hull + fin + wing + far + stabiliser,
        (
            ("shade", far),
            ("line", far),
            ("shade", fin),
            ("line", fin),
            ("main", hull),
            ("tint", smooth((4, 64), (30, 60), (60, 49), (93, 33), (92, 38), (70, 53), (34, 68), (10, 70))),
            ("glass", smooth((7, 54), (14, 46), (22, 44), (22, 51), (14, 55))),
            ("edge", smooth((7, 54), (14, 46), (22, 44), (22, 51), (14, 55))),
            ("white", window),
            ("edge", window),
            ("main", wing),
            ("line", wing),
            ("shade", "M72 78L78.6 78L82 84L80 90L70 89L67 84Z"),
            ("line", "M72 78L78.6 78M67 84L69 84"),
            ("main", stabiliser),
            ("line", stabiliser),
        ),
        faces=True,
        tilt=4,
    )


def _bus() -> Drawing:
    """A double-decker with a bonnet below the upper deck; a plain box on wheels would look like a stove."""
    body = "M2 48V14A7 7 0 0 1 9 7H90A7 7 0 0 1 97 14V87H2V69A5 5 0 0 1 7 64H15V48Z"
    wheels = ((26, 85, 11), (74, 85, 11))
    upper = box(9, 16, 30, 35, 3) + box(36, 16, 60, 35, 3) + box(66, 16, 90, 35, 3)
    lower = "M15 50H30V66H15Z" + box(37, 50, 51, 66, 2) + box(57, 50, 71, 66, 2)
    door = box(78, 50, 97, 82)
    return Drawing(
        body + "".join(ellipse(*w) for w in wheels),
        (
            ("main", body),
            ("tint", box(2, 40, 97, 45)),
            ("shade", "M2 78H97V87H2Z"),
            ("glass", upper + lower),
            ("edge", upper + lower),
            ("deep", door),
            ("line", door + "M91 50V74"),
            ("gold", ellipse(8, 73, 4)),
            ("edge", ellipse(8, 73, 4)),
            *(layer for wheel in wheels for layer in _wheel(*wheel)),
        ),
        faces=True,
        tilt=2,
    )


def _train() -> Drawing:
    """A steam engine."""
    boiler = box(16, 36, 66, 70, 10)
    cab = box(58, 16, 94, 78, 2)
    roof = box(53, 9, 99, 19, 4)
    chimney = "M22 40V22L17 10H41L36 22V40Z"
    dome = "M46 38V32A6.5 6.5 0 0 1 59 32V38Z"
    frame = box(10, 68, 96, 80, 2)
    plough = "M14 70V90H0L8 70Z"
    lamp, rod = ellipse(16, 49, 5), bar(28, 84, 79, 84, 4)
    wheels = ((28, 84, 10), (51, 84, 10), (79, 80, 14))
    return Drawing(
        boiler + cab + roof + chimney + dome + frame + plough + lamp + rod + "".join(ellipse(*w) for w in wheels),
        (
            ("slate", chimney),
            ("edge", chimney),
            ("gold", dome),
            ("edge", dome),
            ("main", cab),
            ("line", cab),
            ("main", boiler),
            ("shade", "M16 58H66V70H26A10 10 0 0 1 16 60Z"),
            ("tint", box(24, 41, 54, 46, 2.5)),
            ("line", boiler + "M32 36V70M50 36V70"),
            ("glass", box(65, 27, 87, 47, 2)),
            ("edge", box(65, 27, 87, 47, 2)),
            ("slate", roof + plough),
            ("edge", roof + plough + "M9 76V88"),
            ("shade", frame),
            ("edge", frame),
            ("gold", lamp),
            ("edge", lamp),
            *(layer for wheel in wheels for layer in _wheel(*wheel)),
            ("steel", rod),
            ("edge", rod),
        ),
        faces=True,
        tilt=2,
    )


def _truck() -> Drawing:
    """A cab with a bonnet, and a higher box behind it."""
    load = box(37, 14, 98, 74, 3)
    cab = smooth(
        (2, 76), (2, 76), (3, 56), (10, 52), (16, 50), (16, 50), (20, 34), (25, 31), (41, 31), (41, 31), (41, 76), (41, 76)
    )
    chassis = box(2, 68, 98, 79, 2)
    window = "M20 50L24 37H34V50Z"
    wheels = ((20, 78, 11), (63, 78, 11), (86, 78, 11))
    return Drawing(
        load + cab + chassis + "".join(ellipse(*w) for w in wheels),
        (
            ("slate", chassis),
            ("edge", chassis),
            ("main", load),
            ("shade", "M37 65H98V71A3 3 0 0 1 95 74H40A3 3 0 0 1 37 71Z"),
            ("line", load),
            ("white", box(46, 26, 90, 54, 3)),
            ("edge", box(46, 26, 90, 54, 3)),
            (
                "gold",
                polygon(
                    (68, 29.5),
                    (71.2, 36),
                    (78.4, 37),
                    (73.2, 42),
                    (74.4, 49.2),
                    (68, 45.8),
                    (61.6, 49.2),
                    (62.8, 42),
                    (57.6, 37),
                    (64.8, 36),
                ),
            ),
            ("main", cab),
            ("line", cab + "M38 54V66M30 56H34"),
            ("glass", window),
            ("edge", window),
            ("gold", ellipse(7, 62, 4)),
            ("edge", ellipse(7, 62, 4)),
            *(layer for wheel in wheels for layer in _wheel(*wheel)),
        ),
        faces=True,
        tilt=2,
    )


VEHICLES: dict[str, Drawing] = {
    "car": Drawing(
        _CAR + ellipse(26, 70, 12.5) + ellipse(75, 70, 12.5),
        (
            ("main", _CAR),
            ("shade", "M4 72V63H97V72Z"),
            ("glass", "M32 43L41 30C42 28.5 44 28 46 28H52V43Z" + "M57 28H65C68 28 70 29 71.5 31L79 43H57Z"),
            ("line", "M32 43L41 30C42 28.5 44 28 46 28H52V43Z" + "M57 28H65C68 28 70 29 71.5 31L79 43H57ZM54.5 46V62M59 50H64"),
            ("gold", ellipse(9, 55, 3.6, 3)),
            ("ink", ellipse(26, 70, 12.5) + ellipse(75, 70, 12.5)),
            ("steel", ellipse(26, 70, 6.2) + ellipse(75, 70, 6.2)),
        ),
        faces=True,
        tilt=2,
    ),
    "boat": Drawing(
        _HULL + _SAIL + _JIB + box(46.5, 4, 51.5, 68),
        (
            ("wood", box(46.5, 4, 51.5, 68)),
            ("white", _SAIL),
            ("main", _JIB),
            ("edge", _SAIL + _JIB),
            ("main", _HULL),
            ("shade", "M12 84C15 90 19 94 24 94H76C81 94 85 90 88 84Z"),
            ("tint", box(10, 69, 90, 73, 2)),
            ("edge", "M4 66H96"),
        ),
        faces=True,
        tilt=4,
    ),
    "bicycle": _bicycle(),
    "motorcycle": _motorcycle(),
    "airplane": _airplane(),
    "bus": _bus(),
    "train": _train(),
    "truck": _truck(),
}  # fmt: skip
