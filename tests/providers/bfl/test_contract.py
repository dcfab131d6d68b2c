"""The contracts of image models, editors and recovery for Black Forest Labs."""

from __future__ import annotations

from tests.providers.over_http import Editors
from tests.providers.queues import CUT, QueueModels, Recovering


class TestImageModel(QueueModels):
    named = "flux-2-klein-4b"


class TestRecovery(Recovering):
    named = "flux-2-klein-4b?timeout=1"
    lost = "poll"


class TestEditor(Editors):
    named = "flux-2-klein-4b"
    at = "submit"
    cut = CUT
