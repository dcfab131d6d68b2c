from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Generator
from importlib import invalidate_caches
from pathlib import Path

import pytest

from onbrief.cli import main
from onbrief.config import load
from onbrief.errors import ConfigError, UsageError
from onbrief.providers import registry
from onbrief.settings import Settings

ROLES: dict[str, Callable[..., object]] = {
    "image_model": registry.image_model,
    "judge": registry.judge,
    "reviser": registry.reviser,
    "planner": registry.planner,
}
BY_ROLE = pytest.mark.parametrize("role", ROLES)


@BY_ROLE
@pytest.mark.parametrize("name", ["", "sandbox", "nowhere:model", "Sandbox:", " sandbox:", ":model"])
def test_an_unknown_provider_is_refused_with_the_known_ones(role: str, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        ROLES[role](name)
    field = "reviser" if role == "planner" else role
    assert str(caught.value).startswith(f"{field}: {name!r} is not allowed; expected PROVIDER:MODEL with one of the providers ")
    assert "sandbox" in str(caught.value)


@BY_ROLE
@pytest.mark.parametrize("query", ["usd", "usd=1&seconds", "&"])
def test_options_that_are_no_pairs_are_refused(role: str, query: str) -> None:
    with pytest.raises(UsageError, match=r"options as \?name=value&name=value"):
        ROLES[role](f"sandbox:?{query}")


SQUARES = """
from onbrief.ports import ANY_PICTURE, ListedModel, Provider, Setting


class Model:
    price = 0.01
    picture_limits = ANY_PICTURE

    def __init__(self, role, name, values):
        self.role, self.name, self.options, self.values = role, str(name), dict(name.options), dict(values)


def maker(role):
    return lambda name, values: Model(role, name, values)


PROVIDER = Provider(
    name="squares",
    image_model=maker("image_model"),
    editor=maker("editor"),
    judge=maker("judge"),
    planner=maker("planner"),
    reviser=maker("reviser"),
    settings=(Setting("url", "where it is asked", default="http://127.0.0.1"), Setting("key_file", "what it is asked with")),
    defaults={"judge": "squares:eye", "reviser": "squares:pen"},
    models=lambda: [ListedModel("squares:big", "image", "Big Squares", "active", None, "squares", 0.01)],
)
DRAWS = Provider(name="draws", image_model=maker("image_model"))
"""
DRAWING = "a1111 bedrock bfl comfyui draws fal google openai replicate runware sandbox squares stability"
POINTS = """
[onbrief.providers]
squares = squares:PROVIDER
draws = squares:DRAWS
"""
BROKEN = """
[onbrief.providers]
missing = nowhere_at_all:PROVIDER
text = squares:SETTING
other = squares:DRAWS

[onbrief.commands]
lost = nowhere_at_all:command
"""


def installed(folder: Path, points: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution with these entry points, found from now on."""
    (folder / "squares.py").write_text(SQUARES)
    about = folder / "squares_kit-2.1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: squares-kit\nVersion: 2.1\n")
    (about / "entry_points.txt").write_text(points)
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    invalidate_caches()
    registry.refresh()


@pytest.fixture(autouse=True)
def _refreshed() -> Generator[None]:
    yield
    sys.modules.pop("squares", None)
    registry.refresh()


@pytest.fixture
def squares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path, POINTS, monkeypatch)


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path, BROKEN, monkeypatch)


@pytest.mark.usefixtures("squares")
@pytest.mark.parametrize("role", [*ROLES, "editor"])
def test_a_plug_in_plays_every_role_with_its_settings(role: str) -> None:
    make: Callable[..., object] = {**ROLES, "editor": registry.editor}[role]
    about = vars(make("squares:big:1?usd=1&empty=", {"squares": {"key_file": "k"}, "bedrock": {"region": "x"}}))
    assert about == {
        "role": role,
        "name": "squares:big:1?usd=1&empty=",
        "options": {"usd": "1", "empty": ""},
        "values": {"url": "http://127.0.0.1", "key_file": "k"},
    }


@pytest.mark.parametrize(
    ("image_model", "editor"),
    [
        ("sandbox:sdxl?usd=0.01", "sandbox:sdxl?usd=0.01"),
        ("openai:gpt-image-2?quality=low", "openai:gpt-image-2?quality=low"),
        ("bfl:flux-2-pro?timeout=9", "bfl:flux-2-pro?timeout=9"),
        ("bfl:flux-pro-1.1", None),  # it does not edit
        ("bedrock:stability.stable-image-core-v1:1?timeout=9", "bedrock:stability.image-services?timeout=9"),
        ("stability:core?style_preset=anime&timeout=9", "stability:image-services?timeout=9"),
        ("runware:runware:101@1", "runware:runware:102@1"),
        ("google:gemini-3.1-flash-image", None),  # there is no key
        ("comfyui:missing.json", None),
        ("fal:flux/dev", None),
        ("test:painter", None),
    ],
)
def test_the_editor_beside_an_image_model_is_the_same_model_or_that_of_its_provider(
    image_model: str, editor: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "BFL_API_KEY", "STABILITY_API_KEY", "RUNWARE_API_KEY"):
        monkeypatch.setenv(name, "key")
    for name in ("GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    found = registry.editor_beside(image_model)
    assert (found and found.name) == editor


@pytest.mark.usefixtures("squares")
def test_a_plug_in_names_the_models_of_the_other_roles_and_one_without_any_leaves_them_to_the_general_ones() -> None:
    settings = Settings(image_model="squares:big")
    assert (settings.judge, settings.reviser) == ("squares:eye", "squares:pen")
    settings = Settings(image_model="draws:x")
    assert (settings.judge, settings.reviser) == ("bedrock:", "bedrock:")


@pytest.mark.usefixtures("squares")
def test_the_settings_of_a_plug_in_come_from_its_table_and_from_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("onbrief.toml").write_text('[squares]\nurl = "http://a"\nkey_file = "f"')
    settings, origins = load({}, {"ONBRIEF_SQUARES_KEY_FILE": "k"})
    assert settings.tables == {"squares": {"url": "http://a", "key_file": "k"}}
    assert (origins["squares.url"], origins["squares.key_file"]) == ("onbrief.toml", "environment")
    with pytest.raises(UsageError, match=r"^setting of squares: 'colour' is not allowed; expected one of url key_file"):
        registry.judge("squares:", {"squares": {"colour": "red"}})


@pytest.mark.usefixtures("squares")
def test_a_plug_in_is_listed_and_named_where_another_name_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    assert "squares:big " in capsys.readouterr().out
    with pytest.raises(UsageError, match=f"one of the providers {DRAWING}$"):
        registry.image_model("circles:")


@pytest.mark.usefixtures("squares")
def test_a_provider_without_a_role_is_refused_with_those_that_have_it() -> None:
    expected = "one of the providers bedrock sandbox squares, or of those that pydantic-ai knows"
    with pytest.raises(UsageError, match=rf"^judge: 'draws:x' is not allowed; expected PROVIDER:MODEL with {expected}$"):
        registry.judge("draws:x")
    with pytest.raises(UsageError, match=r"^image_model: 'openai:gpt' is not allowed"):
        registry.image_model("openai:gpt")


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("missing", "cannot be loaded: ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("text", "cannot be loaded: AttributeError: "),
        ("other", "calls itself 'draws'"),
    ],
)
def test_an_entry_point_that_cannot_be_loaded_is_an_error_of_its_distribution_when_it_is_needed(name: str, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        registry.image_model(f"{name}:model")
    assert str(caught.value).startswith(f"the provider {name} of squares-kit 2.1 {why}")
    assert name in registry.broken()


@pytest.mark.usefixtures("broken")
def test_what_cannot_be_loaded_stops_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ONBRIEF_MISSING_URL", "http://a")
    Path("onbrief.toml").write_text('[missing]\nregion = "x"')
    assert load({})[0].tables["missing"] == {"region": "x", "url": "http://a"}
    assert main(["run", "a red circle", "--size", "512x512", "--quiet"]) == 0
    assert main(["list"]) == 0
    assert main(["models"]) == 0
    assert "the provider missing of squares-kit 2.1 cannot be loaded" in capsys.readouterr().err
    assert main(["doctor"]) == 0
    assert "warning  missing " in capsys.readouterr().out
    assert main(["lost", "--fast", "x"]) == 1
    assert "error: the command lost of squares-kit 2.1 cannot be loaded: ModuleNotFoundError" in capsys.readouterr().err
    assert main(["--help"]) == 0


def test_a_name_of_another_librarys_provider_is_covered_by_that_library() -> None:
    found = registry.provider("mistral")
    assert found is not None
    assert (found.name, registry.provider("nowhere"), registry.provider("")) == ("pydantic-ai", None, None)


LAZY = """
import sys
from onbrief.settings import Settings
from onbrief.providers import registry
Settings(image_model="bedrock:x"), registry.models(), registry.provider("sandbox")
print(sorted({name.partition(".")[0] for name in sys.modules} & {"boto3", "botocore", "numpy", "pydantic_ai", "resvg_py"}))
"""


def test_looking_at_providers_imports_nothing_that_their_models_need() -> None:
    assert subprocess.run([sys.executable, "-c", LAZY], capture_output=True, text=True, check=True).stdout == "[]\n"
