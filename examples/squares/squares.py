"""A provider for onbrief: it draws one square, and judges it by its colour."""

import asyncio
import io
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from onbrief.attempt import Finding
from onbrief.brief import Brief, Checklist, Requirement, Size
from onbrief.errors import PictureError
from onbrief.ports import ANY_PICTURE, History, Judged, ListedModel, ModelName, Picture, Planned, Provider, Revised, Values
from onbrief.record import Prompt

COLOURS = {"red": (220, 20, 20), "green": (20, 160, 20), "blue": (20, 20, 220), "yellow": (240, 220, 20), "black": (0, 0, 0)}


def colours_in(text: str) -> list[str]:
    return [word for word in re.findall(r"[a-z]+", text.lower()) if word in COLOURS]


@dataclass(frozen=True)
class Squares:
    """The image model, the judge, the planner and the reviser."""

    name: str
    price: float | None = 0.0
    picture_limits = ANY_PICTURE

    def check(self, size: Size) -> tuple[str, ...]:
        return ()  # it draws every size

    async def generate(self, prompt: Prompt, size: Size, seed: int) -> Picture:
        chance, named = random.Random(f"{prompt.text} {seed}"), colours_in(prompt.text)
        colour = named[0] if named and chance.random() < 0.5 else chance.choice(list(COLOURS))  # image models make mistakes
        return Picture(await asyncio.to_thread(_draw, COLOURS[colour], size), {"colour": colour})

    async def judge(self, image: bytes, requirements: Sequence[Requirement]) -> Judged:
        seen = await asyncio.to_thread(_look, image)
        return Judged(tuple(_find(requirement, seen) for requirement in requirements))

    async def checklist(self, brief: Brief) -> Planned:
        named = [Requirement(id=c, text=f"the square is {c}", kind="attribute") for c in dict.fromkeys(colours_in(brief.text))]
        return Planned(tuple(named) or (Requirement(id="all", text=brief.text),))

    async def revise(self, brief: Brief, checklist: Checklist, revision: int, history: History) -> Revised:
        wanted = " and ".join(colours_in(" ".join(r.text for r in checklist.musts))) or "black"
        return Revised(f"one square, {wanted} all over, variant {revision}", reason=f"after {len(history)} prompts")


def _draw(colour: tuple[int, int, int], size: Size) -> bytes:
    image, out = Image.new("RGB", size, "white"), io.BytesIO()
    image.paste(colour, (size[0] // 4, size[1] // 4, 3 * size[0] // 4, 3 * size[1] // 4))
    image.save(out, "PNG")
    return out.getvalue()


def _look(data: bytes) -> str:
    try:
        image = Image.open(io.BytesIO(data)).convert("RGB")
    except OSError as error:
        raise PictureError(f"squares: no picture: {error}") from error
    middle = image.crop((image.width // 4, image.height // 4, 3 * image.width // 4, 3 * image.height // 4))
    pixel = middle.resize((1, 1)).tobytes()
    return min(COLOURS, key=lambda name: sum(abs(a - b) for a, b in zip(COLOURS[name], pixel, strict=True)))


def _find(requirement: Requirement, seen: str) -> Finding:
    if not (wanted := colours_in(requirement.text)):
        return Finding(requirement.id, "undecided", 0.5, "it names no colour")
    met = wanted == [seen]
    return Finding(requirement.id, "met" if met else "unmet", float(met), f"the square is {seen}")


def _named(name: ModelName, values: Values) -> Squares:
    name.require_options(())  # a name with options that mean nothing is refused
    return Squares(str(name))


PROVIDER = Provider(
    name="squares",
    image_model=_named,
    judge=_named,
    planner=_named,
    reviser=_named,
    defaults={"judge": "squares:", "reviser": "squares:"},
    models=lambda: [ListedModel("squares:", "image", "Squares", "active", None, "any size", 0.0)],
    notice="squares: an example of a provider; it draws one square",
)
