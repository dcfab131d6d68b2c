"""The contracts of image models and editors for servers with the API of AUTOMATIC1111's web UI, over real HTTP."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from onbrief.ports import Editor, ImageModel, Picture
from onbrief.testing import EditorContract, ImageModelContract
from tests.contract.test_editor import IMPOSSIBLE, OVER_SQUARE, PICTURE
from tests.providers.over_http import PAID_FAULTS, OverHttp

FAULTS = [fault for fault in PAID_FAULTS if fault.does != "filtered"]  # its filter answers with a black picture


class TestImageModel(OverHttp, ImageModelContract):
    size = (512, 512)
    sizes = ((512, 512), (500, 700), (64, 64))

    def model(self) -> ImageModel:
        return self.service.model("dreamshaper_8")

    def failing(self) -> Generator[ImageModel]:
        for fault in FAULTS:
            for operation in ("a1111.txt2img", "a1111.sd-models"):
                if fault.does != "empty" or operation == "a1111.txt2img":
                    self.service.script.now(replace(fault, operation=operation, byte=min(fault.byte, 20)))
                    yield self.model()


class TestEditor(OverHttp, EditorContract):
    impossible = (*IMPOSSIBLE, "make the square yellow")

    def picture(self) -> bytes:
        return PICTURE

    def model(self) -> Editor:
        return self.service.editor("sd-v1-5-inpainting")

    async def ask(self, model: Editor) -> Picture:
        return await model.edit(self.picture(), self.instruction, 1, OVER_SQUARE)

    def failing(self) -> Generator[Editor]:
        for fault in FAULTS:
            self.service.script.now(replace(fault, operation="a1111.img2img"))
            yield self.model()
