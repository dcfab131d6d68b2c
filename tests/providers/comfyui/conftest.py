from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.providers.comfyui.serving import Comfy, comfy


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Generator[Comfy]:
    """A running server, shared by the tests of a file."""
    with comfy(tmp_path_factory.mktemp("comfyui")) as running:
        yield running
