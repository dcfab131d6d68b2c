from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import pytest

from tests.providers.over_http import Service, standing_in


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Generator[Service]:
    """The service, for all tests of a file."""
    with standing_in("openai", tmp_path_factory.mktemp("wire")) as running:
        yield replace(running, settings={"base_url": f"{running.url}/v1"})
