from __future__ import annotations

import pytest

from onbrief.ports import Check, ModelName
from onbrief.providers.google import PROVIDER
from onbrief_sandbox.server.faults import Fault
from tests.providers.google.reaching import Service

FLASH = ModelName("google", "gemini-3.1-flash-image")


def checked(name: ModelName, **values: str) -> Check:
    (found,) = PROVIDER.check({"image_model": name}, values)
    return found


def test_doctor_asks_for_each_model_and_pays_nothing(google: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    google.script.now(Fault(does="status", status=500))  # which only calls have that cost something
    assert checked(FLASH) == Check("ok", "image_model", f"{FLASH}, active in the catalogue")
    ended = checked(ModelName("google", "gemini-2.5-flash-image"))
    assert (ended.state, ended.hopeless, "NOT_FOUND" in ended.told) == ("error", True, True)
    monkeypatch.delenv("GEMINI_API_KEY")
    missing = checked(FLASH)
    assert (missing.state, missing.hopeless, missing.advice) == ("error", True, "get one at https://aistudio.google.com/apikey")
    monkeypatch.setenv("GEMINI_API_KEY", "sandbox")
    elsewhere = checked(FLASH, base_url="http://127.0.0.1:9")  # where nothing listens
    assert (elsewhere.state, elsewhere.hopeless) == ("warning", False)
    assert google.billed() == []
