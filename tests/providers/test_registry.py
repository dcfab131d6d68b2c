from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from onbrief.errors import UsageError
from onbrief.providers import registry

ROLES: dict[str, Callable[[str], object]] = {
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


PLUGIN = """
class Square:
    price = 0.01

    def __init__(self, model, options):
        self.name = "squares:" + model
        self.options = options


def square(model, options):
    return Square(model, dict(options))
"""


def test_an_image_model_is_a_plug_in_by_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "squares.py").write_text(PLUGIN)
    about = tmp_path / "squares-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: squares\nVersion: 1\n")
    (about / "entry_points.txt").write_text(f"[{registry.IMAGE_MODEL_PLUGINS}]\nsquares = squares:square\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    model = registry.image_model("squares:big:1?usd=1&empty=")
    assert (model.name, model.price) == ("squares:big:1", 0.01)
    assert vars(model)["options"] == {"usd": "1", "empty": ""}
    with pytest.raises(UsageError, match="one of the providers bedrock sandbox squares"):
        registry.image_model("circles:")
    with pytest.raises(UsageError, match="one of the providers bedrock sandbox"):
        registry.judge("squares:big")
