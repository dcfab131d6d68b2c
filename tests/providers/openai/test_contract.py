"""The contracts of image models and editors for OpenAI, over HTTP to the sandbox server, whose bill counts the requests."""

from __future__ import annotations

from collections.abc import Generator

from onbrief.ports import Editor, ImageModel
from onbrief.testing import EditorContract, ImageModelContract
from onbrief_sandbox.server.faults import Fault
from tests.contract.test_editor import IMPOSSIBLE, PICTURE
from tests.providers.over_http import PAID_FAULTS, OverHttp

FAULTS = (
    *PAID_FAULTS,
    Fault(does="status", status=403),
    Fault(does="status", status=503, headers={"Retry-After": "1"}),
    Fault(does="cut", byte=0),
    Fault(does="filtered", reason="output image"),
)


class TestImageModel(OverHttp, ImageModelContract):
    sizes = ((1024, 1024), (1000, 700), (64, 64))

    def model(self) -> ImageModel:
        return self.service.model("gpt-image-2?quality=low")

    def failing(self) -> Generator[ImageModel]:
        for fault in FAULTS:
            self.service.script.now(fault)
            yield self.model()


class TestEditor(OverHttp, EditorContract):
    impossible = IMPOSSIBLE

    def picture(self) -> bytes:
        return PICTURE

    def model(self) -> Editor:
        return self.service.editor("gpt-image-2?quality=low")

    def failing(self) -> Generator[Editor]:
        for fault in FAULTS:
            self.service.script.now(fault)
            yield self.model()
