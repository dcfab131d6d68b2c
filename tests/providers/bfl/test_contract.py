"""The contracts of image models, editors and recovery for Black Forest Labs."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from onbrief.ports import Editor
from onbrief.testing import EditorContract
from tests.contract.test_editor import IMPOSSIBLE, PICTURE
from tests.providers.over_http import PAID_FAULTS, OverHttp
from tests.providers.queues import CUT, ImageModels, Recovering


class TestImageModel(ImageModels):
    named = "flux-2-klein-4b"


class TestRecovery(Recovering):
    named = "flux-2-klein-4b?timeout=1"
    lost = "poll"


class TestEditor(OverHttp, EditorContract):
    impossible = IMPOSSIBLE

    def picture(self) -> bytes:
        return PICTURE

    def model(self) -> Editor:
        return self.service.editor("flux-2-klein-4b")

    def failing(self) -> Generator[Editor]:
        for fault in PAID_FAULTS:
            self.service.script.now(replace(fault, operation="bfl.submit", byte=min(fault.byte, CUT)))
            yield self.model()
