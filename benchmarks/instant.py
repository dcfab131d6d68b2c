"""Models that answer at once: what is left of a run's time is what onbrief adds."""

from __future__ import annotations

import io
import random
from collections import deque
from collections.abc import Sequence
from functools import cache

from PIL import Image

from onbrief.brief import Brief, Requirement
from onbrief.ports import Judged
from onbrief.pursuit import Order
from onbrief.settings import Settings
from onbrief.studio import Crew
from onbrief.testing import Bill, ScriptedImageModel, ScriptedJudge, ScriptedReviser

SIDE = 1024
NAME = "bench:instant"


class NoBill(Bill):
    def add(self, line: str) -> None:
        pass


class BlindJudge(ScriptedJudge):
    async def judge(self, image: bytes, requirements: Sequence[Requirement]) -> Judged:
        return await super().judge(b"", requirements)  # which hashes the picture for its bill


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


def crew() -> Crew:
    """Models that answer at once and keep nothing; the first must is never met."""
    return Crew(
        planner=None,
        image_model=ScriptedImageModel(NoBill(), lambda asked: picture(), 0.0, name=NAME, asked=deque(maxlen=0)),
        judge=BlindJudge(NoBill(), [{"r1"}], 0.0, name=NAME, asked=deque(maxlen=0)),
        reviser=ScriptedReviser(NoBill(), price=0.0, name=NAME, asked=deque(maxlen=0)),
    )


def order(out: str, images: int) -> Order:
    """So many attempts with one prompt."""
    requirements = tuple(Requirement(id=f"r{n}", text=f"statement {n}") for n in range(1, 6))
    settings = Settings(out=out, plan=False, policy="classic", max_images=images, max_attempts=images, max_prompts=1)
    return Order(brief=Brief(text="a brief", requirements=requirements, size=(SIDE, SIDE)), settings=settings)
