"""The page: one self-contained HTML document without a script; and the card, a fragment of one for notebooks."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from onbrief.record import Run
from onbrief.report import formatting
from onbrief.report.story import tell
from onbrief.report.thumbnails import Thumbnail, copy

_CARD_COPY = (360, 40_000)
_BEST_COPY = (880, 120_000)
_FRAME_COPIES = ((12, 560, 42_000), (24, 480, 28_000), (96, 400, 20_000), (math.inf, 240, 8_000))
"""Up to so many attempts: the longest side in pixels, and about how many bytes. A dozen stays under a megabyte."""
_NONE: Mapping[str, Thumbnail] = {}


def frame(data: bytes) -> Thumbnail | None:
    """The copy of a picture that a page shows of it, as long as there are few; None when the bytes are no usable picture."""
    _, longest, size = _FRAME_COPIES[0]
    return copy(data, longest, size)


def page(run: Run, pictures: Mapping[str, bytes], copies: Mapping[str, Thumbnail] = _NONE) -> str:
    """The report of a run, finished or not, as one HTML page.

    `pictures` holds the bytes of stored pictures by `image.key`; one that is missing shows a placeholder. `copies` are those
    made by `frame` before, by the same keys. The page needs nothing beside it and loads nothing; its links lead to the full
    pictures in the same folder.
    """
    story = tell(run)
    longest, size = next((side, size) for most, side, size in _FRAME_COPIES if len(run.attempts) <= most)
    style = _text("page.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        _templates()
        .get_template("page.html")
        .render(
            story=story,
            run=run,
            copies=_copies(run, pictures, copies, longest, size),
            best_copy=_best_copy(run, pictures, *_BEST_COPY),
            started=formatting.moment(run.started),
            ended=formatting.moment(run.ended or ""),
            style=Markup(style),  # noqa: S704 # our own file
            style_hash=digest,
        )
    )


def card(run: Run, pictures: Mapping[str, bytes]) -> str:
    """The outcome, the best picture and what it misses, as a small HTML fragment for a notebook's `_repr_html_`.

    It brings its own styles as attributes and takes its text colour from around it, so that it reads in dark notebooks.
    """
    best = _best_copy(run, pictures, *_CARD_COPY)
    return _templates().get_template("card.html").render(story=tell(run), run=run, best_copy=best)


def _copies(
    run: Run, pictures: Mapping[str, bytes], made: Mapping[str, Thumbnail], longest: int, size: int
) -> dict[str, Thumbnail]:
    """A copy of each picture; one after the other, so that only one is ever decoded."""
    copies: dict[str, Thumbnail] = {}
    for key in (attempt.image.key for attempt in run.attempts if attempt.image):
        ready = made.get(key)
        if ready is None or max(ready.width, ready.height) > longest:
            data = ready.data if ready else pictures.get(key)
            ready = copy(data, longest, size) if data else None
        if ready:
            copies[key] = ready
    return copies


def _best_copy(run: Run, pictures: Mapping[str, bytes], longest: int, size: int) -> Thumbnail | None:
    image = run.best.image if run.best else None
    data = pictures.get(image.key) if image else None
    return copy(data, longest, size) if data else None


def _words(text: str, at_most: int | None = None) -> Markup:
    """Text from data as an element of its own: isolated, with its own direction and language."""
    return Markup('<bdi lang="{}">{}</bdi>').format(formatting.language(text), formatting.shown(text, at_most))


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_text), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    filters: dict[str, Any] = {
        "words": _words,
        "shown": formatting.shown,
        "money": formatting.money,
        "duration": formatting.duration,
        "counted": formatting.counted,
        "clock": formatting.clock,
    }
    environment.filters.update(filters)
    return environment


def _text(name: str) -> str:
    return files("onbrief.report").joinpath(name).read_text("utf-8")
