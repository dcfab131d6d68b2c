"""The memory that large pictures take, in a process of its own. Linux only, as the kernel's own figure of the peak is."""

from __future__ import annotations

import subprocess
import sys

import pytest

MEGAPIXELS = 6
MEASURE = """
import io, sys, threading
from pathlib import Path
from PIL import Image
from onbrief import report
from onbrief.pictures import PictureFile
from onbrief.ports import ANY_PICTURE

def resident(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024

mode, form, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
picture = Image.linear_gradient("L").resize((3000, 2000)).convert(mode)
if mode == "RGBA":
    picture.putalpha(picture.getchannel("R"))
file = io.BytesIO()
picture.save(file, form)
del picture
report.frame_thumbnail(b"")

def work():
    picture = PictureFile(file.getvalue())
    picture.inspected(ANY_PICTURE)
    picture.judge_copy(ANY_PICTURE)
    assert report.frame_thumbnail(file.getvalue())

Path("/proc/self/clear_refs").write_text("5")
idle = resident("VmRSS")
workers = [threading.Thread(target=work) for _ in range(threads)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
print(resident("VmHWM") - idle)
"""


@pytest.mark.parametrize(("mode", "form", "bytes_a_pixel"), [("RGBA", "PNG", 28), ("RGB", "JPEG", 22), ("RGB", "WEBP", 50)])
def test_four_large_pictures_at_a_time_take_little_more_than_one(mode: str, form: str, bytes_a_pixel: int) -> None:
    command = [sys.executable, "-c", MEASURE, mode, form, "4"]
    measured = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert float(measured) < MEGAPIXELS * bytes_a_pixel
