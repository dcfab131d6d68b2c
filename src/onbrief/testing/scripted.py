"""A crew whose every answer a test writes down, and the list of calls that its models accepted: the bill."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from onbrief.brief import Brief, Checklist, Requirement, Size
from onbrief.ports import ANY_PICTURE, History, Judged, Picture, PictureLimits, Planned, Revised
from onbrief.record import Finding, Prompt
from onbrief.studio import Crew


@dataclass(slots=True)
class Bill:
    """An append-only list of calls, in memory or in a file: each line is written and synced before the call is answered."""

    path: Path | None = None
    _lines: list[str] = field(default_factory=list[str])

    def add(self, line: str) -> None:
        if self.path is None:
            self._lines.append(line)
            return
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            os.write(descriptor, (line + "\n").encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    @property
    def lines(self) -> list[str]:
        if self.path is None:
            return list(self._lines)
        return self.path.read_text().splitlines() if self.path.exists() else []

    def of(self, kind: str) -> list[str]:
        return [line for line in self.lines if line.startswith(kind)]


def picture(seed: int, size: Size = (64, 64)) -> bytes:
    """A small PNG of two colours that the seed decides."""
    digest = hashlib.sha256(str(seed).encode()).digest()
    image = Image.new("RGB", size, (digest[0], digest[1], digest[2]))
    image.paste((255 - digest[0], 255 - digest[1], digest[3]), (0, 0, size[0] // 2, size[1] // 2))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


Answer = Callable[[int], bytes]
"""What the painter answers to its n-th call, from 0; or it raises."""


@dataclass(slots=True)
class Painter:
    bill: Bill
    answer: Answer | None = None
    price: float | None = 0.04
    gate: asyncio.Event | None = None
    name: str = "test:painter"
    calls: int = 0

    def check(self, size: Size) -> tuple[str, ...]:
        return ()

    async def generate(self, prompt: Prompt, size: Size, seed: int) -> Picture:
        self.bill.add(f"image {prompt.revision} {prompt.text} {seed}")
        number, self.calls = self.calls, self.calls + 1
        if self.gate:
            await self.gate.wait()
        return Picture(self.answer(number) if self.answer else picture(seed, size))


@dataclass(slots=True)
class Critic:
    """Answers its n-th call with the ids that are not met; `script` gives them, the last entry for ever after."""

    bill: Bill
    script: Sequence[set[str] | Exception]
    price: float | None = 0.006
    name: str = "test:critic"
    picture_limits: PictureLimits = ANY_PICTURE
    calls: int = 0

    async def judge(self, image: bytes, requirements: Sequence[Requirement]) -> Judged:
        self.bill.add(f"judge {hashlib.sha256(image).hexdigest()[:12]}")
        unmet = self.script[min(self.calls, len(self.script) - 1)]
        self.calls += 1
        if isinstance(unmet, Exception):
            raise unmet
        return Judged(
            tuple(
                Finding(r.id, "unmet" if r.id in unmet else "met", 0.02 if r.id in unmet else 0.98, "seen")
                for r in requirements
            )
        )


@dataclass(slots=True)
class Planner:
    bill: Bill
    texts: Sequence[str] = ("there is a circle", "the circle is red")
    price: float | None = 0.005
    name: str = "test:writer"

    async def checklist(self, brief: Brief) -> Planned:
        self.bill.add(f"plan {brief.text}")
        return Planned(tuple(Requirement(id=f"p{n}", text=text, kind="object") for n, text in enumerate(self.texts)))


@dataclass(slots=True)
class Writer:
    bill: Bill
    price: float | None = 0.005
    name: str = "test:writer"

    async def revise(self, brief: Brief, checklist: Checklist, revision: int, history: History) -> Revised:
        self.bill.add(f"revise {len(history)}")
        return Revised(f"{brief.text}, better {revision}", reason=f"{len(checklist.requirements)} to meet")


def crew(bill: Bill, *script: set[str] | Exception, answer: Answer | None = None, price: float | None = 0.04) -> Crew:
    """A crew whose judge answers by this script; every picture passes when there is none."""
    return Crew(
        planner=Planner(bill),
        image_model=Painter(bill, answer, price),
        judge=Critic(bill, script or (set(),)),
        reviser=Writer(bill),
    )
