"""Where a picture waits on a machine whose home folder cannot be written."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

# Run in a separate process, because Python looks for the system's temporary directory only once.
SPOOL = """
import sys
from onbrief.store.spool import Spool
spool = Spool(b"s3://bucket/prefix")
match sys.argv[1]:
    case "keep": spool.keep("a-run/000-000.png", b"picture")
    case "drop": spool.drop("a-run/000-000.png")
    case "remove": spool.remove("a-run")
print(spool.load("a-run/000-000.png"))
"""


@pytest.fixture
def temporary(tmp_path: Path, at_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's temporary directory, on a machine where nothing can be created in the home folder."""
    (at_home / "file").write_text("in the way")
    for name in ("HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(at_home / "file" / "home"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def after(action: str) -> str:
    """Run the action in a separate process and return what the spool then holds."""
    return subprocess.run([sys.executable, "-c", SPOOL, action], check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.parametrize("end", ["drop", "remove"])
def test_a_picture_waits_in_a_folder_that_only_this_user_can_write_to(temporary: Path, end: str) -> None:
    assert after("keep") == "b'picture'"
    (folder,) = temporary.iterdir()
    assert (folder.name, stat.S_IMODE(folder.stat().st_mode)) == (f"onbrief-{os.getuid()}", 0o700)
    assert after("look") == "b'picture'"
    assert after(end) == "None"
    assert [path for path in temporary.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("made", ["open to all", "a link"])
def test_nothing_waits_in_a_folder_that_another_user_could_write_to(temporary: Path, at_home: Path, made: str) -> None:
    folder = temporary / f"onbrief-{os.getuid()}"
    if made == "a link":
        folder.symlink_to(at_home)
    else:
        folder.mkdir()
        folder.chmod(0o777)
    assert after("keep") == "None"
    assert [path.name for path in folder.iterdir() if path.name != "file"] == []


def test_nothing_is_created_in_the_temporary_directory_until_something_waits(temporary: Path) -> None:
    assert after("look") == "None"
    assert list(temporary.iterdir()) == []
