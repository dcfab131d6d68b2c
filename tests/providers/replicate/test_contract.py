"""The contracts of image models and recovery for Replicate."""

from __future__ import annotations

from tests.providers.queues import QueueModels, Recovering


class TestImageModel(QueueModels):
    named = "black-forest-labs/flux-2-pro"


class TestRecovery(Recovering):
    named = "black-forest-labs/flux-2-pro"
