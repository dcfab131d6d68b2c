"""The contracts of image models and editors for Stability AI's own service, over real HTTP to the sandbox server."""

from __future__ import annotations

from tests.providers.over_http import Editors, ImageModels


class TestImageModel(ImageModels):
    named = "core"


class TestEditor(Editors):
    named = "image-services"
