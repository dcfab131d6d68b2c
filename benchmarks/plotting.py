"""Draws the share of briefs that passed as a function of the images spent: one panel for each set of briefs and model."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.runs import Played, rows

_COLOURS = {
    "classic": "#8a8f98",
    "former": "#c47f17",
    "adaptive": "#1668c4",
    "without_repair": "#7fb2ea",
    "plain": "#c9ccd1",
    "oracle": "#1d8348",
    "foreseeing": "#82c99b",
}
_OTHER = "#7a4fa3"
_WIDE, _HIGH = 300, 190  # of a panel, in pixels, with its margins
_LEFT, _TOP, _RIGHT, _BOTTOM = 36, 26, 8, 26
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def curve(runs: Sequence[Played], limit: int) -> list[float]:
    """The share of runs that passed within 0, 1, 2 … images, up to the limit."""
    return [sum(run.passed and run.images <= images for run in runs) / len(runs) for images in range(limit + 1)]


def plot(runs: Sequence[Played]) -> str:
    """An SVG of the runs with the largest limit of images."""
    limit = max(run.limit for run in runs)
    found = {row: some for row, some in rows(runs).items() if row[2] == limit}
    sets, models = list(dict.fromkeys(row[0] for row in found)), list(dict.fromkeys(row[1] for row in found))
    policies = [name for name in dict.fromkeys(row[3] for row in found) if name != "in_time"]
    width, height = max(_WIDE * len(sets), _LEFT + 110 * len(policies)), _HIGH * len(models) + 24
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="10" fill="#333">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for row, model in enumerate(models):
        for column, name in enumerate(sets):
            curves = {p: curve(found[name, model, limit, p], limit) for p in policies if (name, model, limit, p) in found}
            parts += _panel(f"{name}, {model}", curves, limit, column * _WIDE, row * _HIGH)
    for number, policy in enumerate(policies):
        x, y = _LEFT + number * 110, height - 10
        parts.append(f'<path d="M{x} {y - 3}h16" stroke="{_COLOURS.get(policy, _OTHER)}" stroke-width="2"/>')
        parts.append(f'<text x="{x + 20}" y="{y}">{policy.replace("_", " ")}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _panel(title: str, curves: dict[str, list[float]], limit: int, left: float, top: float) -> list[str]:
    wide, high = _WIDE - _LEFT - _RIGHT, _HIGH - _TOP - _BOTTOM
    x0, y0 = left + _LEFT, top + _TOP + high
    parts = [f'<text x="{x0}" y="{top + 16}" font-weight="bold">{title}</text>']
    for share in _TICKS:
        y = y0 - share * high
        parts.append(f'<path d="M{x0} {y:.1f}h{wide}" stroke="#e6e8eb"/>')
        parts.append(f'<text x="{x0 - 5}" y="{y + 3:.1f}" text-anchor="end">{share:.2f}</text>')
    parts += [
        f'<text x="{x0 + images / limit * wide:.1f}" y="{y0 + 14}" text-anchor="middle">{images}</text>'
        for images in range(0, limit + 1, 5)
    ]
    for policy, shares in curves.items():
        points = " ".join(f"{x0 + n / limit * wide:.1f},{y0 - share * high:.1f}" for n, share in enumerate(shares))
        colour = _COLOURS.get(policy, _OTHER)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
    return parts
