"""The contracts of image models and recovery for fal."""

from __future__ import annotations

from tests.providers.queues import QueueModels, Recovering


class TestImageModel(QueueModels):
    named = "fal-ai/flux-2/klein/4b"


class TestRecovery(Recovering):
    named = "fal-ai/flux-2-pro"
