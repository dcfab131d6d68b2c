"""The contracts of image models and editors for servers with the API of AUTOMATIC1111's web UI, over real HTTP."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from onbrief.ports import ImageModel
from tests.contract.test_editor import IMPOSSIBLE
from tests.providers.over_http import PAID_FAULTS, Editors, ImageModels

FAULTS = [fault for fault in PAID_FAULTS if fault.does != "filtered"]  # its filter answers with a black picture


class TestImageModel(ImageModels):
    named = "dreamshaper_8"
    faults = FAULTS
    at = "txt2img"
    cut = 20
    size = (512, 512)
    sizes = ((512, 512), (500, 700), (64, 64))

    def failing(self) -> Generator[ImageModel]:
        yield from super().failing()
        for fault in FAULTS:  # also where it is asked for its checkpoints
            if fault.does != "empty":
                self.service.script.now(replace(fault, operation="a1111.sd-models", byte=min(fault.byte, self.cut)))
                yield self.model()


class TestEditor(Editors):
    named = "sd-v1-5-inpainting"
    faults = FAULTS
    at = "img2img"
    masked = True
    impossible = (*IMPOSSIBLE, "make the square yellow")
