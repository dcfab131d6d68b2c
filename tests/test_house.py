"""What the house is built on: no room knows a provider by name but that provider's own."""

from __future__ import annotations

import re
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

import onbrief

ROOT = Path(onbrief.__file__).parent
OWN = {
    point.name: Path(((found := find_spec(point.module)) and found.origin) or "").parent
    for point in entry_points(group="onbrief.providers")
    if point.dist is not None and point.dist.name == "onbrief"
}


def test_the_built_in_providers_come_by_entry_point() -> None:
    folders = {path.parent.name for path in (ROOT / "providers").glob("*/__init__.py")}
    assert set(OWN) == {*folders - {"language"}, "pydantic-ai", "sandbox"}


def test_no_file_outside_a_providers_folder_names_that_provider() -> None:
    naming = [
        f"{path.relative_to(ROOT)}:{number}: {name}: {line.strip()}"
        for name, folder in OWN.items()
        for path in sorted(ROOT.rglob("*"))
        if path.is_file() and path.suffix not in {".pyc", ".xz"} and not path.is_relative_to(folder)
        if path.suffix != ".LICENSE"  # it names who made what it is about
        if path.name != "redaction.py"  # it knows what the keys of many services look like
        if not any(path.is_relative_to(other) for other in OWN.values())  # one service can offer what another one makes
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if re.search(rf"(?<![a-z]){name}(?![a-z])", line.lower())
    ]
    assert naming == []


def test_no_file_name_outside_a_providers_folder_names_that_provider() -> None:
    paths = [path for path in ROOT.rglob("*") if path.suffix != ".pyc" and path.name != "__pycache__"]
    assert not [
        path
        for name, folder in OWN.items()
        for path in paths
        if name in re.split(r"[._]", path.name) and not path.is_relative_to(folder)
    ]
