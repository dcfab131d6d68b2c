from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from onbrief.brief import Brief, Requirement
from onbrief.config import Settings, brief_of, load, read_brief, read_toml, settings_of
from onbrief.errors import UsageError
from onbrief.limits import Limits
from onbrief.policy import Classic


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("config")


def loaded(home: Path, flags: Mapping[str, object] | None = None, **environ: str) -> tuple[Settings, dict[str, str]]:
    return load(flags or {}, {"XDG_CONFIG_HOME": str(home)} | environ)


def users_file(home: Path, text: str) -> Path:
    path = home / "onbrief" / "onbrief.toml"
    path.parent.mkdir()
    path.write_text(text)
    return path


# -- where settings come from ----------------------------------------------------------------------------------------


def test_without_anything_the_defaults_hold(here: Path, home: Path) -> None:
    settings, origins = loaded(home)
    assert settings == Settings()
    assert set(origins.values()) == {"default"}


def test_flags_come_before_variables_before_the_folders_file_before_the_users_before_the_defaults(
    here: Path, home: Path
) -> None:
    path = users_file(home, "max_images = 1\nmax_attempts = 1\nmax_prompts = 1\nparallel = 1")
    (here / "onbrief.toml").write_text("max_images = 2\nmax_attempts = 2\nmax_prompts = 2")
    settings, origins = loaded(home, {"max_images": 4}, ONBRIEF_MAX_IMAGES="3", ONBRIEF_MAX_ATTEMPTS="3")
    names = ("max_images", "max_attempts", "max_prompts", "parallel", "policy")
    assert [getattr(settings, name) for name in names] == [4, 3, 2, 1, "adaptive"]
    assert [origins[name] for name in names] == ["flag", "environment", "onbrief.toml", str(path), "default"]


def test_a_flag_that_was_not_given_hides_nothing(here: Path, home: Path) -> None:
    settings, origins = loaded(home, {"max_images": None}, ONBRIEF_MAX_IMAGES="3")
    assert (settings.max_images, origins["max_images"]) == (3, "environment")


@pytest.mark.parametrize(
    ("image_model", "usual"),
    [
        (None, "sandbox:"),
        ("sandbox:sdxl", "sandbox:"),
        ("bedrock:stability.stable-image-core-v1:1", "bedrock:"),
        ("my-plugin:model", "bedrock:"),
    ],
)
def test_who_judges_and_writes_follows_who_draws(here: Path, home: Path, image_model: str | None, usual: str) -> None:
    settings, origins = loaded(home, {"image_model": image_model})
    origin = "image_model" if image_model else "default"
    assert (settings.judge, settings.reviser) == (usual, usual)
    assert (origins["judge"], origins["reviser"]) == (origin, origin)
    assert settings == (Settings(image_model=image_model) if image_model else Settings())


def test_who_judges_is_who_was_named(here: Path, home: Path) -> None:
    settings, origins = loaded(home, {"image_model": "bedrock:some.model", "judge": "sandbox:"})
    assert (settings.judge, settings.reviser) == ("sandbox:", "bedrock:")
    assert (origins["judge"], origins["reviser"]) == ("flag", "image_model")


def test_the_users_file_lies_in_his_home_when_nothing_says_otherwise(here: Path, at_home: Path) -> None:
    (at_home / ".config").mkdir()
    users_file(at_home / ".config", "max_images = 5")
    assert load({}, {})[0].max_images == 5


def test_variables_are_text_and_become_what_the_setting_is(here: Path, home: Path) -> None:
    settings, _ = loaded(home, ONBRIEF_PLAN="false", ONBRIEF_MAX_USD="1.5", ONBRIEF_PARALLEL="4", ONBRIEF_OUT="runs")
    assert (settings.plan, settings.max_usd, settings.parallel, settings.out) == (False, 1.5, 4, "runs")


def test_variables_of_others_are_none_of_ours(here: Path, home: Path) -> None:
    assert loaded(home, AWS_PROFILE="work", BRIEF="x")[0] == Settings()


# -- wrong settings --------------------------------------------------------------------------------------------------


