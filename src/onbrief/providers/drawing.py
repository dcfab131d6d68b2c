"""What an image model of a catalogue is sent for a prompt, a size and a seed: one room for all providers.

What a model does not accept is left out or changed to the nearest allowed value, with a warning. A user's mistake is an error
that names what is allowed, before anything is sent.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from onbrief.brief import Size
from onbrief.errors import UsageError
from onbrief.ports import ModelName
from onbrief.providers import sizes
from onbrief.providers.catalogue import ImageModelFacts, Option, Value
from onbrief.record import Prompt

_SAME = 0.04  # shapes this near count as equal; the models' actual sizes differ this much from their nominal ratios
_WEIGHT = re.compile(r"\(([^():]*[^():\s\d])\s*:\s*\d*\.?\d+\)")  # not (16:9) or (at 12:30)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is sent for one picture. `shape` is a size in pixels, or an aspect ratio if the model takes these. `seed` is None if
    the model takes none. `options` are by their names in requests. `warnings` say what differs from what was asked for.
    """

    text: str
    negative: str
    shape: Size | str
    seed: int | None
    options: Mapping[str, Value]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chosen:
    """A model of a catalogue with the options that a user chose for it; the keys of `options` are the names that users give."""

    facts: ImageModelFacts
    options: Mapping[str, Value]
    left_out: tuple[str, ...] = ()

    @classmethod
    def of(cls, name: ModelName, facts: ImageModelFacts, own: Collection[str], others: Collection[str] = ()) -> Chosen:
        """Return the choice in a model's name. `own` are options of the provider, which it reads itself; `others` are those of
        its other models, which are left out with a warning.

        Raises:
            UsageError: an option is unknown, or a value is not allowed.
        """
        name.require_options([*sorted({*facts.options, *others}), *own])
        taken = {option: value for option, rule in facts.options.items() if (value := _value(name, option, rule)) is not None}
        left_out = tuple(f"{o}={v}" for o, v in name.options.items() if o not in own and o not in facts.options)
        return cls(facts, taken, left_out)

    def price(self, size: Size | None = None) -> float | None:
        """Return the most that a picture of this size, by default of any size, costs in US dollars; None if it is unknown."""
        shape = self.shape(size) if size else None
        return self.facts.price(self.options, shape if isinstance(shape, tuple) else size)

    def check(self, size: Size) -> tuple[str, ...]:
        """Return warnings about what the model drops or changes for pictures of this size; see ports.ImageModel."""
        facts, width_height = self.facts, f"{size[0]}x{size[1]}"
        warnings = [f"{facts.title} does not take {option}: it is left out" for option in self.left_out]
        shape = self.shape(size)
        if isinstance(shape, str):
            if sizes.distance(shape, size) > _SAME:
                warnings.append(f"{facts.title} makes pictures of {shape}, the nearest that it supports to {width_height}")
        elif shape != size:
            made = f"{shape[0]}x{shape[1]}"
            warnings.append(f"{facts.title} makes pictures of {made}, the nearest that it supports to {width_height}")
        if facts.seeds is None:
            warnings.append(f"{facts.title} takes no seed: the same prompt gives another picture each time")
        if facts.ended:
            warnings.append(f"{facts.title} ended on {facts.ended}: it may be refused")
        return tuple(warnings)

    def drawn(self, prompt: Prompt, size: Size, seed: int) -> Drawn:
        """Return what is sent for a picture, and a warning for each difference from what was asked for."""
        facts, warnings = self.facts, list[str]()
        text, negative = prompt.text, prompt.negative
        if not facts.weights:
            text, negative = _without_weights(text), _without_weights(negative)
            if (text, negative) != (prompt.text, prompt.negative):
                warnings.append(f"{facts.title} takes no weights such as (word:1.2): only their words are sent")
        text = cut(facts.title, "prompt", text, facts.prompt, warnings)
        if negative and not facts.negative:
            warnings.append(f"{facts.title} takes no negative text: it is left out")
            negative = ""
        negative = cut(facts.title, "negative text", negative, facts.negative, warnings)
        sent = None if facts.seeds is None else seed_in(facts.title, facts.seeds, seed, warnings)
        options = {facts.options[name].key: value for name, value in self.options.items()}
        return Drawn(text, negative, self.shape(size), sent, options, tuple(warnings))

    def shape(self, size: Size) -> Size | str:
        """Return the nearest aspect ratio or size that the model supports."""
        facts = self.facts
        if facts.aspect_ratios:
            return sizes.nearest_aspect(size, facts.aspect_ratios)
        if facts.grid:
            return sizes.on_grid(size, facts.grid)
        return sizes.nearest_size(size, facts.sizes) if facts.sizes else size


def find(name: ModelName, models: Mapping[str, ImageModelFacts], model: str = "") -> ImageModelFacts:
    """Return the model of a catalogue with this name, or with the id `model`, if it is written otherwise in the name.

    Raises:
        UsageError: there is none; the message has the nearest names, or all if none is near.
    """
    wanted = model or name.model
    if wanted in models:
        return models[wanted]
    near = get_close_matches(wanted, models, 3, 0.6)
    near += [other for other in models if wanted and other not in near and other.rpartition("/")[2].startswith(wanted)]
    known = " ".join(f"{name.provider}:{identifier}" for identifier in near or models)
    raise UsageError.of(name.setting, str(name), f"one of {known}")


def cut(title: str, what: str, text: str, most: int, warnings: list[str]) -> str:
    """Return the text, cut between words with a warning if it has more characters than the model takes."""
    if len(text) <= most:
        return text
    warnings.append(f"{title} takes a {what} of {most} characters: the rest of {len(text)} is left out")
    start = text[: most + 1].rpartition(" ")[0].rstrip()
    return start or text[:most]


def seed_in(title: str, seeds: tuple[int, int], seed: int, warnings: list[str]) -> int:
    """Return the seed, or with a warning another one in the range that the model takes."""
    least, most = seeds
    if least <= seed <= most:
        return seed
    sent = least + (seed - least) % (most - least + 1)
    warnings.append(f"{title} takes seeds from {least} to {most}: it is sent {sent} instead of {seed}")
    return sent


def _value(name: ModelName, option: str, rule: Option) -> Value | None:
    given = name.options.get(option)
    if given is None:
        return rule.default
    value = rule.read(given)
    if value is None:
        raise UsageError.of(f"{option} in {name.setting}", given, rule.allowed)
    return value


def _without_weights(text: str) -> str:
    return _WEIGHT.sub(r"\1", text)
