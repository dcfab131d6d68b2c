"""The contracts of image models and editors for OpenAI, over HTTP to the sandbox server, whose bill counts the requests."""

from __future__ import annotations

from onbrief_sandbox.server.faults import Fault
from tests.providers.over_http import PAID_FAULTS, Editors, ImageModels

FAULTS = (
    *PAID_FAULTS,
    Fault(does="status", status=403),
    Fault(does="status", status=503, headers={"Retry-After": "1"}),
    Fault(does="cut", byte=0),
    Fault(does="filtered", reason="output image"),
)


class TestImageModel(ImageModels):
    named = "gpt-image-2?quality=low"
    faults = FAULTS


class TestEditor(Editors):
    named = "gpt-image-2?quality=low"
    faults = FAULTS
