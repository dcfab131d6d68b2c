from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.providers.google.reaching import Service, serving
from tests.providers.recording import Recorder, Reply, recording


@pytest.fixture(scope="package")
def google_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Service]:
    with serving(tmp_path_factory.mktemp("google") / "bill") as service:
        yield service


@pytest.fixture
def google(google_server: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    """A server that answers as Google, to which all its clients are led."""
    return google_server.fresh(monkeypatch)


@pytest.fixture(scope="module")
def recorder() -> Generator[Recorder]:
    """A server that answers what a test says."""
    with recording(Reply({})) as running:
        yield running
