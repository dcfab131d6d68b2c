"""The card, which replaces things without a drawing, and the banner for words."""

from __future__ import annotations

from onbrief_sandbox.painting.drawings.drawing import Drawing
from onbrief_sandbox.painting.drawings.paths import box, ellipse

CARD = "card"

CARD_DRAWING = Drawing(
    box(1, 15, 99, 85, 8),
    (
        ("main", box(1, 15, 99, 85, 8)),
        ("shade", box(1, 30, 99, 32)),
        ("cream", box(6, 32, 94, 80, 4)),
        ("cream", ellipse(50, 23, 3)),
    ),
    tilt=0,
)

CARD_FACE = (8.0, 34.0, 92.0, 78.0)
"""Left, top, right and bottom of the area for the lettering of a card."""


def banner(width: float, height: float) -> Drawing:
    """Return a ribbon with forked ends of this size, around (0, 0)."""
    x, y, tail = width / 2, height / 2, height * 0.3
    face = box(-x + 1.6 * tail, -y, x - 1.6 * tail, y - height * 0.14)
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
