"""Image models on Bedrock over real HTTP, with the sandbox server and, for what that lacks, a recording server."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from onbrief.brief import Size
from onbrief.errors import Blocked, ConfigError, Failed, OnbriefError, PictureError, Refused, Unknown, UsageError
from onbrief.pictures import inspect
from onbrief.ports import Picture
from onbrief.providers import registry
from onbrief.providers.bedrock.images import BedrockImageModel
from onbrief.providers.bedrock.runtime import Runtime
from onbrief.record import Prompt
from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.faults import Fault, Script
from tests.providers.recording import PICTURE, PNG, Reply, recording
from tests.providers.wiring import (
    CIRCLE,
    SQUARE,
    STABILITY,
    Wire,
    at,
    drawn,
    keys,
    named,
)
from tests.sandbox.server.serving import CORE, NOVA, SD3, SDXL, TITAN, ULTRA, lines, served

MODELS = (CORE, SD3, ULTRA, SDXL, NOVA, TITAN)
AVOIDING = Prompt(0, "a red circle", "a dog")


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    keys(monkeypatch)


def error_of(name: str) -> OnbriefError:
    """The error of a model with a separate connection."""
    with pytest.raises(OnbriefError) as caught:
        asyncio.run(named(name).generate(CIRCLE, SQUARE, 1))
    return caught.value


# -- what is sent --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_every_model_draws_through_the_wire_and_is_on_the_bill_once(model: str, wire: Wire) -> None:
    picture = wire.draws(model, prompt=AVOIDING)
    assert (inspect(picture.data).width, inspect(picture.data).height) == SQUARE
    assert picture.warnings == ()
    (line,) = lines(wire.bill)
    assert (line["model"], line["id"], line["answer"]) == (model, picture.facts["request_id"], "picture")
    assert line["usd"] <= (named(model).price or 0)


def test_sdxl_is_sent_exactly_its_own_body(wire: Wire) -> None:
    body = wire.body(SDXL, CIRCLE, SQUARE, 0)
    expected = {
        "text_prompts": [{"text": "a red circle"}],
        "cfg_scale": 7,
        "steps": 50,
        "width": 1024,
        "height": 1024,
        "seed": 0,
    }
    assert (body, list(body)) == (expected, list(expected))


def test_sdxl_accepts_all_its_options_and_a_text_of_negative_weight(wire: Wire) -> None:
    name = f"{SDXL}?cfg_scale=9.5&steps=150&style_preset=anime&sampler=DDIM&clip_guidance_preset=SLOW"
    assert wire.body(name, AVOIDING, (1344, 768), 4_294_967_295) == {
        "text_prompts": [{"text": "a red circle"}, {"text": "a dog", "weight": -1.0}],
        "cfg_scale": 9.5,
        "steps": 150,
        "width": 1344,
        "height": 768,
        "seed": 4_294_967_295,
        "style_preset": "anime",
        "sampler": "DDIM",
        "clip_guidance_preset": "SLOW",
    }
    assert (named(name).price, named(SDXL).price) == (0.08, 0.04)


@pytest.mark.parametrize("model", [CORE, SD3, ULTRA])
def test_stability_is_sent_an_aspect_ratio_for_width_and_height(model: str, wire: Wire) -> None:
    plain = {"prompt": "a red circle", "aspect_ratio": "1:1", "seed": 1}
    assert wire.body(model, CIRCLE, SQUARE, 1) == plain
    assert wire.body(f"{model}?output_format=jpeg", AVOIDING, (1344, 768), 4_294_967_294) == {
        "prompt": "a red circle",
        "negative_prompt": "a dog",
        "aspect_ratio": "16:9",
        "seed": 4_294_967_294,
        "output_format": "jpeg",
    }


@pytest.mark.parametrize("model", [NOVA, TITAN])
def test_amazon_is_sent_a_task_with_its_config(model: str, wire: Wire) -> None:
    config = {"numberOfImages": 1, "width": 1024, "height": 1024, "seed": 5}
    words = {"text": "a red circle"}
    assert wire.body(model, CIRCLE, SQUARE, 5) == {
        "taskType": "TEXT_IMAGE",
        "textToImageParams": words,
        "imageGenerationConfig": config,
    }
    assert wire.body(f"{model}?cfg_scale=2.5&quality=premium", AVOIDING, SQUARE, 5) == {
        "taskType": "TEXT_IMAGE",
        "textToImageParams": words | {"negativeText": "a dog"},
        "imageGenerationConfig": config | {"cfgScale": 2.5, "quality": "premium"},
    }


@pytest.mark.parametrize(
    ("model", "path"),
    [
        (f"us.{CORE}", "us.stability.stable-image-core-v1%3A1"),
        (
            f"arn:aws:bedrock:us-west-2::foundation-model/{CORE}",
            "arn%3Aaws%3Abedrock%3Aus-west-2%3A%3Afoundation-model%2Fstability.stable-image-core-v1%3A1",
        ),
    ],
)
def test_profiles_and_arns_are_sent_as_they_are_named(model: str, path: str, wire: Wire) -> None:
    wire.body(model, CIRCLE, SQUARE, 1)
    assert wire.recorder.paths == [f"/model/{path}/invoke"]


def test_the_region_is_that_of_the_name_else_of_the_arn_else_the_setting_else_oregon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    arn = f"bedrock:arn:aws:bedrock:us-east-1::foundation-model/{CORE}"
    asked: list[tuple[str, dict[str, str]]] = [
        (f"bedrock:{CORE}", {}),
        (f"bedrock:{CORE}", {"image_region": "ap-south-1"}),
        (arn, {"image_region": "ap-south-1"}),
        (f"{arn}?region=eu-west-2", {}),
    ]
    models = [registry.image_model(name, {"bedrock": values}) for name, values in asked]
    regions = [model.runtime.region for model in models if isinstance(model, BedrockImageModel)]
    assert regions == ["us-west-2", "ap-south-1", "us-east-1", "eu-west-2"]


# -- what is refused, left out or changed ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("stability.none", f"'bedrock:stability.none' is not allowed; expected one of bedrock:{CORE}"),
        (f"{CORE}?colour=red", "expected the options cfg_scale, clip_guidance_preset, output_format,"),
        (f"{SDXL}?cfg_scale=36", "cfg_scale in image_model: '36' is not allowed; expected a number from 0 to 35"),
        (f"{SDXL}?cfg_scale=nan", "expected a number from 0 to 35"),
        (f"{SDXL}?steps=9", "expected a whole number from 10 to 150"),
        (f"{SDXL}?steps=50.5", "expected a whole number from 10 to 150"),
        (f"{SDXL}?sampler=BEST", "expected one of DDIM DDPM"),
        (f"{NOVA}?cfg_scale=1", "expected a number from 1.1 to 10"),
        (f"{CORE}?region=us-west-2.example.org/", "expected a region of AWS, such as us-west-2"),
        (f"{CORE}?timeout=soon", "expected a number from 0.1 to 3600"),
        (f"{CORE}?timeout=0", "expected a number from 0.1 to 3600"),
    ],
)
def test_a_wrong_name_option_or_value_is_refused_with_what_is_allowed(name: str, part: str) -> None:
    with pytest.raises(UsageError) as caught:
        named(name)
    assert part in str(caught.value)


def test_what_a_model_does_not_accept_is_a_warning() -> None:
    model = named(f"{CORE}?cfg_scale=7&steps=50&region=us-west-2&output_format=png")
    assert model.check((1000, 700)) == (
        "Stable Image Core does not take cfg_scale=7: it is left out",
        "Stable Image Core does not take steps=50: it is left out",
        "Stable Image Core makes pictures of 3:2, the nearest that it supports to 1000x700",
    )
    assert named(CORE).check((1344, 768)) == ()


def test_a_model_that_has_ended_and_a_size_that_it_does_not_support_are_warnings() -> None:
    assert named(SDXL).check((512, 512)) == (
        "Stable Diffusion XL 1.0 makes pictures of 1024x1024, the nearest that it supports to 512x512",
        "Stable Diffusion XL 1.0 ended on 2025-05-20: it may be refused",
    )


def test_a_prompt_too_long_is_cut_between_words_and_a_seed_too_large_wraps_around(wire: Wire) -> None:
    prompt = Prompt(0, "word " * 200, "x" * 600)
    picture = wire.draws(TITAN, prompt=prompt, seed=2_147_483_649)
    assert picture.warnings == (
        "Titan Image Generator v2 takes a prompt of 512 characters: the rest of 1000 is left out",
        "Titan Image Generator v2 takes a negative text of 512 characters: the rest of 600 is left out",
        "Titan Image Generator v2 takes seeds from 0 to 2147483647: it is sent 1 instead of 2147483649",
    )
    body = wire.body(TITAN, prompt, SQUARE, 2_147_483_649)
    assert body["textToImageParams"] == {"text": ("word " * 102).rstrip(), "negativeText": "x" * 512}
    assert body["imageGenerationConfig"]["seed"] == 1


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("size", [(64, 64), (64, 4096), (4096, 64), (4096, 4096), (1001, 333), (1024, 768)])
def test_the_server_accepts_the_body_for_every_size(model: str, size: Size, wire: Wire) -> None:
    # A fault instead of a picture: it strikes only what the server has found to be right.
    with pytest.raises(Failed, match="ModelErrorException"):
        wire.draws(model, Fault(does="status", status=424, type="ModelErrorException"), prompt=AVOIDING, size=size)


# -- what becomes of a call ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind", "outcome"),
    [
        (429, "ThrottlingException", Refused),
        (429, "ModelNotReadyException", Refused),
        (503, "ServiceUnavailableException", Refused),
        (529, "OverloadedException", Refused),
        (500, "InternalServerException", Failed),
        (502, "BadGatewayException", Failed),
        (504, "GatewayTimeoutException", Failed),
        (408, "ModelTimeoutException", Failed),
        (424, "ModelErrorException", Failed),
        (400, "ValidationException", ConfigError),
        (400, "ServiceQuotaExceededException", ConfigError),
        (403, "AccessDeniedException", ConfigError),
        (403, "ExpiredTokenException", ConfigError),
        (403, "InvalidSignatureException", ConfigError),
        (404, "ResourceNotFoundException", ConfigError),
    ],
)
def test_each_error_of_the_service_has_its_class_and_is_sent_once(
    status: int, kind: str, outcome: type[OnbriefError], wire: Wire
) -> None:
    error = wire.answers(Reply({"message": "No."}, status, {"x-amzn-ErrorType": kind}))
    assert (type(error), str(error)) == (outcome, f"bedrock:{CORE} in us-west-2: {kind}: No.")
    assert len(wire.recorder.bodies) == 1
    assert bool(error.hint) == (outcome is ConfigError and kind != "ValidationException")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "2"}, 2.0),
        ({"x-amz-retry-after": "1500"}, 1.5),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
    ],
)
def test_a_refusal_says_how_long_to_wait(headers: dict[str, str], seconds: float | None, wire: Wire) -> None:
    error = wire.fails(CORE, Fault(does="status", status=429, type="ThrottlingException", headers=headers))
    assert isinstance(error, Refused)
    assert error.retry_after == seconds


def test_a_quota_of_the_day_is_not_waited_for(wire: Wire) -> None:
    words = "Too many requests per day, please wait before trying again."
    error = wire.fails(CORE, Fault(does="status", status=429, type="ThrottlingException", message=words))
    assert isinstance(error, Refused)
    assert (error.retry_after, error.hint) == (3600.0, "wait until the quota of the day is renewed, or raise it")


@pytest.mark.parametrize("status", [502, 503, 504, 529])
def test_an_error_page_of_a_gateway_is_classified_by_its_status(status: int, wire: Wire) -> None:
    error = wire.answers(Reply(status=status, raw=b"<html>Bad day</html>", headers={"Content-Type": "text/html"}))
    assert (type(error), len(wire.recorder.bodies)) == (Refused if status in (503, 529) else Failed, 1)


def test_an_ended_model_is_a_configuration_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with served(Terms(ended=("stability.*",))) as server:
        at(server.port, monkeypatch)
        error = error_of(CORE)
    assert isinstance(error, ConfigError)
    assert "This model version has reached the end of its life." in str(error)
    assert error.hint == "choose an active model; `onbrief models` lists them"


def test_a_legacy_model_is_distinguished_from_a_missing_permission(wire: Wire) -> None:
    words = "Access denied. This Model is marked by provider as Legacy and you have not been actively using the model."
    legacy = Fault(does="status", status=403, type="AccessDeniedException", message=words)
    assert wire.fails(CORE, legacy).hint == "choose an active model; `onbrief models` lists them"
    denied = Fault(does="status", status=403, type="AccessDeniedException")
    assert "bedrock:InvokeModel" in wire.fails(CORE, denied).hint


def test_without_credentials_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with recording(STABILITY) as recorder:
        at(recorder.port, monkeypatch)
        error = error_of(CORE)
    assert (type(error), error.hint, recorder.bodies) == (ConfigError, "check AWS_PROFILE or the AWS keys", [])


def test_a_missing_profile_is_a_configuration_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "missing")
    error = error_of(CORE)
    assert isinstance(error, ConfigError)
    assert "missing" in str(error)


def test_a_failed_connection_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening
        at(closed.getsockname()[1], monkeypatch)
        assert type(error_of(CORE)) is Refused


def test_a_reset_leaves_the_outcome_unknown(wire: Wire) -> None:
    assert type(wire.fails(CORE, Fault(does="reset"))) is Unknown
    assert [line["answer"] for line in lines(wire.bill)] == ["reset"]


@pytest.mark.parametrize("tenth", range(10))
def test_a_body_cut_anywhere_leaves_the_outcome_unknown(tenth: int, wire: Wire) -> None:
    length = 14_000  # bytes; the whole answer is longer
    assert type(wire.fails(CORE, Fault(does="cut", byte=length * tenth // 10))) is Unknown
    assert len(lines(wire.bill)) == 1


def test_an_answer_that_does_not_begin_in_time_leaves_the_outcome_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    with served(Terms(script=Script((Fault(delay=600),)))) as server:
        at(server.port, monkeypatch)
        runtime = Runtime("us-west-2", 0.8)
        runtime._connected()
        with pytest.raises(Unknown):
            drawn(CORE, runtime)


def test_an_answer_that_does_not_end_in_time_leaves_the_outcome_unknown(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    wire.recorder.will(Reply(raw=b"{", stalls=True))
    at(wire.recorder.port, monkeypatch)
    error = error_of(f"{CORE}?timeout=3")
    assert (type(error), len(wire.recorder.bodies)) == (Unknown, 1)
    assert str(error).endswith("no complete answer within 3 seconds")


def test_a_connection_that_was_closed_while_idle_is_opened_again(wire: Wire) -> None:
    wire.recorder.will(Reply(STABILITY.document, hangs_up=True))
    pictures = [drawn(CORE, wire.recording, seed=seed).data for seed in (1, 2, 3)]
    assert (pictures, [body["seed"] for body in wire.recorder.bodies]) == ([PNG] * 3, [1, 2, 3])


@pytest.mark.parametrize(
    ("reply", "outcome", "words"),
    [
        (Reply(raw=b"<html>"), Unknown, "not a JSON document"),
        (Reply([]), Failed, "not a JSON object"),
        (Reply({}), Failed, "answered without a picture"),
        (Reply({"finish_reasons": [None], "images": []}), Failed, "answered without a picture"),
        (Reply({"finish_reasons": [None], "images": [""]}), Failed, "answered without a picture"),
        (Reply({"finish_reasons": [None], "images": [5]}), Failed, "answered without a picture"),
        (Reply({"finish_reasons": [None], "images": "none"}), Failed, "answered without a picture"),
        (Reply({"finish_reasons": [None], "images": ["*"]}), Failed, "not valid base64"),
        (Reply({"finish_reasons": ["Filter reason: prompt"], "images": [PICTURE]}), Blocked, "Filter reason: prompt"),
        (Reply({"finish_reasons": ["Something new"], "images": [PICTURE]}), Failed, "Something new"),
    ],
)
def test_an_odd_answer_is_never_taken_for_a_picture(reply: Reply, outcome: type[OnbriefError], words: str, wire: Wire) -> None:
    error = wire.answers(reply)
    assert (type(error), words in str(error)) == (outcome, True)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("reason", ["prompt", "input image", "output image", "Inference error"])
def test_each_finish_reason_has_its_class(model: str, reason: Any, wire: Wire) -> None:
    error = wire.fails(model, Fault(does="filtered", reason=reason))
    words = {CORE: reason, SD3: reason, ULTRA: reason, SDXL: "ERROR" if reason == "Inference error" else "CONTENT_FILTERED"}
    # Amazon's models have no word for an error of the other kind: the server says that all is blocked.
    failed = reason == "Inference error" and model not in (NOVA, TITAN)
    assert (type(error), words.get(model, "blocked by our content filters") in str(error)) == (
        Failed if failed else Blocked,
        True,
    )
    assert len(lines(wire.bill)) == 1


def test_an_error_of_amazons_models_other_than_a_filter_is_a_failure(wire: Wire) -> None:
    wire.recorder.will(Reply({"images": [], "error": "Unable to generate."}))
    with pytest.raises(Failed, match=r"Unable to generate\."):
        drawn(NOVA, wire.recording)


@pytest.mark.parametrize("model", MODELS)
def test_no_picture_at_all_is_a_failure(model: str, wire: Wire) -> None:
    error = wire.fails(model, Fault(does="empty"))
    assert (type(error), str(error)) == (Failed, f"bedrock:{model} answered without a picture")


@pytest.mark.parametrize("does", ["truncated", "text"])
def test_bytes_that_are_not_a_picture_are_returned_unchecked(does: Any, wire: Wire) -> None:
    data = wire.draws(CORE, Fault(does=does)).data
    with pytest.raises(PictureError):
        inspect(data)


# -- many at once, and what must be there ----------------------------------------------------------------------------------


def test_concurrent_pictures_are_each_requested_once(wire: Wire) -> None:
    wire.recorder.will(STABILITY)
    model = replace(named(CORE), runtime=wire.recording)

    async def all_at_once() -> list[Picture]:
        return await asyncio.gather(*(model.generate(CIRCLE, SQUARE, seed) for seed in range(20)))

    assert [picture.data for picture in asyncio.run(all_at_once())] == [PNG] * 20
    assert sorted(body["seed"] for body in wire.recorder.bodies) == list(range(20))


def test_without_boto3_the_extra_to_install_is_named() -> None:
    code = f"""
import sys
sys.modules["boto3"] = None
from onbrief.errors import ConfigError
from onbrief.providers import registry
try:
    registry.image_model("bedrock:{CORE}")
except ConfigError as error:
    print(error, "|", error.hint)
"""
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed == "bedrock: not installed: boto3, which onbrief[aws] installs | pip install 'onbrief[aws]'\n"


def test_naming_a_model_imports_nothing_of_aws() -> None:
    code = f"""
import sys
from onbrief.providers import registry
registry.image_model("bedrock:{CORE}")
print("botocore" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
