"""Rotates SVG paths."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

_TOKEN = re.compile(r"[MLHVCQAZmlhvcqaz]|-?\d*\.?\d+")
_NUMBERS = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "Q": 4, "A": 7, "Z": 0}


def turned(path: str, degrees: float, x: float = 50, y: float = 50) -> str:
    """Return the path rotated clockwise around (x, y). It may use all commands except S and T."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    at = start = (0.0, 0.0)
    parts: list[str] = []
    for command, numbers in _commands(path):
        kind = command.upper()
        base = at if command.islower() else (0.0, 0.0)
        if kind == "Z":
            at = start
            parts.append("Z")
            continue
        if kind == "H":
            points = [(base[0] + numbers[0], at[1])]
        elif kind == "V":
            points = [(at[0], base[1] + numbers[0])]
        else:
            pairs = numbers[5:] if kind == "A" else numbers
            points = [(base[0] + a, base[1] + b) for a, b in zip(pairs[::2], pairs[1::2], strict=True)]
        at = points[-1]
        start = at if kind == "M" else start
        moved = [(x + (a - x) * cos - (b - y) * sin, y + (a - x) * sin + (b - y) * cos) for a, b in points]
        arc = f"{numbers[0]:g} {numbers[1]:g} {numbers[2] + degrees:g} {numbers[3]:g} {numbers[4]:g} " if kind == "A" else ""
        parts.append(("L" if kind in {"H", "V"} else kind) + arc + " ".join(f"{a:.2f} {b:.2f}" for a, b in moved))
    return "".join(parts)


def _commands(path: str) -> Iterator[tuple[str, list[float]]]:
    """Yield the path's commands with their numbers. Extra numbers repeat the command."""
    tokens: list[str] = _TOKEN.findall(path)
    i, command = 0, ""
    while i < len(tokens):
        if tokens[i].isalpha():
            command, i = tokens[i], i + 1
        count = _NUMBERS[command.upper()]
        yield command, [float(number) for number in tokens[i : i + count]]
        i += count
        command = {"M": "L", "m": "l"}.get(command, command)
