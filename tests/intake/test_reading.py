"""Files, names of files, encodings, the fields that people's files have, and what people ask for in lists and sentences."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from onbrief import intake
from onbrief.api import pursue
from onbrief.aws_lambda.event import WrongEvent
from onbrief.aws_lambda.event import read as read_event
from onbrief.brief import Brief, Requirement
from onbrief.cli import main
from onbrief.cli.flags import BriefFlags, RequirementFlags, brief_from
from onbrief.errors import UsageError
from onbrief.questions.claims import Absence, Count, Lettering, Statement, claim
from onbrief.settings import Settings

BUCKET = {"output_s3_bucket_name": "my-bucket"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def asked(source: str, **flags: Any) -> intake.Given:
    return brief_from(source, BriefFlags(**flags), Settings())


# -- names of files -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["prompts.txt", "my brief.md", "brief", "Brief.MARKDOWN", "notes/brief.text"])
def test_a_file_of_text_is_read(folder: Path, name: str) -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("a red circle\n--ar 16:9\n")
    assert asked(name).brief == Brief(text="a red circle", size=(1344, 768))


@pytest.mark.parametrize(
    ("name", "content", "parts"),
    [
        ("briefs.csv", "prompt\na cat", ["'briefs.csv'", "a .txt, .md, .toml or .json file"]),
        ("briefs.xlsx", b"PK\x03\x04", ["'briefs.xlsx'"]),
        ("missing.jsonl", None, ["'missing.jsonl'"]),
        ("missing.txt", None, ["missing.txt", "cannot be read"]),
        ("my old brief.md", None, ["my old brief.md", "cannot be read"]),
        ("art", "", ["'art'", "this is a folder"]),
        ("cat.png", b"\x89PNG", ["'cat.png'"]),
        ("brief.docx", None, ["'brief.docx'"]),
        ("latin.txt", "süß".encode("latin-1"), ["latin.txt cannot be read"]),
        ("script.py", "print()", ["'script.py'"]),
    ],
)
def test_what_names_a_file_is_never_drawn(
    folder: Path, name: str, content: str | bytes | None, parts: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    if content == "":
        (folder / name).mkdir()
    elif content is not None:
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    before = sorted(folder.rglob("*"))
    for command in (["run", name], ["checklist", name], ["judge", name, "a.png"]):
        assert main(command) == 2
        out, err = capsys.readouterr()
        first, *rest = err.splitlines()
        assert out == ""
        assert [part for part in parts if part not in first] == []
        assert all(line.startswith("hint: ") for line in rest)
        assert ("for many briefs" in err) is name.endswith((".csv", ".xlsx", ".jsonl"))
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("text", ["a sign that says README.md", "a shop for example.com", "a cat.", "v1.5", 'the word "a.txt"'])
def test_a_text_with_a_dot_is_a_text(text: str) -> None:
    assert asked(text).brief.text == text


def test_the_library_and_events_refuse_the_name_of_a_file(folder: Path) -> None:
    (folder / "brief.txt").write_text("a red circle")
    with pytest.raises(UsageError, match=r"'brief\.txt' is not allowed; expected a description"):
        asyncio.run(anext(pursue("brief.txt")))
    with pytest.raises(WrongEvent, match=r"prompt: 'brief\.txt' is not allowed"):
        read_event({"prompt": "brief.txt", **BUCKET})
    assert intake.read(folder / "brief.txt").brief.text == "a red circle"


# -- encodings ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("brief.toml", 'text = "ein süßer Hund"\r\navoid = ["Müll"]'),
        ("brief.json", '{"text": "ein süßer Hund", "avoid": ["Müll"]}'),
        ("brief.txt", "ein süßer Hund\r\nNegative prompt: Müll\r\n"),
        ("-", "ein süßer Hund --no Müll"),
    ],
)
def test_a_brief_may_have_a_byte_order_mark(
    folder: Path, name: str, text: str, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = text.encode(encoding)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    if name != "-":
        (folder / name).write_bytes(data)
    assert asked(name).brief == Brief(text="ein süßer Hund", avoid=("Müll",))


def onbrief(*command: str, encoding: str, stdout: int = subprocess.PIPE) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    program = [sys.executable, "-m", "onbrief", *command]
    return subprocess.run(program, stdout=stdout, stderr=subprocess.PIPE, check=False, env=environment)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_output_fits_any_encoding(encoding: str) -> None:
    brief = "ein süßer roter Kreis 🔴"
    ran = onbrief("run", brief, "--json", "--size", "512x512", "--max-images", "1", encoding=encoding)
    assert b"Traceback" not in ran.stderr
    assert json.loads(ran.stdout.decode(encoding))["brief"]["text"] == brief
    shown = onbrief("checklist", brief, encoding=encoding)
    assert (shown.returncode, b"Traceback" in shown.stderr) == (0, False)


@pytest.mark.parametrize("command", [("models",), ("models", "--json"), ("checklist", "a red circle")])
def test_a_closed_pipe_is_no_error(command: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ended = onbrief(*command, encoding="utf-8", stdout=writer)
    os.close(writer)
    assert ended.returncode == 0
    assert b"rror" not in ended.stderr


# -- fields ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "brief"),
    [
        ({"prompt": "a cat", "negative_prompt": "dogs, text"}, Brief(text="a cat", avoid=("dogs", "text"))),
        ({"prompt": "a cat", "negative_prompt": ""}, Brief(text="a cat")),
        ({"prompt": "a cat", "negative_prompt": None, "avoid": "dogs"}, Brief(text="a cat", avoid=("dogs",))),
        ({"text": "a cat", "avoid": ["no dogs"], "negative_prompt": ["text"]}, Brief(text="a cat", avoid=("dogs", "text"))),
        ({"prompt": "a cat", "width": 768, "height": 512}, Brief(text="a cat", size=(768, 512))),
        ({"text": "a cat", "aspect": "16:9"}, Brief(text="a cat", size=(1344, 768))),
        (
            {"text": "a cat", "requirements": ["the cat is red", {"text": "no dogs", "must": False}]},
            Brief(
                text="a cat",
                requirements=(Requirement(text="the cat is red"), Requirement(text="no dogs", kind="absence", must=False)),
            ),
        ),
    ],
)
def test_files_have_the_fields_that_people_have(folder: Path, document: dict[str, object], brief: Brief) -> None:
    (folder / "brief.json").write_text(json.dumps(document))
    assert asked("brief.json").brief == brief
    assert asked(json.dumps(document)).brief == brief


def test_settings_of_other_generators_are_named(folder: Path) -> None:
    (folder / "brief.json").write_text('{"prompt": "a cat", "steps": 30, "seed": 1}')
    given = asked("brief.json")
    assert given.brief == Brief(text="a cat")
    assert "seed, steps" in given.warnings[0]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"prompt": 3}, "prompt in brief.json: 3 is not allowed; expected a valid string"),
        ({"prompt": " "}, "brief.json: prompt: ' ' is not allowed; expected a description of the picture"),
        ({"prompt": "a cat", "negative_prompt": 3}, "negative_prompt in brief.json: 3 is not allowed"),
        ({"prompt": "a cat", "negative_prompt": ["x" * 600]}, "brief.json: negative_prompt: "),
        ({"prompt": "a cat", "text": "a dog"}, "brief.json: one of text and prompt"),
        ({"text": "a cat", "width": 512}, "width in brief.json: [512] is not allowed; expected one size"),
        ({"text": "a cat", "size": "64x64", "aspect": "1:1"}, "size and aspect in brief.json: "),
        ({"text": "a cat", "requirements": ["a", {"text": "b", "must": "x"}]}, "requirements.1.must in brief.json: 'x'"),
        ({"text": "a cat", "steps": 3}, "steps in brief.json: 3 is not allowed; expected one of the fields"),
    ],
)
def test_errors_name_the_field_as_it_stands_in_the_file(folder: Path, document: dict[str, object], message: str) -> None:
    (folder / "brief.json").write_text(json.dumps(document))
    with pytest.raises(UsageError) as caught:
        asked("brief.json")
    assert str(caught.value).startswith(message)


# -- the shape ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "flags", "size"),
    [
        ("a cat --ar 16:9", {"size": "1920x1080"}, (1920, 1080)),
        ("a cat, 16:9", {"aspect": "16:9"}, (1344, 768)),
        ("a cat, 4:3", {"size": "1152x896"}, (1152, 896)),
        ("a cat, 512x768", {"size": "1024x1536"}, (1024, 1536)),
        ("a cat in portrait format", {"size": "512x640"}, (512, 640)),
        ("a cat", {"require": ["the picture has an aspect ratio of 16:9"]}, (1344, 768)),
        ("a cat 16:9", {}, (1344, 768)),
        ("a cat 512x768", {}, (512, 768)),
        ("a cat 512x768, masterpiece", {}, (512, 768)),
        ("a television of 1920x1080, on", {}, (1024, 1024)),
        ("a monitor that shows 1024x768, on a desk", {}, (1024, 1024)),
        ("a television of 1920x1080", {}, (1024, 1024)),
        ("a clock showing 9:16", {}, (1024, 1024)),
        ("a cat", {"prefer": ["the picture has an aspect ratio of 16:9"]}, (1024, 1024)),
    ],
)
def test_a_stated_shape_is_taken_or_agrees(text: str, flags: dict[str, Any], size: tuple[int, int]) -> None:
    assert asked(text, **flags).brief.size == size


@pytest.mark.parametrize(
    ("text", "flags", "parts"),
    [
        ("a cat --ar 16:9", {"size": "1024x1024"}, ["size", "1024x1024", "--ar 16:9"]),
        ("a cat, 512x768", {"aspect": "1:1"}, ["size", "1024x1024", "512x768"]),
        ("a cat in portrait format", {"size": "1024x1024"}, ["size", "in portrait format"]),
        ("a cat", {"size": "1024x1024", "require": ["the picture is in landscape format"]}, ["size", "landscape format"]),
        ("a cat --ar 16:9, 512x768", {}, ["text", "16:9"]),
        ("a cat --ar 9:1", {}, ["aspect", "--ar 9:1", "1:4 to 4:1"]),
        ("a cat --ar 100:1", {}, ["aspect", "--ar 100:1", "1:4 to 4:1"]),
        ("a cat --ar 16:9 1024x1024", {}, ["text", "1024x1024", "--ar 16:9"]),
    ],
)
def test_a_shape_that_the_order_does_not_have_is_an_error(text: str, flags: dict[str, Any], parts: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        asked(text, **flags)
    assert [part for part in parts if part not in str(caught.value)] == []


@pytest.mark.parametrize(
    ("text", "rest", "size", "avoid"),
    [
        ("a dog --ar 16x9", "a dog", (1344, 768), ()),
        ("a dog --aspect-ratio 3/2", "a dog", (1280, 832), ()),
        ("a dog, ar 16:9", "a dog", (1344, 768), ()),
        ("a dog, size: 512x768", "a dog", (512, 768), ()),
        ("un chien, format 16:9", "un chien", (1344, 768), ()),
        ("a dog --no", "a dog", (1024, 1024), ()),
        ("a dog --ar", "a dog", (1024, 1024), ()),
        ('a dog --no "text, people" --v 5', "a dog", (1024, 1024), ("text", "people")),
        ("a dog --exclude people --q 2", "a dog", (1024, 1024), ("people",)),
        ("a dog --negative_prompt people", "a dog", (1024, 1024), ("people",)),
        ('Prompt: "a red cat"', "a red cat", (1024, 1024), ()),
        ('Prompt: "OPEN" on a sign', '"OPEN" on a sign', (1024, 1024), ()),
        ("https://example.com/a.png a dog --iw 2", "a dog", (1024, 1024), ()),
        ("a page of https://example.com", "a page of https://example.com", (1024, 1024), ()),
    ],
)
def test_words_for_generators_are_never_lettering(text: str, rest: str, size: tuple[int, int], avoid: tuple[str, ...]) -> None:
    given = asked(text)
    assert (given.brief.text, given.brief.size, given.brief.avoid) == (rest, size, avoid)


def test_no_door_differs(folder: Path) -> None:
    brief = Brief(text="a cat", avoid=("dogs",), size=(1344, 768))
    text = "a cat --ar 16:9 --no dogs --v 6"
    (folder / "brief.toml").write_text(f'text = "{text}"')
    found = [asked(text), asked("brief.toml"), intake.read(text), intake.read(Brief(text=text))]
    assert [given.brief for given in found] == [brief] * 4
    assert len({given.warnings for given in found}) == 1
    event = read_event(
        {"prompt": "a cat --v 6", "negative_prompt": "no dogs", "sdxl_width": 1344, "sdxl_height": 768, **BUCKET}
    )
    assert event.brief == brief
    with pytest.raises(WrongEvent, match="--ar 16:9"):
        read_event({"prompt": text, "sdxl_width": 1024, **BUCKET})
    seen = brief_from(text, RequirementFlags(), Settings())  # of pictures that exist
    assert (seen.brief.size, "not checked" in seen.warnings[0]) == ((1024, 1024), True)


def test_warnings_are_in_the_record_from_the_start(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "a red circle --v 6", "--size", "512x512", "--json"]) == 0
    assert "“--v 6”" in json.loads(capsys.readouterr().out)["warnings"][0]


@pytest.mark.parametrize("text", ["a" + "\n" * 9999, "(" * 9999, "a" + " " * 9999, "16:9 " * 2000, '"' * 9999])
def test_long_texts_of_one_mark_are_read_at_once(text: str) -> None:
    assert intake.read(text).brief.text == text
    assert intake.read("a harbour", avoid=["x", text[:400]]).brief.text == "a harbour"


# -- lists and sentences --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "things"),
    [
        ("people, text, watermark", ("people", "text", "watermark")),
        ("no people", ("people",)),
        ("without any text or people", ("text", "people")),
        ("a dog, a cat, and the moon", ("dog", "cat", "moon")),
        ("no people, no text", ("people", "text")),
        ("not blurry", ("blurry",)),
        ("no-entry signs", ("no-entry signs",)),
        ("don't show people", ("people",)),
        ("no one", ("person",)),
        ("nothing", ()),
        ("keine Menschen", ("Menschen",)),
        ("black and white", ("black and white",)),
        ("people who smile and wave", ("people who smile and wave",)),
        ("sans serif lettering", ("sans serif lettering",)),
        ("(worst quality:1.4), lowres", ("worst quality", "lowres")),
        ("人物、文字", ("人物", "文字")),
        ("no people, please", ("people",)),
        ("no text whatsoever", ("text",)),
        ("text/watermark", ("text", "watermark")),
        ("no red, green or blue cars", ("red cars", "green cars", "blue cars")),
        ("things that are blue or red", ("things that are blue or red",)),
        ("no text, but logos are fine", ("text, but logos are fine",)),
        ("sans personnes", ("personnes",)),
        ("Menschen und Autos", ("Menschen", "Autos")),
    ],
)
def test_what_to_avoid_is_read_as_people_say_it(said: str, things: tuple[str, ...]) -> None:
    assert asked("a harbour", avoid=[said]).brief.avoid == things
    assert read_event({"prompt": "a harbour", "avoid": said, **BUCKET}).brief.avoid == things
    assert read_event({"prompt": "a harbour", "avoid": [said], **BUCKET}).brief.avoid == things


@pytest.mark.parametrize(
    ("said", "claims"),
    [
        ("exactly 3 cats", [Count("cats", 3)]),
        ("there are three boats", [Count("boats", 3)]),
        ("only one dog", [Count("dog", 1)]),
        ("one dog", [Statement("one dog")]),
        ("3 cats and 2 dogs", [Statement("3 cats and 2 dogs")]),
        ("3 o'clock", [Statement("3 o'clock")]),
        ("no text", [Absence("text")]),
        ("without people", [Absence("people")]),
        ("no text or people", [Absence("text"), Absence("people")]),
        ("no dog and a cat", [Statement("no dog and a cat")]),
        ("not a single cloud", [Absence("cloud")]),
        ('the word "OPEN" can be read', [Lettering("OPEN")]),
        ('the sign reads "OPEN"', [Lettering("OPEN"), Statement("there is lettering on the sign")]),
        ('text: "Hi"', [Lettering("Hi")]),
        ('it says "Hi"', [Lettering("Hi")]),
        ('the words "OPEN" are visible', [Lettering("OPEN")]),
        ("the sign says OPEN", [Lettering("OPEN"), Statement("there is lettering on the sign")]),
        ("the sign says open", [Statement("the sign says open")]),
        ("nobody is in the picture", [Absence("person")]),
        ("no one is smiling", [Statement("no one is smiling")]),
        ("24 hours clock", [Statement("24 hours clock")]),
        ('the sign reads exactly "Hi!"', [Lettering("Hi!", exact=True), Statement("there is lettering on the sign")]),
        ('the sign does not say "OPEN"', [Statement('the sign does not say "OPEN"')]),
        ("the picture is serene", [Statement("the picture is serene")]),
    ],
)
def test_requirements_in_words_are_asked_neutrally(said: str, claims: list[object]) -> None:
    events = read_event({"prompt": "a harbour", "requirements": [said, {"text": said, "must": False}], **BUCKET}).brief
    required = asked("a harbour", require=[said]).brief.requirements
    assert [claim(requirement) for requirement in required] == claims
    assert events.requirements[: len(claims)] == required
    assert [(claim(r), r.must) for r in events.requirements[len(claims) :]] == [(one, False) for one in claims]


@pytest.mark.parametrize(
    ("said", "kind"),
    [("at least 3 boats", "count"), ("no more than 3 boats", "count"), ("not more than 3 boats", "count")],
)
def test_amounts_are_counts(said: str, kind: str) -> None:
    (requirement,) = asked("a harbour", require=[said]).brief.requirements
    assert (requirement.kind, requirement.text) == (kind, said)


def test_a_kind_that_is_given_stays(folder: Path) -> None:
    (folder / "brief.toml").write_text('text = "a harbour"\n[[requirements]]\ntext = "no text"\nkind = "whole"\nid = "a"')
    assert asked("brief.toml").brief.requirements == (Requirement(id="a", text="no text", kind="whole"),)
