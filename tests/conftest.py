from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.buckets import Service
    from tests.databases import Database

# Hundreds of processes are started: they would each compile all that they import. Git and packages ignore what is kept.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A slow machine is not a defect, so no test has a time limit.
settings.register_profile("onbrief", deadline=None)
settings.load_profile("onbrief")

FIRST = (
    "test_readme.py",
    "test_engines.py",
    "test_package.py",
    "test_interruption.py",
    "test_wire_kills.py",
    "test_judge_kills.py",
    "test_bucket_kills.py",
    "test_batch_kills.py",
    "test_stateful.py",
    "test_deadlines.py",
    "test_browser.py",
    "test_index.py",
    "test_interrupts.py",
    "test_services.py",
)
"""The files whose tests take longest, the longest first."""

_homes = itertools.count()


def pytest_xdist_auto_num_workers() -> int:
    """Return the number of workers for `-n auto`: one more than there are cores, as many tests wait for other processes."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files: begun last, one of them would leave all other cores idle."""
    items.sort(key=lambda item: FIRST.index(item.path.name) if item.path.name in FIRST else len(FIRST))


@pytest.fixture(autouse=True)
def at_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test an empty home folder: no user settings are read, and no pictures are left in the user's spool."""
    home = tmp_path_factory.getbasetemp() / "homes" / str(next(_homes))  # mktemp would look at all others each time
    home.mkdir(parents=True)
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "HOME"):
        monkeypatch.setenv(name, str(home))
    return home


@pytest.fixture(autouse=True)
def without_ocr(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where onbrief[ocr] is installed, it would read every picture that passes, for a second of CPU each: only tests that ask
    for the fixture `ocr` do so.
    """
    monkeypatch.setenv("ONBRIEF_OCR_USE", "never")  # for processes that tests start
    if "ocr" not in request.fixturenames:
        monkeypatch.setattr("onbrief.pictures.ocr.installed", lambda: False)


@pytest.fixture
def ocr(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read lettering in this test; it is skipped where onbrief[ocr] is not installed."""
    from onbrief.pictures.ocr import installed

    if not installed():
        pytest.skip("onbrief[ocr] is not installed")
    monkeypatch.delenv("ONBRIEF_OCR_USE")


@pytest.fixture(scope="session")
def s3_service() -> Generator[Service]:
    """Start one service for all tests; each test uses a separate place in it."""
    from tests.buckets import service

    with service() as running:
        yield running


@pytest.fixture
def s3(s3_service: Service, monkeypatch: pytest.MonkeyPatch) -> Generator[Service]:
    """Return the service, without faults, and set the AWS environment variables for it."""
    for name, value in s3_service.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setattr("onbrief.store.objects._PAUSES", (0.001,) * 4)  # as many tries as ever, without the seconds between
    from tests.buckets import ALL

    s3_service.requests.clear()
    s3_service.regions.clear()
    yield s3_service
    s3_service.fault = lambda method, path: None
    s3_service.rights = ALL


@pytest.fixture(scope="session")
def database() -> Generator[Database]:
    """Start one PostgreSQL server for all tests; each test uses a separate schema or place in it."""
    from tests.databases import database

    with database() as running:
        yield running
