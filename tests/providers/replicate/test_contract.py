"""The contracts of image models and recovery for Replicate."""

from __future__ import annotations

from tests.providers.queues import ImageModels, Recovering


class TestImageModel(ImageModels):
    named = "black-forest-labs/flux-2-pro"


class TestRecovery(Recovering):
    named = "black-forest-labs/flux-2-pro"
