"""`models`: a table that fits 80 columns, a document, and what fits some words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from onbrief.cli import main
from onbrief.providers import registry
from onbrief.providers.bedrock.catalogue import image_models, language_models

CORE = "bedrock:stability.stable-image-core-v1:1"
OLD = "bedrock:stability.stable-diffusion-xl-v1"
CLAUDE = "bedrock:global.anthropic.claude-sonnet-5"


def listed(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    assert main(["models", *words]) == 0
    return capsys.readouterr().out.splitlines()


def test_models_lists_each_model_with_price_sizes_edits_recovery_and_state_in_80_columns(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = listed(capsys)
    assert [line for line in lines if len(line) > 80] == []
    assert lines[0].split() == ["IMAGE", "MODELS", "price", "sizes", "edits", "recovery", "state"]
    assert {line.split()[0] for line in lines if ":" in line} == {row.name for row in registry.models()}
    at = lines.index(CORE)
    assert lines[at + 1].split() == ["$0.04", "9", "ratios", "-", "own", "tag", "active"]
    at = lines.index(OLD)
    assert (lines[at + 1].split()[-1], lines[at + 2].strip()) == ("ended", "ended on 2025-05-20")
    (claude,) = [line for line in lines if line.startswith(f"{CLAUDE} ")]
    assert claude.split() == [CLAUDE, "$2", "$10", "active"]
    (sandbox,) = [line for line in lines if line.startswith("sandbox:modern")]
    assert sandbox.split() == ["sandbox:modern", "free", "512-2048", "px", "-", "-", "active"]


def test_words_choose_models_and_say_what_each_takes(capsys: pytest.CaptureFixture[str]) -> None:
    text = " ".join(" ".join(listed(capsys, "bedrock", "Core")).split())
    assert (
        f"{CORE} $0.04 9 ratios - own tag active Stable Image Core; takes prompts of 10000 characters; aspect ratios 16:9"
        in text
    )
    names = [line.split()[0] for line in listed(capsys, "images", "sandbox") if ":" in line]
    assert names == [
        "sandbox:modern",
        "sandbox:sdxl",
    ]
    for kind in ("image", "editing", "language"):
        assert main(["models", kind, "--json"]) == 0
        assert {row["kind"] for row in json.loads(capsys.readouterr().out)} == {kind}


@pytest.mark.parametrize(
    ("words", "what"),
    [(["bedrok"], "models: 'bedrok' is not allowed; expected one of bedrock"), (["sandbox", "language"], "'language'")],
)
def test_words_that_fit_nothing_are_named(words: list[str], what: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", *words]) == 2
    out, err = capsys.readouterr()
    assert (out, what in err) == ("", True), err


def test_models_json_has_every_field(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--json"]) == 0
    rows: dict[str, Any] = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert {f"bedrock:{id_}" for id_ in image_models()} <= set(rows)
    core = rows[CORE]
    assert (core["kind"], core["usd"], core["state"], core["ended"]) == ("image", 0.04, "active", None)
    assert rows[OLD]["ended"] == "2025-05-20"
    assert {f"bedrock:{facts.profile}" for facts in language_models().values()} <= set(rows)
    haiku = rows["bedrock:global.anthropic.claude-haiku-4-5-20251001-v1:0"]
    assert (haiku["kind"], haiku["usd"], haiku["usd_in"], haiku["usd_out"]) == ("language", None, 1, 5)
