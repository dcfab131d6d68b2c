"""Rotates drawings that are defined upright and shown at a slant."""

from __future__ import annotations

from dataclasses import replace

from onbrief_sandbox.painting.drawings.drawing import Drawing
from onbrief_sandbox.painting.drawings.turning import turned


def slanted(drawing: Drawing, degrees: float, x: float = 50, y: float = 50) -> Drawing:
    """Return the drawing rotated clockwise around (x, y)."""
    layers = tuple((role, turned(path, degrees, x, y)) for role, path in drawing.layers)
    return replace(drawing, outline=turned(drawing.outline, degrees, x, y), layers=layers)
