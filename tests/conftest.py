from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.buckets import Service

# A slow machine is no defect, so nothing here is timed.
settings.register_profile("onbrief", deadline=None)
settings.load_profile("onbrief")


@pytest.fixture(autouse=True)
def at_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own for each test: no settings of this machine's user, and no pictures left in his spool."""
    home = tmp_path_factory.mktemp("home")
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "HOME"):
        monkeypatch.setenv(name, str(home))
    return home


@pytest.fixture(scope="session")
def s3_service() -> Generator[Service]:
    """One service for all tests; each has a place of its own in it."""
    from tests.buckets import service

    with service() as running:
        yield running


@pytest.fixture
def s3(s3_service: Service, monkeypatch: pytest.MonkeyPatch) -> Generator[Service]:
    """The service, found by the variables of AWS, with nothing wrong with it."""
    for name, value in s3_service.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    from tests.buckets import ALL

    s3_service.requests.clear()
    s3_service.regions.clear()
    yield s3_service
    s3_service.fault = lambda method, path: None
    s3_service.rights = ALL
