"""How the image models of each provider are written for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from onbrief.ports import CLIP_TOKENS, NATURAL, Dialect, HasDialect, dialect_of
from onbrief.providers import registry
from onbrief.testing import ScriptedImageModel

CLIP = Dialect(unit="CLIP tokens", most=CLIP_TOKENS, negative=True, hardest_first=True)
KEYS = (
    "OPENAI_API_KEY",
    "GEMINI_API_KEY",
    "BFL_API_KEY",
    "FAL_KEY",
    "REPLICATE_API_TOKEN",
    "RUNWARE_API_KEY",
    "STABILITY_API_KEY",
)


@pytest.mark.parametrize(
    ("name", "dialect"),
    [
        ("a1111:", Dialect(unit="CLIP tokens", most=CLIP_TOKENS, negative=True, weights=True, hardest_first=True)),
        ("bedrock:stability.stable-diffusion-xl-v1", CLIP),
        ("bedrock:stability.sd3-5-large-v1:0", Dialect(most=190, negative=True)),
        ("bedrock:amazon.titan-image-generator-v2:0", Dialect(unit="characters", most=512, negative=True)),
        ("bedrock:stability.stable-image-core-v1:1", Dialect(negative=True)),
        ("bfl:flux-2-pro", NATURAL),
        ("fal:fal-ai/flux/schnell", Dialect(most=190)),
        ("google:gemini-3-pro-image", NATURAL),
        ("openai:gpt-image-2", NATURAL),
        ("replicate:black-forest-labs/flux-schnell", Dialect(most=190)),
        ("runware:civitai:133005@782002", CLIP),
        ("runware:runware:101@1", NATURAL),
        ("sandbox:sdxl", Dialect(negative=True, weights=True, hardest_first=True)),
        ("stability:core", Dialect(negative=True, weights=True)),
        ("stability:sd3.5-large", Dialect(most=190, negative=True)),
    ],
)
def test_an_image_model_says_how_it_is_written_for(name: str, dialect: Dialect, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in KEYS:
        monkeypatch.setenv(key, "x")
    model = registry.image_model(name)
    assert isinstance(model, HasDialect)
    assert dialect_of(model) == dialect


def test_a_workflow_gets_long_text_and_a_negative_text_if_it_has_a_place_for_one(tmp_path: Path) -> None:
    file = tmp_path / "w.json"
    for text, negative in (("blurry", False), ("%negative_prompt%", True)):
        nodes = {
            "1": {"class_type": "CLIPTextEncode", "inputs": {"text": "%prompt%"}},
            "2": {"class_type": "CLIPTextEncode", "inputs": {"text": text}},
            "3": {"class_type": "KSampler", "inputs": {"seed": "%seed%"}},
            "4": {"class_type": "SaveImage", "inputs": {"filename_prefix": "x"}},
        }
        file.write_text(json.dumps(nodes))
        assert dialect_of(registry.image_model(f"comfyui:{file}")) == Dialect(negative=negative)


def test_a_model_that_says_nothing_gets_long_natural_text() -> None:
    assert dialect_of(ScriptedImageModel()) == NATURAL