def test_an_unknown_setting_is_refused_with_where_it_stands_and_what_there_is(here: Path, home: Path) -> None:
    (here / "onbrief.toml").write_text("max_image = 2")
    with pytest.raises(UsageError) as caught:
        loaded(home)
    assert str(caught.value).startswith(
        "setting in onbrief.toml: 'max_image' is not allowed; expected one of bucket_region image_model "
    )
    (here / "onbrief.toml").unlink()
    with pytest.raises(UsageError, match=r"^setting in environment: 'max_image' is not allowed"):
        loaded(home, ONBRIEF_MAX_IMAGE="2")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("MAX_IMAGES", "many", "max_images in settings: 'many' is not allowed; expected a valid integer"),
        ("MAX_IMAGES", "0", "limits.images: 0 is not allowed; expected a whole number from 1 to 10000"),
        ("MAX_USD", "-1", "limits.usd: -1.0 is not allowed; expected a number from 0 up"),
        ("MAX_USD", "nan", "limits.usd: nan is not allowed; expected a number from 0 up"),
        ("PARALLEL", "65", "parallel: 65 is not allowed; expected a whole number from 1 to 64"),
        ("POLICY", "greedy", "policy in settings: 'greedy' is not allowed; expected 'adaptive' or 'classic'"),
        ("SIZE", "big", "size: 'big' is not allowed; expected WIDTHxHEIGHT in pixels, such as 1024x768"),
        ("PLAN", "perhaps", "plan in settings: 'perhaps' is not allowed; expected a valid boolean"),
    ],
)
def test_a_wrong_value_names_the_field_the_value_and_what_is_allowed(
    here: Path, home: Path, name: str, value: str, message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        loaded(home, {}, **{f"ONBRIEF_{name}": value})
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_broken_toml_is_told_with_line_and_column(here: Path, home: Path) -> None:
    (here / "onbrief.toml").write_text("max_images = 2\nout = = 3")
    with pytest.raises(UsageError, match=r"^onbrief\.toml is not valid TOML: .*line 2, column 7"):
        loaded(home)


@pytest.mark.parametrize("data", [b"\xff\xfe", b"max_images = " + b"9" * 5000, b"a = " + b"[" * 5000])
def test_a_file_that_is_no_toml_at_all_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "onbrief.toml").write_bytes(data)
    with pytest.raises(UsageError, match=r"onbrief\.toml"):
        read_toml(tmp_path / "onbrief.toml")


def test_settings_know_their_limits_size_and_policy() -> None:
    settings = settings_of({"max_images": 3, "max_usd": 1, "size": "64x128", "policy": "classic", "parallel": 2})
    assert settings.limits == Limits(images=3, usd=1.0)
    assert (settings.picture_size, settings.chosen_policy) == ((64, 128), Classic(2))


# -- briefs in files -------------------------------------------------------------------------------------------------


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
    assert brief_of(read_brief(written(tmp_path, name, text))) == BRIEF


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
        read_brief(written(tmp_path, name, text))
    assert "\n" not in str(caught.value)


def test_a_brief_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_brief(tmp_path / "none.toml")


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


@pytest.mark.parametrize("path", sorted((Path(__file__).parents[1] / "examples").glob("*.toml")), ids=lambda path: path.name)
def test_the_examples_are_briefs(path: Path) -> None:
    assert brief_of(read_brief(path), str(path)).text


NOBODY = """
import os
from onbrief.config import load
from onbrief.store import open_store
load({})
open_store("s3://bucket/prefix")
for name in ("HOME", "XDG_CONFIG_HOME", "AWS_PROFILE", "AWS_ACCESS_KEY_ID"):
    os.environ.pop(name, None)
os.setuid(54321)
print(load({})[0].out, open_store("s3://bucket/prefix").url)
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become a user without a home")
def test_a_user_without_a_home_has_no_file() -> None:
    ran = subprocess.run([sys.executable, "-c", NOBODY], cwd="/", capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == ("onbrief-runs s3://bucket/prefix\n", "")
