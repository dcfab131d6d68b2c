"""Models that answer at once: what is left of a run's time is what onbrief adds.

They serve earlier versions of onbrief too (see before.py), so only names are imported that those have.
"""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from PIL import Image

from onbrief import ports
from onbrief.brief import Brief, Checklist, Requirement, Size
from onbrief.config import Settings
from onbrief.ports import History, Judged, Picture, Revised
from onbrief.pursuit import Order
from onbrief.record import Finding, Prompt
from onbrief.studio import Crew

SIDE = 1024
ANY_PICTURE: Any = getattr(ports, "ANY_PICTURE", None)


@cache
def picture() -> bytes:
    """A PNG of 1024×1024 pixels and about 1.5 MB: smooth, with as much noise as a generated picture has."""
    noise = random.Random(0)  # noqa: S311
    image = Image.linear_gradient("L").resize((SIDE, SIDE)).convert("RGB")
    grain = Image.frombytes("L", (SIDE, SIDE), bytes(noise.choices(range(8), k=SIDE * SIDE)))
    image = Image.merge("RGB", [Image.blend(band, grain, 0.3) for band in image.split()])
    rough = Image.frombytes("RGB", (SIDE, SIDE * 3 // 8), noise.randbytes(SIDE * SIDE * 3 // 8 * 3))
    image.paste(rough, (0, SIDE // 2))
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=6)
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class InstantPainter:
    name: str = "bench:instant"
    price: float | None = 0.0

    def check(self, size: Size) -> tuple[str, ...]:
        return ()

    async def generate(self, prompt: Prompt, size: Size, seed: int) -> Picture:
        return Picture(picture())


@dataclass(frozen=True, slots=True)
class InstantCritic:
    """Says no to the first must, each time."""

    name: str = "bench:instant"
    price: float | None = 0.0
    picture_limits: Any = ANY_PICTURE

    async def judge(self, image: bytes, requirements: Sequence[Requirement]) -> Judged:
        no = Finding(requirements[0].id, "unmet", 0.1, "as always")
        return Judged((no, *(Finding(r.id, "met", 0.9, "as always") for r in requirements[1:])))


@dataclass(frozen=True, slots=True)
class InstantWriter:
    name: str = "bench:instant"
    price: float | None = 0.0

    async def revise(self, brief: Brief, checklist: Checklist, revision: int, history: History) -> Revised:
        return Revised(f"{brief.text}, prompt {revision}")


def crew() -> Crew:
    return Crew(planner=None, image_model=InstantPainter(), judge=InstantCritic(), reviser=InstantWriter())


def order(out: str, images: int) -> Order:
    """So many attempts with one prompt."""
    requirements = tuple(Requirement(id=f"r{n}", text=f"statement {n}") for n in range(1, 6))
    settings = Settings(out=out, plan=False, policy="classic", max_images=images, max_attempts=images, max_prompts=1)
    return Order(brief=Brief(text="a brief", requirements=requirements, size=(SIDE, SIDE)), settings=settings)
