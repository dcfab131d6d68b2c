"""What lies on a table and in a kitchen drawer."""

from __future__ import annotations

from onbrief.sandbox.painting.drawings.drawing import Drawing
from onbrief.sandbox.painting.drawings.paths import box

_CUP = "M10 20H72V74C72 84 65 90 56 90H26C17 90 10 84 10 74Z"
_HANDLE = "M70 32H79C90 32 96 40 96 50C96 64 86 72 70 73Z"

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
}  # fmt: skip
