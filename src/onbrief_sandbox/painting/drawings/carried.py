"""Drawings of things that people wear and carry."""

from __future__ import annotations

from onbrief_sandbox.painting.drawings.drawing import Drawing
from onbrief_sandbox.painting.drawings.paths import box, ellipse


def _backpack() -> Drawing:
    body = "M22 96C18 96 16 94 16 90V46C16 26 30 14 50 14C70 14 84 26 84 46V90C84 94 82 96 78 96Z"
    loop, gap = "M36 20V10C36 4 39 1 45 1H55C61 1 64 4 64 10V20Z", "M43 16V11C43 9 44 8 46 8H54C56 8 57 9 57 11V16Z"
    pockets = box(5, 56, 24, 92, 6) + box(76, 56, 95, 92, 6)
    return Drawing(
        body + loop + pockets,
        (
            ("slate", loop),
            ("edge", loop),
            ("white", gap),
            ("edge", gap),
            ("main", pockets),
            ("edge", pockets),
            ("main", body),
            ("edge", body),
            ("tint", "M28 46C28 32 36 25 50 25C64 25 72 32 72 46Z"),
            ("line", "M28 46C28 32 36 25 50 25C64 25 72 32 72 46Z"),
            ("shade", box(27, 58, 73, 90, 6)),
            ("line", box(27, 58, 73, 90, 6) + "M27 68H73"),
            ("gold", box(45, 64, 55, 77, 2)),
            ("edge", box(45, 64, 55, 77, 2)),
        ),
        tilt=3,
    )


def _umbrella() -> Drawing:
    canopy = (
        "M50 9C77 9 97 27 98 54C94 48 88 46 82 46C75 46 70 49 66 54C62 48 57 46 50 46C43 46 38 48 34 54"
        "C30 49 25 46 18 46C12 46 6 48 2 54C3 27 23 9 50 9Z"
    )
    tip = box(47.5, 1, 52.5, 14, 2.5)
    stick = "M47 44H53V86C53 94 47 99 39 99C31 99 26 93 26 86V84H33V86C33 90 35 92 39 92C44 92 47 90 47 85Z"
    return Drawing(
        canopy + tip + stick,
        (
            ("wood", stick + tip),
            ("edge", stick),
            ("main", canopy),
            ("tint", "M50 9C41 17 34 33 34 54C30 49 25 46 18 46C19 29 30 14 50 9Z"),
            ("shade", "M50 9C70 14 81 29 82 46C75 46 70 49 66 54C66 33 59 17 50 9Z"),
            ("edge", canopy),
            ("line", "M50 9C41 17 34 33 34 54M50 9C59 17 66 33 66 54M50 9C30 14 19 29 18 46M50 9C70 14 81 29 82 46"),
        ),
        faces=True,
        tilt=5,
    )


def _handbag() -> Drawing:
    body = "M20 44H80L95 90C96 94 94 97 90 97H10C6 97 4 94 5 90Z"
    handle = "M24 50V32C24 13 34 3 50 3C66 3 76 13 76 32V50Z"
    gap = "M33 44V32C33 19 39 12 50 12C61 12 67 19 67 32V44Z"
    flap = "M20 44H80L84 57C78 68 64 72 50 72C36 72 22 68 16 57Z"
    return Drawing(
        body + handle,
        (
            ("main", handle),
            ("white", gap),
            ("edge", gap),
            ("main", body),
            ("edge", body),
            ("tint", flap),
            ("line", flap),
            ("shade", "M7 86H93L95 90C96 94 94 97 90 97H10C6 97 4 94 5 90Z"),
            ("gold", box(43, 65, 57, 79, 3)),
            ("edge", box(43, 65, 57, 79, 3) + ellipse(50, 72, 1.5)),
        ),
        tilt=3,
    )


def _tie() -> Drawing:
    knot, blade = "M34 2H66C67 10 64 19 59 26H41C36 19 33 10 34 2Z", "M41 26H59L71 77L50 99L29 77Z"
    return Drawing(
        knot + blade,
        (
            ("main", blade),
            (
                "shade",
                "M38.6 36.5L63 42L65 52L36 46.5ZM34 56.5L68 64L70.5 74.5L31.5 66.5ZM29 77L62.5 86L54.5 94.5L36 84.5Z",
            ),
            ("edge", blade),
            ("main", knot),
            ("tint", "M34 2H50L41 26C36 19 33 10 34 2Z"),
            ("edge", knot),
        ),
        tilt=3,
    )


def _suitcase() -> Drawing:
    case, feet = box(2, 26, 98, 92, 8), box(14, 88, 28, 98, 3) + box(72, 88, 86, 98, 3)
    handle, gap = "M32 30V16C32 10 35 7 41 7H59C65 7 68 10 68 16V30Z", "M40 26V18C40 16 41 15 43 15H57C59 15 60 16 60 18V26Z"
    straps = box(20, 26, 32, 92) + box(68, 26, 80, 92)
    return Drawing(
        case + feet + handle,
        (
            ("ink", feet),
            ("slate", handle),
            ("edge", handle),
            ("white", gap),
            ("edge", gap),
            ("main", case),
            ("shade", "M2 80H98V84A8 8 0 0 1 90 92H10A8 8 0 0 1 2 84Z"),
            ("edge", case),
            ("deep", straps),
            ("line", straps),
            ("gold", box(18, 44, 34, 58, 3) + box(66, 44, 82, 58, 3)),
            ("edge", box(18, 44, 34, 58, 3) + box(66, 44, 82, 58, 3)),
            ("tint", box(39, 40, 61, 46, 3)),
        ),
        tilt=3,
    )


CARRIED: dict[str, Drawing] = {
    "backpack": _backpack(),
    "umbrella": _umbrella(),
    "handbag": _handbag(),
    "tie": _tie(),
    "suitcase": _suitcase(),
}
