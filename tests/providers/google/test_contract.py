"""The contracts of image models and editors for Gemini, over HTTP to the sandbox server, whose bill counts the requests."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import ClassVar

import pytest

from onbrief.ports import Change, Editor, ImageModel
from onbrief.providers import registry
from onbrief.testing import EditorContract, ImageModelContract
from onbrief_sandbox.server.faults import Fault
from tests.providers.google.reaching import Service

FLASH = "google:gemini-3.1-flash-image?image_size=512"
FAULTS = (
    *(Fault(does="status", status=status) for status in (400, 402, 403, 404, 408, 429, 499, 500, 502, 503, 504, 529)),
    Fault(does="reset"),
    *(Fault(does="cut", byte=byte) for byte in (0, 1, 300, 1000)),
    *(Fault(does="filtered", reason=reason) for reason in ("prompt", "input image", "output image", "Inference error")),
    Fault(does="empty"),
    *(Fault(stop_reason=reason) for reason in ("PROHIBITED_CONTENT", "IMAGE_RECITATION")),
)


class TestImageModel(ImageModelContract):
    sizes = ((1024, 1024), (1000, 700), (64, 64), (300, 2400))

    @pytest.fixture(autouse=True)
    def service(self, google: Service) -> None:
        self.google = google

    def model(self) -> ImageModel:
        return registry.image_model(FLASH)

    def failing(self) -> Generator[ImageModel]:
        for fault in FAULTS:
            self.google.script.now(fault)
            yield self.model()

    def sent(self) -> int:
        return len(self.google.billed())


class TestEditor(EditorContract):
    impossible = ("what a nice day",)
    asking: ClassVar[Mapping[Change, str]] = {"recolour": "make the square red", "letter": 'change the text to "OPEN"'}

    @pytest.fixture(autouse=True)
    def service(self, google: Service) -> None:
        self.google = google

    def model(self) -> Editor:
        return registry.editor(FLASH)

    def failing(self) -> Generator[Editor]:
        faults = (
            Fault(does="status", status=429),
            Fault(does="status", status=500),
            Fault(does="reset"),
            Fault(does="filtered"),
        )
        for fault in (*faults, Fault(does="cut", byte=300), Fault(does="text")):
            self.google.script.now(fault)
            yield self.model()

    def sent(self) -> int:
        return len(self.google.billed())
