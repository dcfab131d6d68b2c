"""Drawings of tableware."""

from __future__ import annotations

from onbrief_sandbox.painting.drawings.drawing import Drawing
from onbrief_sandbox.painting.drawings.paths import box, ellipse
from onbrief_sandbox.painting.drawings.turning import turned

_CUP = "M10 20H72V74C72 84 65 90 56 90H26C17 90 10 84 10 74Z"
_HANDLE = "M70 32H79C90 32 96 40 96 50C96 64 86 72 70 73Z"


def _wine_glass() -> Drawing:
    bowl = "M26 2H74C79 24 78 54 56 63H44C22 54 21 24 26 2Z"
    foot = "M24 97C24 89 44 92 46.5 84V60H53.5V84C56 92 76 89 76 97Z"
    return Drawing(
        bowl + foot,
        (
            ("tint", foot),
            ("main", bowl),
            ("glass", "M26 2H74C75 7 75.5 11 75.8 16H24.2C24.5 11 25 7 26 2Z"),
            ("line", "M24.2 16H75.8M44 63H56"),
            ("shade", "M75.8 16C76.5 36 72 57 56 63H44C40 61 37 59 34 56C56 56 64 36 64 16Z"),
            ("tint", box(31, 23, 36, 42, 2.5)),
        ),
        tilt=4,
    )


def _fork() -> Drawing:
    tines = "".join(box(x - 5, 0, x + 5, 42, 5) for x in (33, 50, 67))
    head = "M28 32H72V42C72 56 59 57 57.5 66L58 103A8 8 0 0 1 42 103L42.5 66C41 57 28 56 28 42Z"
    return Drawing(
        turned(tines + head, 38),
        (
            ("main", turned(tines + head, 38)),
            ("shade", turned("M72 32V42C72 56 59 57 57.5 66L58 103A8 8 0 0 1 50 111V62C60 54 62 46 62 32Z", 38)),
            ("tint", turned(box(45, 74, 49, 102, 2), 38)),
        ),
        tilt=3,
    )


def _knife() -> Drawing:
    blade = "M64 -10V60H34C30 28 40 -2 64 -10Z"
    handle = "M43 56H64V102A7 7 0 0 1 57 109H52A7 7 0 0 1 45 102Z"
    return Drawing(
        turned(blade + handle, 42),
        (
            ("slate", turned(handle, 42)),
            ("steel", turned(ellipse(54, 73, 3.2) + ellipse(54, 95, 3.2), 42)),
            ("main", turned(blade, 42)),
            ("tint", turned("M64 -10C40 -2 30 28 34 60H41C38 32 46 6 64 -10Z", 42)),
            ("edge", turned("M34 60H64", 42)),
        ),
        tilt=3,
    )


def _spoon() -> Drawing:
    head = ellipse(50, 20, 23, 28)
    stem = "M46 40H54L58 101A8 8 0 0 1 42 101Z"
    return Drawing(
        turned(head + stem, -38),
        (
            ("main", turned(head + stem, -38)),
            ("shade", turned(ellipse(50, 20, 15.5, 20), -38)),
            ("tint", turned(ellipse(47, 23, 10, 14), -38)),
        ),
        tilt=3,
    )


def _bowl() -> Drawing:
    rim = ellipse(50, 35, 48, 15)
    body = "M98 35C98 62 80 75 69 79V89H31V79C20 75 2 62 2 35Z"
    return Drawing(
        rim + body,
        (
            ("main", body),
            ("shade", "M98 35C98 62 80 75 69 79V89H31V82C64 80 80 66 84 44Z"),
            ("tint", "M6 52C30 63 70 63 94 52L90 60C70 71 30 71 10 60Z"),
            ("main", rim),
            ("line", rim),
            ("deep", ellipse(50, 36, 38, 9)),
        ),
        tilt=3,
    )


KITCHEN: dict[str, Drawing] = {
    "cup": Drawing(
        _CUP + _HANDLE,
        (
            ("main", _HANDLE),
            ("edge", _HANDLE),
            ("white", "M74 42H78C84 42 87 45 87 50C87 58 82 62 74 63Z"),
            ("edge", "M74 42H78C84 42 87 45 87 50C87 58 82 62 74 63Z"),
            ("main", _CUP),
            ("shade", "M60 20H72V74C72 84 65 90 56 90H46C56 88 60 82 60 74Z"),
            ("tint", box(17, 34, 23, 66, 3)),
            ("deep", box(10, 20, 72, 27)),
        ),
        faces=True,
        tilt=3,
    ),
    "wine glass": _wine_glass(),
    "fork": _fork(),
    "knife": _knife(),
    "spoon": _spoon(),
    "bowl": _bowl(),
}  # fmt: skip
