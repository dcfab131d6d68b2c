"""The page of a batch: all its runs, to be sorted, filtered, searched and seen side by side. One HTML document.

It has no library and fetches nothing: its rows are in it, as JSON that its script reads, and the first of them as HTML, so that
something is seen at once, and also without the script. Thumbnails, pictures and reports are links relative to the page, from a
folder as from a website; only a page of few rows has its thumbnails in it, so that it can be sent to someone by itself.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from markupsafe import Markup

from onbrief.report import formatting
from onbrief.report.formatting import counted, duration, language, money, shown
from onbrief.report.templates import digest, templates, text_of
from onbrief.report.thumbnails import Thumbnail
from onbrief.results import STATES, Result, ResultState, Summary

_FIRST = 60  # rows that are HTML, if thumbnails are not: what a large window shows at first
_TEXT, _REASON, _REQUIREMENT, _REQUIREMENTS, _NAME = 1_000, 600, 240, 16, 120  # characters, and how many requirements

_WORDS: Final[Mapping[ResultState, tuple[str, str, str]]] = {
    "passed": ("Passed", "Passed", "met"),
    "unmet": ("Unmet", "No picture met every requirement", "unmet"),
    "over_budget": ("Over budget", "Over budget", "stop"),
    "blocked": ("Blocked", "Blocked by the provider", "stop"),
    "unknown": ("Unknown", "Outcome unknown", "undecided"),
    "failed": ("Failed", "Stopped by an error", "failed"),
    "cancelled": ("Cancelled", "Cancelled", "stop"),
    "invalid": ("Not a brief", "Not a brief", "blank"),
}
"""For each outcome: its name, what a row says, and its sign."""

_ORDER: Final[tuple[ResultState, ...]] = (
    "passed", "unmet", "blocked", "failed", "over_budget", "unknown", "cancelled", "invalid",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One row as the page shows it: all texts are safe to display, and all paths are percent-encoded and relative."""

    n: int
    id: str
    number: int
    state: ResultState
    says: str
    sign: str
    text: str
    language: str
    reason: str
    unmet: tuple[str, ...]
    reserved: tuple[str, ...]
    model: str
    images: str
    cost: str
    took: str
    picture: str
    width: int
    height: int
    thumbnail: str
    report: str

    @property
    def why(self) -> str:
        """What a row says about a brief that has no picture without a doubt."""
        wanting = self.unmet if self.state == "unmet" else self.reserved if self.state == "passed" else ()
        if not wanting:
            return "" if self.state == "passed" else self.reason
        return wanting[0] + (f", and {len(wanting) - 1} more" if len(wanting) > 1 else "")

    @property
    def alt(self) -> str:
        """The words for the picture."""
        return f"Best picture of {self.id}: {self.says}. {shown(self.text, 140)}"


def index(results: Sequence[Result], summary: Summary, thumbnails: Mapping[str, bytes] | None = None) -> str:
    """Write the page of a batch.

    `thumbnails` holds small copies of pictures as WebP by the `thumbnail` of the results. They are embedded in the page; the
    others are linked to. Only a batch of few rows should have them, or the page becomes large.
    """
    small = thumbnails or {}
    lines = [_line(n, result, small) for n, result in enumerate(results)]
    models = {model: n for n, model in enumerate(dict.fromkeys(line.model for line in lines if line.model))}
    first = lines if small else lines[:_FIRST]
    style, script = text_of("look.css", "index.css"), text_of("index.js")
    return (
        templates()
        .get_template("index.html")
        .render(
            summary=summary,
            lines=first,
            blank=_BLANK,
            total=len(lines),
            outcomes=[(state, *_WORDS[state], count) for state in _ORDER if (count := summary.outcomes.get(state, 0))],
            models=[(name, n, (known.briefs if (known := summary.models.get(name)) else 0)) for name, n in models.items()],
            most_usd=usd if isinstance(usd := summary.limits.get("max_total_usd"), int | float) else None,
            started=formatting.moment(summary.started),
            ended=formatting.moment(summary.ended or ""),
            data=_json(_columns(lines, results, models, embedded=len(first) if small else 0)),
            style=Markup(style),  # noqa: S704 # a file of this package
            style_hash=digest(style),
            script=Markup(script),  # noqa: S704 # a file of this package
            script_hash=digest(script),
        )
    )


