from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.claude import reach
from tests.providers.language.services import lead
from tests.sandbox.server.serving import Served, served


@pytest.fixture(scope="session")
def claude_server() -> Generator[Served]:
    with served() as running:
        yield running


@pytest.fixture
def claude(claude_server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point AWS clients to a sandbox server."""
    reach(claude_server, monkeypatch)


@pytest.fixture
def services(claude_server: Served, claude: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point the clients of all services to a sandbox server."""
    lead(claude_server.port, monkeypatch)
