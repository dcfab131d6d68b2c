from __future__ import annotations

from pathlib import Path

import pytest

from onbrief import intake
from onbrief.brief import Brief, Requirement
from onbrief.documents import brief_of, read_toml
from onbrief.errors import UsageError


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


TOML = """
text = "a red circle"
size = "64x128"
avoid = ["squares"]

[[requirements]]
id = "c"
text = "there is a circle"
kind = "object"

[[requirements]]
text = "it is red"
must = false
weight = 2
parents = ["c"]
"""
JSON = """{"text": "a red circle", "size": [64, 128], "avoid": ["squares"], "requirements": [
    {"id": "c", "text": "there is a circle", "kind": "object"},
    {"text": "it is red", "must": false, "weight": 2, "parents": ["c"]}]}"""
BRIEF = Brief(
    text="a red circle",
    size=(64, 128),
    avoid=("squares",),
    requirements=(
        Requirement(id="c", text="there is a circle", kind="object"),
        Requirement(text="it is red", must=False, weight=2.0, parents=("c",)),
    ),
)


@pytest.mark.parametrize(("name", "text"), [("b.toml", TOML), ("b.json", JSON), ("B.TOML", TOML), ("B.JSON", JSON)])
def test_a_brief_is_read_from_a_file(tmp_path: Path, name: str, text: str) -> None:
    assert intake.read(written(tmp_path, name, text)).brief == BRIEF


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("b.json", '{"text": "a",\n "size": }', r"b.json is not valid JSON: Expecting value \(at line 2, column 10\)"),
        ("b.json", "[1, 2]", "expected an object with the fields of a brief"),
        ("b.json", '{"text": ' + "9" * 5000 + "}", "b.json is not valid JSON"),
        ("b.json", "[" * 100_000, "b.json is not valid JSON"),
        ("b.toml", 'text = "a\n', r"b.toml is not valid TOML: .*line 1, column 10"),
        ("b.toml", 'text = "a"\nsize = "big"', "size: 'big' is not allowed"),
    ],
)
def test_a_broken_brief_is_one_clear_line(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        intake.read(written(tmp_path, name, text))
    assert "\n" not in str(caught.value)


def test_a_brief_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        intake.read(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "text in b.toml: None is not allowed; expected a value"),
        ({"text": 3}, "text in b.toml: 3 is not allowed; expected a valid string"),
        (
            {"text": "a", "colour": "red"},
            "colour in b.toml: 'red' is not allowed; expected one of the fields text requirements avoid size",
        ),
        ({"text": "a", "requirements": [{"text": "b", "must": "x"}]}, "requirements.0.must in b.toml: 'x' is not allowed"),
        (
            {"text": "a", "requirements": [{"text": "b", "kind": "x"}]},
            "requirements.0.kind in b.toml: 'x' is not allowed; expected 'object'",
        ),
        (
            {"text": "a", "requirements": [{"text": ""}]},
            "b.toml: requirement.text: '' is not allowed; expected a statement to check",
        ),
        ({"text": "a", "size": [1, 1]}, "b.toml: brief.size: '1x1' is not allowed; expected sides of 64 to 4096 pixels"),
    ],
)
def test_a_wrong_field_of_a_brief_is_named(document: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        brief_of(document, "b.toml")
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


ONE_BRIEF = [path for path in sorted((Path(__file__).parents[1] / "examples").glob("*.toml")) if path.name != "briefs.toml"]


@pytest.mark.parametrize("path", ONE_BRIEF, ids=lambda path: path.name)
def test_the_examples_are_briefs(path: Path) -> None:
    assert intake.read(path).brief.text


@pytest.mark.parametrize("data", [b"\xff\xfe\0", b"max_images = " + b"9" * 5000, b"a = " + b"[" * 5000])
def test_a_file_that_is_no_toml_at_all_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "onbrief.toml").write_bytes(data)
    with pytest.raises(UsageError, match=r"onbrief\.toml"):
        read_toml(tmp_path / "onbrief.toml")