def _line(n: int, result: Result, thumbnails: Mapping[str, bytes]) -> Line:
    data = thumbnails.get(result.thumbnail) if result.thumbnail else None
    _, says, sign = _WORDS[result.outcome]
    if result.outcome == "passed" and result.reserved:
        says, sign = f"Passed with {counted(len(result.reserved), 'reservation')}", "borderline"
    elif result.outcome == "unmet" and result.unmet:
        says = f"Unmet: {counted(len(result.unmet), 'requirement')}"
    text = shown(result.text, _TEXT)
    return Line(
        n=n,
        id=shown(result.id, _NAME) or f"row {result.number}",
        number=result.number,
        state=result.outcome,
        says=says,
        sign=sign,
        text=text,
        language=language(text),
        reason=shown(result.reason, _REASON),
        unmet=tuple(shown(text, _REQUIREMENT) for text in result.unmet[:_REQUIREMENTS]),
        reserved=tuple(shown(text, _REQUIREMENT) for text in result.reserved[:_REQUIREMENTS]),
        model=shown(result.model, _NAME),
        images=counted(result.images, "picture") if result.run_id else "",
        cost=money(result.usd) if result.run_id else "",
        took=duration(result.seconds) if result.run_id else "",
        picture=_path(result.picture),
        width=result.width,
        height=result.height,
        thumbnail=Thumbnail(data, 0, 0).uri if data else _path(result.thumbnail),
        report=_path(result.report),
    )


def _path(key: str) -> str:
    """Return the address of a key, relative to the page: no part of it can be taken for a scheme, a query or another host."""
    return quote(key.encode("utf-8", "surrogatepass").lstrip(b"/"), safe="/")


def _columns(
    lines: Sequence[Line], results: Sequence[Result], models: Mapping[str, int], *, embedded: int
) -> dict[str, object]:
    """Return what the script needs of all rows, column by column. A path below the run's own folder is written without it, and
    as 1 if it is the one that most runs have; others begin with "./". The first `embedded` rows have their thumbnails in the
    HTML: 2 stands for them.
    """
    says = {pair: n for n, pair in enumerate(dict.fromkeys((line.says, line.sign) for line in lines))}
    folders = [_path(result.run_id) for result in results]
    pairs = list(zip(lines, folders, strict=True))
    return {
        "states": STATES,
        "models": list(models),
        "says": [list(pair) for pair in says],
        "id": [line.id for line in lines],
        "state": [STATES.index(line.state) for line in lines],
        "said": [says[line.says, line.sign] for line in lines],
        "text": [line.text for line in lines],
        "language": {line.n: line.language for line in lines if line.language},
        "reason": [line.reason for line in lines],
        "unmet": {line.n: line.unmet for line in lines if line.unmet},
        "reserved": {line.n: line.reserved for line in lines if line.reserved},
        "why": [line.why for line in lines],
        "model": [models.get(line.model, -1) for line in lines],
        "number": [result.number for result in results],
        "images": [result.images for result in results],
        "usd": [_finite(result.usd) if result.run_id else None for result in results],
        "cost": [line.cost for line in lines],
        "seconds": [_finite(result.seconds) for result in results],
        "took": [line.took for line in lines],
        "ended": [result.ended for result in results],
        "folder": folders,
        "picture": [_short(line.picture, folder) for line, folder in pairs],
        "width": [line.width for line in lines],
        "height": [line.height for line in lines],
        "thumbnail": [
            2 if line.n < embedded and line.thumbnail else _short(line.thumbnail, folder, "thumbnail.webp")
            for line, folder in pairs
        ],
        "report": [_short(line.report, folder, "report.html") for line, folder in pairs],
    }


def _short(path: str, folder: str, usual: str = "") -> str | int:
    if not path:
        return ""
    if not folder or not path.startswith(f"{folder}/"):
        return f"./{path}"
    name = path.removeprefix(f"{folder}/")
    return 1 if name == usual else name


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def _json(data: object) -> Markup:
    """Return JSON that is safe in a script element: nothing in it can end the element or begin a comment."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704 # escaped here


_BLANK: Final = Line(
    n=0, id="", number=0, state="passed", says="", sign="met", text="", language="", reason="", unmet=(), reserved=(), model="",
    images="", cost="", took="", picture="", width=1, height=1, thumbnail="", report="",
)  # fmt: skip
