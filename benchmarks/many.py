"""What `onbrief judge` costs for each of many small pictures, with the sandbox's judge: it must not grow with their number."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from onbrief.brief import Brief
from onbrief.pursuit import Order, given_pictures, open_pursuit
from onbrief.settings import Settings

NUMBERS = (500, 2_000)


def paint(folder: Path, number: int) -> None:
    """Write different pictures of two colours, 64 by 64 pixels."""
    draw = random.Random(1)  # noqa: S311 - the same ones each time
    for n in range(number):
        ground, thing = (tuple(draw.randrange(256) for _ in range(3)) for _ in range(2))
        image = Image.new("RGB", (64, 64), ground)
        image.paste(thing, (draw.randrange(30), draw.randrange(30), 40, 50))
        image.save(folder / f"{n:04}.png")


async def judge(pictures: Path, out: Path) -> None:
    settings = Settings(out=str(out), image_model="sandbox:", judge="sandbox:", reviser="sandbox:")
    order = Order(brief=Brief(text="a red circle"), settings=settings, pictures=given_pictures(pictures)[0])
    async with open_pursuit(order) as pursuit:
        async for _ in pursuit.events():
            pass
        await pursuit.deliver()


def main() -> None:
    for number in NUMBERS:
        with TemporaryDirectory() as folder:
            pictures = Path(folder, "art")
            pictures.mkdir()
            paint(pictures, number)
            begun, cpu = time.perf_counter(), time.process_time()
            asyncio.run(judge(pictures, Path(folder, "runs")))
            seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
        print(
            f"  {number:5} pictures: {seconds:6.1f} s, {cpu:6.1f} s of CPU, {1000 * cpu / number:5.1f} ms of CPU each",
            flush=True,
        )


if __name__ == "__main__":
    main()
