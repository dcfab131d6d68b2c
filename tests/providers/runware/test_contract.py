"""The contracts of image models and editors for Runware, over real HTTP to the sandbox server, whose bill counts the tasks."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from onbrief.ports import Editor, ImageModel, Picture
from onbrief.testing import EditorContract, ImageModelContract
from tests.contract.test_editor import IMPOSSIBLE, OVER_SQUARE, PICTURE
from tests.providers.over_http import PAID_FAULTS, OverHttp


class TestImageModel(OverHttp, ImageModelContract):
    size = (512, 512)
    sizes = ((1024, 1024), (1000, 700), (64, 64))

    def model(self) -> ImageModel:
        return self.service.model("runware:400@4")

    def failing(self) -> Generator[ImageModel]:
        for fault in PAID_FAULTS:
            self.service.script.now(replace(fault, operation="runware.draw", byte=min(fault.byte, 20)))
            yield self.model()


class TestEditor(OverHttp, EditorContract):
    impossible = (*IMPOSSIBLE, "make the square yellow")

    def picture(self) -> bytes:
        return PICTURE

    def model(self) -> Editor:
        return self.service.editor("runware:102@1")

    async def ask(self, model: Editor) -> Picture:
        return await model.edit(self.picture(), self.instruction, 1, OVER_SQUARE)

    def failing(self) -> Generator[Editor]:
        for fault in PAID_FAULTS:
            self.service.script.now(replace(fault, operation="runware.draw", byte=min(fault.byte, 20)))
            yield self.model()
