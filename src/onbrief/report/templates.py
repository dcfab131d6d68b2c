"""The templates of pages: their environment, their texts, and the hashes by which a page allows its own style and script."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup, escape

from onbrief.report import formatting
from onbrief.report.changes import Piece, changes, excerpt


@cache
def text_of(*names: str) -> str:
    """Return the texts of these files of the package, one after the other."""
    return "".join(files("onbrief.report").joinpath(name).read_text("utf-8") for name in names)


@cache
def digest(text: str) -> str:
    """Return the sha256 of a style or a script, as a Content-Security-Policy names it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def templates() -> Environment:
    """Return the environment of all templates."""
    environment = Environment(
        loader=FunctionLoader(text_of), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    filters: dict[str, Any] = {
        "words": _words,
        "tongue": _tongue,
        "changes": _changes,
        "excerpt": excerpt,
        "shown": formatting.shown,
        "money": formatting.money,
        "duration": formatting.duration,
        "counted": formatting.counted,
        "clock": formatting.clock,
    }
    environment.filters.update(filters)
    return environment


def _changes(text: str, former: str | None) -> tuple[Piece, ...]:
    """Compare a text with the one before it; without one, or with little in common, all of it is the same."""
    text = formatting.shown(text)
    compared = changes(formatting.shown(former), text) if former is not None else None
    return (Piece("same", text),) if compared is None else compared


def _tongue(text: str) -> Markup:
    """Return the attributes of an element that holds only this text: its language, and its own direction."""
    return Markup(f'lang="{formatting.language(text)}" dir="auto"')  # noqa: S704 # Markup.format takes ten times as long


def _words(text: str, at_most: int | None = None) -> Markup:
    """Wrap text from data in a separate element, isolated and with its own direction and language."""
    shown = escape(formatting.shown(text, at_most))
    return Markup(f'<bdi lang="{formatting.language(text)}">{shown}</bdi>')  # noqa: S704 # escaped
