from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.providers.over_http import Service, standing_in


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Generator[Service]:
    """The server, for all tests of a file."""
    with standing_in("a1111", tmp_path_factory.mktemp("wire")) as running:
        yield running
