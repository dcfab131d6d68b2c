"""Checkpoints on a server with the API of AUTOMATIC1111's web UI: names, what is sent, and what its answers mean."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from onbrief.errors import CallError, ConfigError, Failed, OnbriefError, Refused, Unknown, UsageError
from onbrief.ports import ModelName, Picture
from onbrief.providers import registry
from onbrief.providers.a1111 import PROVIDER
from onbrief.record import Prompt
from onbrief_sandbox.server.faults import Fault
from tests.providers.over_http import Service
from tests.providers.recording import PICTURE, Recorder, Reply, recording

CIRCLE = Prompt(0, "a (red:1.3) circle", "blurry")
SIZE = (512, 512)
CHECKPOINTS = Reply([{"title": "dreamshaper_8.safetensors [879db523c3]", "model_name": "dreamshaper_8"}])
INFO = json.dumps({"seed": 1, "sd_model_name": "dreamshaper_8"})
DRAWN = Reply({"images": [PICTURE], "parameters": {}, "info": INFO})


def drawn(service: Service, name: str) -> Picture:
    return asyncio.run(service.model(name).generate(CIRCLE, SIZE, 1))


def answering(name: str, *replies: Reply, auth: str = "") -> tuple[Recorder, Any]:
    """Return the server that gave these answers, and what they came to."""
    with recording(*replies) as recorder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("A1111_AUTH", auth)
        tables = {"a1111": {"base_url": f"http://127.0.0.1:{recorder.port}"}}
        try:
            return recorder, asyncio.run(registry.image_model(f"a1111:{name}", tables).generate(CIRCLE, (500, 700), 1))
        except (CallError, ConfigError) as error:
            return recorder, error


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(does="empty", operation="a1111.txt2img"), Failed),
        (Fault(does="status", status=500, operation="a1111.txt2img"), Failed),
        (Fault(does="cut", byte=500, operation="a1111.txt2img"), Unknown),
        (Fault(does="reset", operation="a1111.txt2img"), Unknown),
        (Fault(does="cut", byte=5, operation="a1111.sd-models"), Refused),  # before anything was drawn
        (Fault(does="status", status=500, operation="a1111.sd-models"), Refused),
    ],
    ids=lambda value: f"{value.operation} {value.does}" if isinstance(value, Fault) else None,
)
def test_what_goes_wrong_has_the_right_outcome(fault: Fault, kind: type[Exception], service: Service) -> None:
    service.fresh(fault)
    with pytest.raises(kind, match=r"^a1111:dreamshaper_8: "):
        drawn(service, "dreamshaper_8")
    assert len(service.lines()) == (kind is not Refused)


@pytest.mark.parametrize("name", ["dreamshaper_8", "dreamshaper_8.safetensors", "879db523c3"])
def test_a_checkpoint_is_named_by_its_name_its_file_or_its_hash(name: str, service: Service) -> None:
    service.fresh()
    made = drawn(service, name)
    assert made.facts == {"seed": "1", "checkpoint": "dreamshaper_8"}
    assert drawn(service, "").facts["checkpoint"] == "sd_xl_base_1.0"
    assert [line["model"] for line in service.lines()] == ["dreamshaper_8", "sd_xl_base_1.0"]


def test_a_checkpoint_that_the_server_does_not_have_is_refused_before_it_draws_with_another_one(service: Service) -> None:
    service.fresh()
    with pytest.raises(ConfigError, match="no checkpoint dreamshaper_9") as caught:
        drawn(service, "dreamshaper_9")
    assert "dreamshaper_8" in caught.value.hint
    assert service.lines() == []


def test_the_server_is_sent_what_the_model_is_asked_for() -> None:
    name = "dreamshaper_8?steps=12&cfg_scale=5.5&sampler_name=Euler%20a&scheduler=Karras"
    recorder, made = answering(name, CHECKPOINTS, DRAWN)
    assert isinstance(made, Picture)
    assert recorder.paths == ["/sdapi/v1/sd-models", "/sdapi/v1/txt2img"]
    assert recorder.bodies[1:] == [
        {
            "prompt": "a (red:1.3) circle",
            "negative_prompt": "blurry",
            "seed": 1,
            "width": 496,
            "height": 704,
            "steps": 12,
            "cfg_scale": 5.5,
            "sampler_name": "Euler a",
            "scheduler": "Karras",
            "override_settings": {"sd_model_checkpoint": "dreamshaper_8.safetensors [879db523c3]"},
            "override_settings_restore_afterwards": False,
        }
    ]


@pytest.mark.parametrize(
    ("reply", "kind", "words", "hint"),
    [
        (Reply({"detail": "Not Found"}, 404), ConfigError, "Not Found", "--api"),
        (
            Reply({"error": "HTTPException", "detail": "Sampler not found", "body": "", "errors": ""}, 400),
            ConfigError,
            "Sampler",
            "",
        ),
        (
            Reply({"detail": [{"loc": ["body", "width"], "msg": "Input should be a valid integer", "type": "int_type"}]}, 422),
            ConfigError,
            "body.width: Input should be a valid integer",
            "",
        ),
        (
            Reply({"error": "OutOfMemoryError", "detail": "", "body": "", "errors": "CUDA out of memory."}, 500),
            Failed,
            "OutOfMemoryError: CUDA out of memory.",
            "smaller pictures",
        ),
        (
            Reply({"error": "HTTPException", "detail": "Incorrect username or password"}, 401),
            ConfigError,
            "Incorrect",
            "A1111_AUTH",
        ),
        (Reply(raw=b"<html>gateway</html>", status=502), Failed, "gateway", ""),
        (Reply({"images": ["?"], "info": ""}), Failed, "base64", ""),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Reply) else None,
)
def test_error_documents_are_read_and_say_what_to_do(reply: Reply, kind: type[OnbriefError], words: str, hint: str) -> None:
    _, error = answering("", reply)
    assert type(error) is kind, error
    assert isinstance(error, OnbriefError)
    assert words in str(error)
    assert hint in error.hint


def test_a_server_that_draws_with_another_checkpoint_is_a_warning() -> None:
    _, made = answering("dreamshaper_8", CHECKPOINTS, Reply({"images": [PICTURE], "info": '{"sd_model_name": "other"}'}))
    assert made.warnings[-1] == "the server drew with the checkpoint other instead of dreamshaper_8"


def test_a_server_can_ask_for_a_user_and_a_password(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    service.fresh()
    monkeypatch.setenv("A1111_AUTH", "sandbox:sandbox")
    assert drawn(service, "").data
    monkeypatch.setenv("A1111_AUTH", "sandbox:wrong")
    with pytest.raises(ConfigError, match="Incorrect username or password"):
        drawn(service, "")
    elsewhere = registry.image_model(f"a1111:?base_url={service.url}")  # which is not sent them: it draws without
    assert asyncio.run(elsewhere.generate(CIRCLE, SIZE, 1)).data
    monkeypatch.setenv("A1111_AUTH", "sandbox")
    with pytest.raises(ConfigError, match="user:password"):
        service.model("")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("a1111:?steps=0", "a whole number from 1 to 150"),
        ("a1111:?quality=high", "not quality"),
        ("a1111:?base_url=gpu:7860", "a URL such as"),
    ],
)
def test_a_name_that_is_wrong_is_refused_with_what_is_allowed(name: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        registry.image_model(name)


def test_the_address_can_be_in_the_name(service: Service) -> None:
    service.fresh()
    named = registry.image_model(f"a1111:?base_url={service.url}")
    assert asyncio.run(named.generate(CIRCLE, SIZE, 1)).data
    assert named.price == 0


@pytest.mark.parametrize(
    ("name", "state", "told", "hopeless"),
    [
        ("", "ok", "sd_xl_base_1.0.safetensors [31e35c80fc]", False),
        ("dreamshaper_8", "ok", "is dreamshaper_8.safetensors [879db523c3]", False),
        ("nothing", "error", "no checkpoint nothing", True),
    ],
)
def test_the_doctor_asks_the_server(name: str, state: str, told: str, hopeless: bool, service: Service) -> None:
    service.fresh()
    (found,) = PROVIDER.check({"image_model": ModelName("a1111", name)}, {"base_url": service.url})
    assert (found.state, found.hopeless) == (state, hopeless)
    assert told in found.told
    (away,) = PROVIDER.check({"image_model": ModelName("a1111", name)}, {"base_url": "http://127.0.0.1:9"})
    assert (away.state, away.hopeless) == ("error", False)
    assert "--api" in away.advice
