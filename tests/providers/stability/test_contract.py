"""The contracts of image models and editors for Stability AI's own service, over real HTTP to the sandbox server."""

from __future__ import annotations

from collections.abc import Generator

from onbrief.ports import Editor, ImageModel
from onbrief.testing import EditorContract, ImageModelContract
from tests.contract.test_editor import IMPOSSIBLE, PICTURE
from tests.providers.over_http import PAID_FAULTS, OverHttp


class TestImageModel(OverHttp, ImageModelContract):
    sizes = ((1024, 1024), (1000, 700), (64, 64))

    def model(self) -> ImageModel:
        return self.service.model("core")

    def failing(self) -> Generator[ImageModel]:
        for fault in PAID_FAULTS:
            self.service.script.now(fault)
            yield self.model()


class TestEditor(OverHttp, EditorContract):
    impossible = IMPOSSIBLE

    def picture(self) -> bytes:
        return PICTURE

    def model(self) -> Editor:
        return self.service.editor("image-services")

    def failing(self) -> Generator[Editor]:
        for fault in PAID_FAULTS:
            self.service.script.now(fault)
            yield self.model()
