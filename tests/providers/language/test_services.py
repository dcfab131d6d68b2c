"""Names of language models, where nothing but onbrief is installed and where a key is missing."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
from pathlib import Path

import pytest
from pydantic_ai.providers import infer_provider_class

from onbrief.cli import main
from onbrief.errors import UsageError
from onbrief.providers import registry
from onbrief.providers.language.services import KEYS_AT, OTHERS, SERVICES, suggested
from tests.installing import ROOT, built

THEIRS = {
    name
    for case in re.findall(r"^ +case (.*):$", inspect.getsource(infer_provider_class), re.MULTILINE)
    for name in re.findall(r"'([^']+)'", case)
}
"""The names of all services of the installed pydantic-ai."""

EACH = """
import contextlib, io, json, sys
from onbrief.cli import main

def said(*arguments):
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        code = main([*arguments])
    return code, out.getvalue(), err.getvalue()

print(json.dumps([said(*arguments) for arguments in json.load(sys.stdin)]))
"""
"""Runs each command and tells its exit code, output and messages."""


def test_every_service_of_pydantic_ai_is_known_here() -> None:
    assert THEIRS - set(SERVICES) - OTHERS - {name for name in THEIRS if name.startswith("bedrock")} == set()


@pytest.mark.parametrize("step", [4, pytest.param(1, marks=pytest.mark.soak)])
def test_where_no_extra_is_installed_every_name_is_one_line_with_package_and_extra(
    step: int, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    """By default, every fourth service."""
    package = built(tmp_path_factory)
    plugin = tmp_path / "plugin"  # an image model that needs no extra
    (plugin / "squares-0.dist-info").mkdir(parents=True)
    (plugin / "squares.py").symlink_to(ROOT / "examples" / "squares" / "squares.py")
    (plugin / "squares-0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: squares\nVersion: 0\n")
    (plugin / "squares-0.dist-info" / "entry_points.txt").write_text("[onbrief.providers]\nsquares = squares:PROVIDER\n")
    place = tmp_path / "here"
    place.mkdir()
    needs = {f"{service}:model": (client.package, client.extra) for service, client in SERVICES.items()}
    own = {"sandbox:": ("numpy", "onbrief[sandbox]"), "bedrock:stability.model": ("boto3", "onbrief[aws]")}
    unknown = [f"{service}:model" for service in sorted(OTHERS)[::step]] + [
        "nowhere:model",
        "gpt-4o",
        "google-gla:gemini-2.5-pro",
    ]
    draws = ["run", "a red square", "--image-model"]
    drawing = own | {"google:model": ("google.genai", "onbrief[google]"), "openai:model": ("openai", "onbrief[openai]")}
    some = (*own, *[*needs][::step], *unknown)
    asked = [(name, drawing.get(name), [*draws, name]) for name in some]
    for name in some:
        asked += [(name, (needs | own).get(name), [*draws, "squares:", "--judge", name])]
    for name in (*own, "openai:model", "groq:model", "gpt-4o"):
        commands = [[*draws, "squares:", flag, name] for flag in ("--reviser", "--confirm-judge")]
        commands += [
            [*draws, "squares:", "--judge", name, "--dry-run"],
            ["checklist", *draws[1:], "squares:", "--reviser", name],
        ]
        commands += [["judge", "a square", str(ROOT / "docs" / "things.png"), "--judge", name, "--reviser", "squares:"]]
        asked += [(name, (needs | own).get(name), command) for command in commands]
    ran = subprocess.run(
        [str(package.python), "-c", EACH],
        input=json.dumps([command for _, _, command in asked]),
        cwd=place,
        env={"PYTHONPATH": str(plugin), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    for (name, missing, command), (code, out, err) in zip(asked, json.loads(ran.stdout), strict=True):
        assert (code, out) == (2, ""), (command, err)
        if missing:
            line, hint = err.splitlines()
            assert re.match(
                rf"error: .*not installed: .*{re.escape(missing[0])}.*, which {re.escape(missing[1])} installs$", line
            ), err
            assert hint == f"hint: pip install '{missing[1]}'"
        else:  # nothing that could be installed would help
            assert re.match(
                rf"error: \w+: '{re.escape(name)}' is not allowed; expected PROVIDER:MODEL .*\n(hint: .*\n)?$", err
            ), err
    assert list(place.iterdir()) == []  # nothing was begun


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("gpt-4o", "openai:gpt-4o"),
        ("o3-mini?max_tokens=9", "openai:o3-mini?max_tokens=9"),
        ("claude-sonnet-5", "anthropic:claude-sonnet-5"),
        ("gemini-3-pro", "google:gemini-3-pro"),
        ("google-gla:gemini-3-pro", "google:gemini-3-pro"),
        ("google-vertex:gemini-3-pro", "google-cloud:gemini-3-pro"),
        ("llama3.2-vision:11b", "ollama:llama3.2-vision:11b"),
        ("qwen2.5vl", "ollama:qwen2.5vl"),
        ("mistral-large-latest", "mistral:mistral-large-latest"),
        ("openai/gpt-4o", "openai:gpt-4o"),
        ("gemini/gemini-3-pro", "google:gemini-3-pro"),
        ("meta-llama/llama-4", "openrouter:meta-llama/llama-4"),
        ("OpenAI:gpt-4o", "openai:gpt-4o"),
        ("antropic:claude-sonnet-5", "anthropic:claude-sonnet-5"),
        ("us.anthropic.claude-sonnet-5-v1:0", "bedrock:us.anthropic.claude-sonnet-5-v1:0"),
        ("bedrock/anthropic.claude-sonnet-5", "bedrock:anthropic.claude-sonnet-5"),
        ("arn:aws:bedrock:us-east-1:1:inference-profile/x", "bedrock:arn:aws:bedrock:us-east-1:1:inference-profile/x"),
        ("Sandbox:", "sandbox:"),
        ("sandbox", "sandbox:"),
        ("glm-5.3", "zai:glm-5.3"),
    ],
)
def test_a_name_without_a_known_service_says_which_is_meant(name: str, meant: str) -> None:
    with pytest.raises(UsageError) as caught:
        registry.judge(name)
    assert str(caught.value).endswith(f"; did you mean {meant}?")


def test_an_image_model_is_not_looked_for_where_none_are() -> None:
    with pytest.raises(UsageError) as caught:
        registry.image_model("anthropic:claude-sonnet-5")
    assert caught.value.hint == "a model of anthropic can be judge or planner or reviser"
    with pytest.raises(UsageError, match=r"one of the providers (\w+ )*bedrock (\w+ )*sandbox\b"):
        registry.image_model("gpt-image-2")
    assert suggested("anything") == ""


@pytest.mark.parametrize(
    ("package", "name", "variable"),
    [
        ("openai", "openai:gpt-5", "OPENAI_API_KEY"),
        ("openai", "openrouter:openai/gpt-5", "OPENROUTER_API_KEY"),
        ("openai", "ollama:llava", "OLLAMA_BASE_URL"),
        ("anthropic", "anthropic:claude-sonnet-5", "ANTHROPIC_API_KEY"),
        ("google.genai", "google:gemini-3-pro", "GOOGLE_API_KEY"),
        ("google.genai", "google-cloud:gemini-3-pro", ""),
    ],
)
def test_a_missing_key_is_one_line_with_its_variable_before_anything_is_begun(
    package: str, name: str, variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip(package)
    monkeypatch.chdir(tmp_path)
    for other in (
        "OPENAI_API_KEY",
        "OPENROUTER_API_KEY",
        "OLLAMA_BASE_URL",
        "ANTHROPIC_API_KEY",
        "GOOGLE_API_KEY",
        "GEMINI_API_KEY",
    ):
        monkeypatch.delenv(other, raising=False)
    assert main(["run", "a red circle", "--judge", name]) == 1
    out, err = capsys.readouterr()
    first, *hint = err.splitlines()
    needed = f"needs the environment variable {variable}, which is not set" if variable else "cannot be used: "
    assert (out, first.startswith(f"error: judge: {name} {needed}")) == ("", True), err
    assert [line.startswith(f"hint: export {variable}=") for line in hint] == [True] * bool(variable)
    assert KEYS_AT.get(variable, "") in "".join(hint)
    assert list(tmp_path.iterdir()) == []


def test_a_service_alone_is_no_model() -> None:
    with pytest.raises(UsageError, match=r"^judge: 'openai:' is not allowed; expected openai:MODEL"):
        registry.judge("openai:")


def test_the_services_with_an_extra_are_listed_without_importing_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert {"openai:", "anthropic:", "google:", "ollama:"} <= set(rows)
    assert {rows[f"{service}:"]["state"].split(" (")[0] for service in ("openai", "ollama")} <= {"installed", "not installed"}
