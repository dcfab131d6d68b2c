"""Parses the bodies of Stability's editing services into instructions for the painter."""

from __future__ import annotations

import re
from typing import Literal

from onbrief_sandbox.language.words import COLOUR_WORDS
from onbrief_sandbox.server.easel import Format
from onbrief_sandbox.server.form import Form
from onbrief_sandbox.server.images import MAX_PROMPT, MAX_SEED, STYLES, Order, drawn_seed
from onbrief_sandbox.server.originals import original

Service = Literal["search-replace", "search-recolor", "inpaint", "erase-object"]


def read(speaks: Service, form: Form) -> Order:
    """Parse a body.

    Raises:
        Refusal: the service does not accept the body.
    """
    image, size = original(form, "image")
    instruction, mask = "", b""
    match speaks:
        case "search-replace":
            wanted = _words(form, "prompt")
            instruction = f"replace the {_name(form, 'search_prompt')} with {wanted}"
        case "search-recolor":
            wanted = _words(form, "prompt")
            instruction = f"make the {_name(form, 'select_prompt')} {_colour(wanted)}"
        case "inpaint":
            instruction = _words(form, "prompt")
            mask, _ = original(form, "mask")
        case "erase-object":
            mask, _ = original(form, "mask")
    form.whole("grow_mask", 0, 20, default=5)
    seed = drawn_seed(form.whole("seed", 0, MAX_SEED, default=0))
    formats: tuple[Format, ...] = ("png", "jpeg", "webp")
    chosen = form.choice("output_format", formats, "png")
    negative = ""
    if speaks != "erase-object":
        negative = form.text("negative_prompt", most=MAX_PROMPT, default="")
        if form.has("style_preset"):
            form.choice("style_preset", STYLES)
    form.end()
    return Order(speaks, instruction, negative, size, (seed,), chosen, image, mask)


def _words(form: Form, name: str) -> str:
    return form.text(name, least=1, most=MAX_PROMPT)


def _name(form: Form, name: str) -> str:
    """Return the name of a thing, without an article."""
    return re.sub(r"^(the|an?)\s+", "", _words(form, name).strip(), flags=re.IGNORECASE)


def _colour(prompt: str) -> str:
    """Return the first colour that a prompt names, or the prompt itself if it names none."""
    named = (word for word in prompt.lower().replace(",", " ").replace(".", " ").split() if word in COLOUR_WORDS)
    return next(named, prompt)
