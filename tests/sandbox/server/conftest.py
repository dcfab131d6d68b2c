from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.sandbox.server.serving import Served, served


@pytest.fixture(scope="module")
def server() -> Generator[Served]:
    """A server with default terms, shared by all tests of a file."""
    with served() as running:
        yield running
