"""The package for Lambda, made by the commands of docs/lambda.md."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
((*PACK, UPLOAD, CREATE),) = (
    block.splitlines() for block in re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / "lambda.md").read_text(), re.DOTALL)
)
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_ROOT_USER_ACTION": "ignore"}


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pack as the page says, without the dependencies, and return the folder with the unpacked zip."""
    if not shutil.which("zip"):
        pytest.skip("there is no zip")
    clone, unpacked = tmp_path_factory.mktemp("clone"), tmp_path_factory.mktemp("task")
    for name in ("src", "docs"):
        shutil.copytree(ROOT / name, clone / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, clone)
    for command in PACK:
        own = command.replace("python3.13", sys.executable)
        subprocess.run(own, shell=True, cwd=clone, env=os.environ | OFFLINE, check=True)  # noqa: S602 - of our own page
    shutil.unpack_archive(clone / "onbrief.zip", unpacked)
    return unpacked


def test_the_packed_function_answers_from_its_bytecode_whatever_became_of_its_sources(unpacked: Path) -> None:
    sources = [path for path in unpacked.rglob("*.py") if path.parent.parent.name != "bin"]
    assert len(sources) > 200
    for number, path in enumerate(sources):
        path.write_text("raise RuntimeError('this source was compiled again')\n")
        os.utime(path, (number, number))
    program = "import onbrief.aws_lambda as made; print(made.__file__, made.handler(None, None)['statusCode'])"
    environment = os.environ | {"PYTHONPATH": str(unpacked), "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=unpacked, capture_output=True, text=True, check=False
    )
    assert ran.stdout == f"{unpacked}/onbrief/aws_lambda/__init__.py 400\n", ran.stderr


def test_each_module_has_bytecode_that_no_time_and_no_hash_can_make_stale(unpacked: Path) -> None:
    compiled = list(unpacked.rglob("*.pyc"))
    assert len(compiled) == len(list(unpacked.rglob("*.py"))) > 200
    assert {int.from_bytes(path.read_bytes()[4:8], "little") for path in compiled} == {0b01}  # by hash, and not checked


def test_the_page_uploads_and_creates_what_it_packs() -> None:
    assert UPLOAD.startswith("aws s3 cp onbrief.zip s3://")
    assert re.search(r"--runtime python3\.13 --handler onbrief\.aws_lambda\.handler .* --timeout 900 ", CREATE)
    assert "--logging-config LogFormat=JSON,ApplicationLogLevel=INFO" in CREATE
    assert all("python3.13 " in command for command in PACK[:2])
