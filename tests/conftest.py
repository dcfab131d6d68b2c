from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

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
