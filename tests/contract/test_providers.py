"""The contract of providers over those that come with onbrief and whose models can be made without a key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import pytest

from onbrief.ports import Provider, Role
from onbrief.providers import bedrock
from onbrief.testing import ProviderContract
from onbrief_sandbox.provider import PROVIDER as SANDBOX
from tests.providers.wiring import keys


class TestSandbox(ProviderContract):
    def provider(self) -> Provider:
        return SANDBOX


class TestBedrock(ProviderContract):
    names: ClassVar[Mapping[Role, str]] = {
        "image_model": "bedrock:stability.stable-image-core-v1:1",
        "editor": "bedrock:stability.image-services",
    }

    @pytest.fixture(autouse=True)
    def keys_of_the_test(self, monkeypatch: pytest.MonkeyPatch) -> None:
        keys(monkeypatch)
        monkeypatch.setenv("AWS_REGION", "us-west-2")

    def provider(self) -> Provider:
        return bedrock.PROVIDER
