from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.providers.wiring import Wire, wired


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Generator[Wire]:
    """Both servers, with one connection to each, for all tests of a file."""
    with wired(tmp_path_factory.mktemp("wire") / "bill") as running:
        yield running
