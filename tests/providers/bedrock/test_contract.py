"""The contract of image models for Bedrock, over real HTTP to the sandbox server, whose bill counts the requests."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import pytest

from onbrief.ports import ImageModel
from onbrief.testing import ImageModelContract
from onbrief_sandbox.server.faults import Fault
from tests.providers.wiring import Wire, named
from tests.sandbox.server.serving import CORE, lines

FAULTS = (
    Fault(does="status", status=429),
    Fault(does="status", status=403),
    Fault(does="status", status=500),
    Fault(does="reset"),
    Fault(does="cut", byte=1000),
    Fault(does="filtered"),
    Fault(does="empty"),
)


class TestImageModel(ImageModelContract):
    @pytest.fixture(autouse=True)
    def wire_of_the_test(self, wire: Wire) -> Generator[None]:
        self.wire = wire
        wire.bill.write_text("")
        wire.script.now()
        yield
        wire.script.now()

    def model(self) -> ImageModel:
        return replace(named(CORE), runtime=self.wire.sandbox)

    def failing(self) -> Generator[ImageModel]:
        for fault in FAULTS:
            self.wire.script.now(fault)
            yield self.model()

    def sent(self) -> int:
        return len(lines(self.wire.bill))
