"""The contracts of image models and editors for Runware, over real HTTP to the sandbox server, whose bill counts the tasks."""

from __future__ import annotations

from tests.contract.test_editor import IMPOSSIBLE
from tests.providers.over_http import Editors, ImageModels


class TestImageModel(ImageModels):
    named = "runware:400@4"
    at = "draw"
    cut = 20
    size = (512, 512)


class TestEditor(Editors):
    named = "runware:102@1"
    at = "draw"
    cut = 20
    masked = True
    impossible = (*IMPOSSIBLE, "make the square yellow")
