"""What one run takes above the idle process, and whether a hundred attempts take more than ten."""

from __future__ import annotations

import subprocess
import sys

_INSTANT = """
import asyncio, resource, sys, tempfile
from benchmarks import instant
from onbrief.pursuit import open_pursuit

async def go(images):
    with tempfile.TemporaryDirectory(dir=".") as out:
        async with open_pursuit(instant.order(out, images), instant.crew()) as pursuit:
            idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            async for event in pursuit.events():
                pass
    return idle

from PIL import Image
from onbrief import report
instant.picture()
idle = asyncio.run(go(int(sys.argv[1])))
print(idle, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
_SANDBOX = """
import asyncio, resource, sys, tempfile
from onbrief.brief import Brief
from onbrief.config import Settings
from onbrief.pursuit import Order, open_pursuit
import onbrief.sandbox.models

async def go(images):
    text = "three red circles above a blue square, without circles"
    with tempfile.TemporaryDirectory(dir=".") as out:
        settings = Settings(out=out, max_images=images, max_attempts=images)
        async with open_pursuit(Order(brief=Brief(text=text), settings=settings, run_id="memory")) as pursuit:
            idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            async for event in pursuit.events():
                pass
    return idle

idle = asyncio.run(go(int(sys.argv[1])))
print(idle, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def main() -> None:
    for name, program in (("models that answer at once", _INSTANT), ("sandbox", _SANDBOX)):
        for images in (10, 100):
            answer = subprocess.run(
                [sys.executable, "-c", program, str(images)], check=True, capture_output=True, text=True
            ).stdout.split()
            idle, peak = (int(kilobytes) / 1024 for kilobytes in answer)
            print(f"{name}, {images:3} attempts at 1024x1024: {peak - idle:5.1f} MB above {idle:.0f} MB")
