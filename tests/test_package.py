"""Promises of the package as a whole: public names, light imports, what the distributions hold, lock files without addresses,
current documents.
"""

from __future__ import annotations

import email
import io
import json
import re
import shlex
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

import onbrief
from docs import things
from docs.generate import COMMANDS, documents
from tests import quick
from tests.installing import LEFT, Built, built

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


@cache
def generated() -> dict[str, str]:
    """The generated documents, made once."""
    return documents()


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


def test_generated_documents_are_current() -> None:
    stale = [name for name, text in generated().items() if (ROOT / "docs" / name).read_text() != text]
    assert stale == [], "run `make docs`"


def test_readme_and_the_command_line_agree() -> None:
    """Every onbrief command in the README exists, with the flags that are used."""
    commands = [
        line.strip() for block in re.findall(r"```(?:sh|console)\n(.*?)```", README, re.DOTALL) for line in block.splitlines()
    ]
    ours = [shlex.split(line.split(" #")[0], comments=True) for line in commands if line.startswith("onbrief ")]
    helped = generated()["cli.md"]
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
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if not link.startswith("https://")]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return built(tmp_path_factory)


def test_the_wheel_holds_two_typed_packages_with_their_data_and_nothing_else(package: Built) -> None:
    names = {name for name in zipfile.ZipFile(package.wheel).namelist() if ".dist-info/" not in name}
    source = {
        str(path.relative_to(ROOT / "src")) for path in (ROOT / "src").rglob("*") if path.is_file() and path.suffix != ".pyc"
    }
    assert names == source
    assert {"onbrief/py.typed", "onbrief_sandbox/py.typed"} <= names


def test_the_wheel_says_what_package_indexes_show(package: Built) -> None:
    wheel = zipfile.ZipFile(package.wheel)
    (about,) = {name.split("/")[0] for name in wheel.namelist() if ".dist-info/" in name}
    said = email.message_from_bytes(wheel.read(f"{about}/METADATA"))
    assert wheel.read(f"{about}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert (said["Name"], said["License-Expression"], said["Requires-Python"]) == ("onbrief", "Apache-2.0", ">=3.11")
    assert {url.split(", ")[0] for url in said.get_all("Project-URL", [])} == {
        "Homepage",
        "Documentation",
        "Source",
        "Issues",
        "Changelog",
    }
    assert {f"Programming Language :: Python :: 3.{minor}" for minor in range(11, 15)} <= set(said.get_all("Classifier", []))
    assert {"aws", "openai", "anthropic", "google", "ollama", "sandbox"} <= set(said.get_all("Provides-Extra", []))
    text = said.get_payload()
    assert isinstance(text, str)
    assert "Further reading" in text
    assert [link for link in re.findall(r"\]\(([^)]*)\)", text) if not link.startswith("https://")] == []
    points = wheel.read(f"{about}/entry_points.txt").decode()
    assert {"onbrief = onbrief.cli:main", "sandbox = onbrief_sandbox.provider:PROVIDER"} <= set(points.splitlines())


def test_the_source_distribution_holds_what_a_maintainer_needs_and_nothing_that_was_left_in_the_tree(package: Built) -> None:
    with tarfile.open(package.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert [name for name in names for left in LEFT if name == left or name.endswith(f"/{left}")] == []
    assert {name.partition("/")[0] for name in names} <= {
        *(
            ".ci",
            ".gitignore",
            "CHANGELOG.md",
            "CONTRIBUTING.md",
            "LICENSE",
            "Makefile",
            "PKG-INFO",
            "README.md",
            "SECURITY.md",
        ),
        *("benchmarks", "deploy", "docs", "examples", "pyproject.toml", "requirements", "src", "tests"),
    }
    kept = [
        path
        for folder in ("src", "tests", "deploy", "docs", "examples")
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
    ]
    ours = {str(path.relative_to(ROOT)) for path in kept if not {"__pycache__", ".hypothesis"} & set(path.parts)}
    assert ours - names == set()


USES = """\
import asyncio
import onbrief
from onbrief.ports import Judge
from onbrief.providers import registry
from onbrief_sandbox.provider import PROVIDER

async def spent(brief: onbrief.Brief) -> float | None:
    limits = onbrief.Limits(images=2, usd=1.5)
    return [event.run.usage.usd async for event in onbrief.pursue(brief, limits=limits)][-1]

judge: Judge = registry.judge(f"{PROVIDER.name}:")
run: onbrief.Run = onbrief.run("a red circle", limits=onbrief.Limits(images=1), seed=3)
print(run.outcome, judge.name, run.best and run.best.verdict, asyncio.run(spent(onbrief.Brief(text="a red circle"))))
WRONG = onbrief.run("a red circle", limits=3)
"""


def test_the_types_of_the_installed_package_are_those_that_its_users_checkers_see(package: Built, tmp_path: Path) -> None:
    """A checker that saw no types would find nothing wrong with the last line."""
    pytest.importorskip("mypy")
    (tmp_path / "uses.py").write_text(USES)
    (tmp_path / "pyrightconfig.json").write_text(
        json.dumps(
            {"typeCheckingMode": "strict", "venvPath": str(package.environment.parent), "venv": package.environment.name}
        )
    )
    mypy = ["-m", "mypy", "--strict", "--python-executable", str(package.python), "--no-incremental", "uses.py"]
    for checker in (mypy, ["-m", "basedpyright", "-p", "."]):
        said = subprocess.run([sys.executable, *checker], cwd=tmp_path, capture_output=True, text=True, check=False).stdout
        wrong = re.findall(r"uses\.py:(\d+)(?::\d+ -|:) error", said)
        assert wrong == [str(len(USES.splitlines()))], said


def test_every_extra_that_is_named_anywhere_exists() -> None:
    files = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "src").rglob("*.py")]
    named = {
        extra
        for path in files
        for extras in re.findall(r"(?:onbrief|'\.)\[([a-z,]+)\]", path.read_text())
        for extra in extras.split(",")
    }
    assert {"openai", "aws", "sandbox"} <= named
    assert named - set(PROJECT["project"]["optional-dependencies"]) == set()


