"""The numbers from world.toml, which states the source of each."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Literal, cast, get_args

Model = Literal["modern", "sdxl"]
"""The two image models: `modern`, the default, has the error rates reported for GPT Image 1, `sdxl` those for SDXL."""

MODELS: tuple[Model, ...] = get_args(Model)

_NUMBERS = tomllib.loads(files("onbrief_sandbox").joinpath("world.toml").read_text("utf-8"))

PUBLISHED = cast("dict[Model, dict[str, float]]", _NUMBERS["published"])
"""Published pass rates on the plain GenEval prompts, by task, and their mean; the base values are fitted to them."""

BASE = cast("dict[Model, dict[str, float]]", _NUMBERS["base"])
BRIEF_SD = cast("float", _NUMBERS["brief"]["sd"])
BRIEF_DRAWN_FROM = cast("str", _NUMBERS["brief"]["drawn_from"])
WORDING_SD = cast("float", _NUMBERS["wording"]["sd"])
GAIN = cast("list[float]", _NUMBERS["emphasis"]["gain"])
FIRST_WORDS = cast("int", _NUMBERS["emphasis"]["first_words"])
INTERFERENCE = cast("dict[str, float]", _NUMBERS["interference"])
FORM = cast("float", _NUMBERS["form"]["gain"])
FAULT = cast("dict[str, float]", _NUMBERS["fault"])
MOST = int(FAULT["most"])
EDIT = cast("dict[str, float]", _NUMBERS["edit"])
