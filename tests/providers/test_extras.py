"""Where nothing but onbrief is installed: no provider of pictures costs anything, and each says what it needs."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from onbrief.providers import registry
from tests.installing import built

NEEDY = [found for found in registry.providers() if found.image_model and found.requires]
LARGE = ("anthropic", "boto3", "google.genai", "httpx", "httpx2", "numpy", "openai", "pydantic_ai", "starlette")
"""Packages that only providers and the sandbox import."""

EACH = """
import contextlib, io, json, sys
from onbrief.cli import main
from onbrief.providers import registry

def said(*arguments):
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        code = main([*arguments])
    return code, out.getvalue(), err.getvalue()

commands, large = json.load(sys.stdin)
there, listed = [found.name for found in registry.providers()], said("models", "image", "--json")
answers = [said(*arguments) for arguments in commands]
print(json.dumps([there, listed, answers, [name for name in large if name in sys.modules]]))
"""
"""Loads all providers, lists their models, runs each command, and tells which large packages were imported meanwhile."""


def test_where_no_extra_is_installed_every_provider_of_pictures_says_what_to_install(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    package = built(tmp_path_factory)
    commands = [["run", "a red square", "--image-model", f"{found.name}:model"] for found in NEEDY]
    ran = subprocess.run(
        [str(package.python), "-c", EACH],
        input=json.dumps([commands, LARGE]),
        cwd=tmp_path,
        env={"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    there, (code, rows, _), answers, imported = json.loads(ran.stdout)
    assert {found.name for found in NEEDY} <= set(there)
    assert (code, imported) == (0, [])
    names = {row["name"].partition(":")[0] for row in json.loads(rows)}
    assert names == {row.name.partition(":")[0] for found in NEEDY for row in found.models() if row.kind == "image"}
    for found, (code, out, err) in zip(NEEDY, answers, strict=True):
        assert (code, out) == (2, ""), (found.name, err)
        line, hint = err.splitlines()
        assert re.match(rf"error: {found.name}.*not installed: .*, which {re.escape(found.extra)} installs$", line), err
        assert hint == f"hint: pip install '{found.extra}'"
    assert list(tmp_path.iterdir()) == []  # nothing was begun