def test_the_floors_of_contributing_are_those_that_are_enforced() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text().split("| floor | rooms |")[1].split("\n\n")[0]
    shown = [re.findall(r"`(\w+)(?:/|\.py)`", row) for row in text.splitlines()]
    layers = PROJECT["tool"]["importlinter"]["contracts"][0]["layers"]
    order = {room: floor for floor, layer in enumerate(layers) for room in layer.split(" | ")}
    assert sorted(room for row in shown for room in row) == sorted(order)
    floors = [{order[room] for room in row} for row in shown if row]
    assert [(above, below) for above, below in pairwise(floors) if max(above) >= min(below)] == []


@pytest.mark.parametrize(
    ("changed", "tests"),
    [
        ("src/onbrief/redaction.py", ["tests/test_redaction.py"]),
        ("src/onbrief/ledger/account.py", ["tests/ledger/test_account.py"]),
        ("src/onbrief/providers/language/model.py", ["tests/providers/language/test_model.py"]),
        ("src/onbrief/pictures/png.py", ["tests/pictures/test_metadata.py", "tests/pictures/test_picture_file.py"]),
        ("src/onbrief_sandbox/painting/drawings/farm.py", ["tests/sandbox/painting/test_drawings.py"]),
        ("src/onbrief_sandbox/world/breaking.py", ["tests/sandbox/world/test_world.py"]),
        ("tests/test_money.py", ["tests/test_money.py"]),
        ("deploy/aws/template.yaml", ["tests/deploy/test_template.py"]),
        ("docs/briefs.md", []),
    ],
)
def test_a_change_finds_its_tests(changed: str, tests: list[str]) -> None:
    found = [str(test) for test in quick.tests_of(Path(changed))]
    assert set(tests) <= set(found)
    assert len(found) <= max(len(tests), 4)
