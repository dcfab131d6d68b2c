"""The plug-in of examples/squares: another distribution, installed beside onbrief and found by its entry point."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SQUARES = Path(__file__).parents[1] / "examples" / "squares"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the plug-in, as pip installs it without a network."""
    target = tmp_path_factory.mktemp("plugin")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run([*pip, "--no-build-isolation", "--target", target, SQUARES], check=True)
    return target


def run(*arguments: str, cwd: Path, path: Path | None) -> subprocess.CompletedProcess[str]:
    """A process of Python that finds the plug-in at `path`."""
    environment = os.environ | {"PYTHONPATH": str(path or "")}
    return subprocess.run([sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False)


ORDER = ("-m", "onbrief", "run", "a red square", "--image-model", "squares:", "--size", "256x256", "--seed", "9", "--json")


def test_it_draws_judges_and_revises_until_the_picture_passes(installed: Path, tmp_path: Path) -> None:
    ended = run(*ORDER, cwd=tmp_path, path=installed)
    assert ended.returncode == 0, ended.stderr
    assert "squares: an example of a provider" in ended.stderr
    record = json.loads(ended.stdout)
    assert record["outcome"] == "passed"
    assert [record["models"][role] for role in ("image", "judge", "reviser")] == ["squares:"] * 3
    assert [requirement["text"] for requirement in record["checklist"]["requirements"]] == ["the square is red"]
    assert len(record["prompts"]) > 1


def test_its_model_is_listed(installed: Path, tmp_path: Path) -> None:
    assert "squares:" in run("-m", "onbrief", "models", cwd=tmp_path, path=installed).stdout


def test_it_passes_the_contract_tests(installed: Path, tmp_path: Path) -> None:
    tests = tmp_path / "test_squares.py"
    tests.write_text((SQUARES / "test_squares.py").read_text())
    ended = run("-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests), cwd=tmp_path, path=installed)
    assert ended.returncode == 0, ended.stdout
    assert "failed" not in ended.stdout


def test_without_it_its_name_is_unknown(tmp_path: Path) -> None:
    ended = run(*ORDER, cwd=tmp_path, path=None)
    assert ended.returncode == 2
    assert "image_model: 'squares:' is not allowed" in ended.stderr
