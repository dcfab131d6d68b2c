"""Make the rows of `onbrief models` for the image models of a catalogue: one room for all providers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from onbrief.ports import ListedModel, Recovery
from onbrief.providers.catalogue import ImageModelFacts


def image_rows(
    provider: str, models: Mapping[str, ImageModelFacts], as_of: str, recovery: Recovery | Literal[""] = ""
) -> list[ListedModel]:
    """Return a row for each image model of a provider whose lost pictures can be found in this way."""
    return [_row(provider, facts, as_of, recovery) for facts in models.values()]


def _row(provider: str, facts: ImageModelFacts, as_of: str, recovery: Recovery | Literal[""]) -> ListedModel:
    shapes = _shapes(facts)
    options = f"; options {' '.join(facts.options)}" if facts.options else ""
    return ListedModel(
        f"{provider}:{facts.id}",
        "image",
        facts.title,
        facts.state,
        facts.ended.isoformat() if facts.ended else None,
        f"prompts of {facts.prompt} characters; {shapes}{options}",
        facts.price({}),
        as_of=as_of,
        sizes=shapes,
        edits=facts.edits,
        recovery=recovery,
    )


def _shapes(facts: ImageModelFacts) -> str:
    """Describe the shapes that an image model makes."""
    if facts.grid:
        grid = facts.grid
        return f"sides of {grid.low} to {grid.high} pixels in steps of {grid.step}, up to {grid.ratio:g}:1"
    if facts.aspect_ratios:
        return "aspect ratios " + " ".join(facts.aspect_ratios)
    return "sizes " + " ".join(f"{width}x{height}" for width, height in facts.sizes) if facts.sizes else "any size"
