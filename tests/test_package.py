"""Promises of the package as a whole: public names, light imports, lock files without addresses, current documents."""

from __future__ import annotations

import io
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import onbrief
from docs import things
from docs.generate import COMMANDS, documents

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_public_names_are_sorted_and_documented() -> None:
    assert onbrief.__all__ == sorted(onbrief.__all__)
    assert [name for name in onbrief.__all__ if not getattr(onbrief, name).__doc__] == []
    assert dir(onbrief) == onbrief.__all__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = onbrief.nothing  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]


def test_import_onbrief_imports_nothing_but_the_standard_library() -> None:
    program = "import sys; before = set(sys.modules); import onbrief; print(*sorted(set(sys.modules) - before))"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    assert [name for name in loaded if name.split(".")[0] not in sys.stdlib_module_names | {"onbrief"}] == []
    assert len([name for name in loaded if name.startswith("onbrief")]) == 1


def test_help_imports_no_database_no_validation_and_no_models() -> None:
    program = (
        "import sys\nfrom onbrief.cli import main\nmain(['--help'])\n"
        "print([m for m in ('sqlite3', 'pydantic', 'numpy', 'obstore', 'PIL', 'jinja2', 'boto3') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert out.splitlines()[-1] == "[]"


@pytest.mark.parametrize("lock", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name)
def test_locks_have_hashes_and_no_addresses(lock: Path) -> None:
    text = lock.read_text()
    pins = re.findall(r"^([a-z0-9._-]+)==.*((?:\n    .*)+)", text, re.MULTILINE)
    assert "://" not in text
    assert pins
    assert [name for name, rest in pins if "--hash=sha256:" not in rest] == []


@pytest.mark.parametrize("name", sorted(documents()))
def test_generated_documents_are_current(name: str) -> None:
    assert (ROOT / "docs" / name).read_text() == documents()[name], "run `make docs`"


def test_readme_and_the_command_line_agree() -> None:
    """Every onbrief command in the README exists, with the flags that are used."""
    commands = [
        line.strip() for block in re.findall(r"```(?:sh|console)\n(.*?)```", README, re.DOTALL) for line in block.splitlines()
    ]
    ours = [shlex.split(line.split(" #")[0], comments=True) for line in commands if line.startswith("onbrief ")]
    helped = documents()["cli.md"]
    assert len(ours) >= 5
    for _, command, *rest in ours:
        assert command in COMMANDS
        flags = {word.split("=")[0] for word in rest if word.startswith("--")}
        section = helped.split(f"## onbrief {command}\n")[1].split("\n## ")[0]
        assert [flag for flag in flags if f"{flag} " not in section] == [], command


def test_readme_and_the_makefile_agree() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"^make ([a-z]+)", README, re.MULTILINE)) <= targets


def test_the_sheet_of_all_drawings_is_current() -> None:
    with Image.open(ROOT / "docs" / "things.png") as kept, Image.open(io.BytesIO(things.sheet())) as drawn:
        assert kept.convert("RGB").tobytes() == drawn.convert("RGB").tobytes()


def test_the_links_of_the_readme_have_targets() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
