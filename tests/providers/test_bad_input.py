"""What every provider of pictures says to a wrong name, a missing key, and a size that a model cannot make."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from onbrief.cli import main
from onbrief.errors import UsageError
from onbrief.ports import ListedModel, Provider
from onbrief.providers import registry

DRAWING = [found for found in registry.providers() if found.image_model]
ROWS = {found.name: [row for row in found.models() if row.kind == "image"] for found in DRAWING}
OPEN = re.compile(r"[A-Z]{4,}|…")
"""What stands in the name of a row for what is the user's own: a file, or the model of a server."""


def named(row: ListedModel) -> bool:
    """Return whether a row names one model, not all that a server may have."""
    return bool(row.name.partition(":")[2]) and not OPEN.search(row.name)


CLOSED = [found for found in DRAWING if any(named(row) for row in ROWS[found.name])]
each = pytest.mark.parametrize("provider", DRAWING, ids=lambda found: found.name)
closed = pytest.mark.parametrize("provider", CLOSED, ids=lambda found: found.name)


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("ONBRIEF_") or name in {key for found in DRAWING for key in found.keys}:
            monkeypatch.delenv(name)


def said(capsys: pytest.CaptureFixture[str], *command: str) -> tuple[int, str]:
    code = main([*command])
    out, err = capsys.readouterr()
    assert out == ""
    assert list(Path().iterdir()) == []  # nothing was begun
    return code, err


@closed
def test_a_name_that_is_nearly_one_is_answered_with_the_nearest(provider: Provider, capsys: pytest.CaptureFixture[str]) -> None:
    row = next(row for row in ROWS[provider.name] if named(row))
    wrong = f"{provider.name}:{row.name.removeprefix(f'{provider.name}:').rpartition('/')[2]}x"
    code, err = said(capsys, "run", "a circle", "--image-model", wrong)
    assert (code, err.startswith(f"error: image_model: '{wrong}' is not allowed")) == (2, True), err
    assert row.name in err.removeprefix(f"error: image_model: '{wrong}'")


@each
def test_an_option_that_is_none_is_answered_with_those_that_are(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    assert provider.image_model
    for key in provider.keys:
        monkeypatch.setenv(key, "a-key")
    row = next((row for row in ROWS[provider.name] if named(row)), None)
    if row is None:
        pytest.skip("its models are the user's own")
    with pytest.raises(UsageError, match="colour"):
        registry.image_model(f"{row.name}?colour=red")


@pytest.mark.parametrize("provider", [found for found in DRAWING if found.keys], ids=lambda found: found.name)
def test_a_missing_key_is_one_line_with_its_variable_and_where_to_get_one(
    provider: Provider, capsys: pytest.CaptureFixture[str]
) -> None:
    row = next(row for row in ROWS[provider.name] if named(row))
    code, err = said(capsys, "run", "a circle", "--image-model", row.name)
    line, hint = err.splitlines()
    assert (code, line.startswith("error: ")) == (1, True)
    assert any(key in line for key in provider.keys), line
    assert provider.keys_at in hint, hint


@pytest.mark.parametrize("name", [row.name for rows in ROWS.values() for row in rows if named(row)])
def test_a_size_that_a_model_cannot_make_is_the_nearest_one_with_a_warning_or_an_error(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = next(found for found in DRAWING if name.startswith(f"{found.name}:"))
    for key in provider.keys:
        monkeypatch.setenv(key, "a-key")
    model = registry.image_model(name)
    for odd in ((1000, 3001), (3003, 1001)):
        try:
            told = model.check(odd)
        except UsageError as error:
            told = (str(error),)
        assert [line for line in told if f"{odd[0]}x{odd[1]}" in line] != [], told
    assert [line for line in model.check((1024, 1024)) if "nearest" in line] == []
