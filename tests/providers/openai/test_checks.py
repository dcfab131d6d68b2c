"""The contract of providers for OpenAI, and what doctor says of its models."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import ClassVar

import pytest

from onbrief.ports import Check, ModelName, Provider, Role
from onbrief.providers import registry
from onbrief.providers.openai import PROVIDER
from onbrief.testing import ProviderContract
from tests.providers.over_http import Service


class TestProvider(ProviderContract):
    names: ClassVar[Mapping[Role, str]] = {"image_model": "openai:gpt-image-2", "editor": "openai:gpt-image-2"}

    @pytest.fixture(autouse=True)
    def keys_of_the_test(self, service: Service) -> Generator[None]:
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setenv("OPENAI_API_KEY", "any")
            yield

    def provider(self) -> Provider:
        return PROVIDER


def found(name: str, settings: Mapping[str, str]) -> Check:
    (check,) = PROVIDER.check({"image_model": ModelName.parse(name, "image_model")}, settings)
    return check


def test_doctor_asks_the_server_for_the_model_and_pays_for_nothing(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    service.fresh()
    monkeypatch.setenv("OPENAI_API_KEY", "any")
    there = found("openai:gpt-image-2", service.settings)
    assert (there.state, there.told.partition(" at ")[0]) == ("ok", "openai:gpt-image-2")
    assert "active as of" in there.told
    missing = found("openai:gpt-image-1", service.settings)
    assert (missing.state, "does not exist" in missing.told) == ("warning", True)
    silent = found("openai:x?base_url=http://127.0.0.1:1/v1", {})
    assert (silent.state, "no connection" in silent.told) == ("warning", True)
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.delenv("OPENAI_BASE_URL")
    without = found("openai:gpt-image-2", {})
    assert (without.state, without.hopeless, "OPENAI_API_KEY" in without.told) == ("error", True, True)
    assert service.lines() == []


def test_models_are_listed_with_price_sizes_and_edits() -> None:
    rows = {row.name: row for row in registry.models()}
    row = rows["openai:gpt-image-2"]
    assert (row.usd, row.edits, row.recovery, row.state) == (pytest.approx(0.71157), True, "", "active")
    assert row.sizes == "sides of 480 to 3840 pixels in steps of 16, up to 3:1"
    assert rows["openai:gpt-image-1"].ended == "2026-10-23"
