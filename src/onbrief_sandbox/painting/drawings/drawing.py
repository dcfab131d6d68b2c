"""How a thing is drawn: like a sticker, with a pure white halo, an outline in ink, and flat fills.

The halo separates it from any background, so that even a white circle on white can be recognised.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from onbrief_sandbox.painting.palette import CREAM, HALO, INK, RGB, css, luma, mix


@dataclass(frozen=True, slots=True)
class Drawing:
    """`outline` is the path around the whole drawing; `layers` are pairs of a role (see `roles`) or colour and a path to fill.

    The paths of the roles "line" and "edge" are stroked instead. `faces`: the drawing faces one side and may be mirrored.
    `tilt`: the largest lean, in degrees.
    """

    outline: str
    layers: tuple[tuple[str, str], ...]
    faces: bool = False
    tilt: float = 5.0


def roles(main: RGB) -> dict[str, str]:
    """Return the colour of each role for a thing of this main colour."""
    dark = luma(main) < 70
    return {
        "main": css(main),
        "shade": css(mix(main, INK, 0.2) if not dark else mix(main, INK, 0.75)),
        "tint": css(mix(main, (255, 255, 255), 0.38 if not dark else 0.24)),
        "deep": css(mix(main, INK, 0.42)) if not dark else css((92, 90, 104)),
        "line": css(INK) if not dark else css((122, 120, 134)),
        "mark": css(INK) if not dark else css((122, 120, 134)),
        "ink": css(INK),
        "edge": css(INK),
        "cream": css(CREAM),
        "white": css((253, 252, 250)),
        "glass": css((192, 226, 240)),
        "wood": css((150, 104, 68)),
        "leaf": css((92, 158, 88)),
        "gold": css((250, 206, 84)),
        "ruby": css((214, 66, 62)),
        "steel": css((196, 200, 208)),
        "slate": css((94, 92, 118)),
        "skin": css((240, 196, 160)),
        "hair": css((92, 62, 50)),
        "denim": css((82, 100, 140)),
    }


def symbol(drawing: Drawing, main: RGB, pen: float, halo: float, variant: Mapping[str, str] | None = None) -> str:
    """Return SVG of the drawing. `pen` and `halo` are widths in its units; `variant` overrides the colours of some roles."""
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
