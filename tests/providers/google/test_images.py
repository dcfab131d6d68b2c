"""Gemini's image models: what is sent for a picture, and the outcome and cost of each way in which a call can end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from onbrief.brief import Size
from onbrief.errors import Blocked, CallError, ConfigError, Failed, OnbriefError, Refused, Unknown, UsageError
from onbrief.ports import Picture, Recovers
from onbrief.providers import registry
from onbrief.providers.google.catalogue import image_models, rates
from onbrief.providers.http import DAY_QUOTA_WAIT
from onbrief.record import Prompt
from onbrief_sandbox.server.faults import Fault
from tests.providers.google.reaching import Service, lead_to
from tests.providers.recording import PICTURE, PNG, Recorder, Reply

FLASH, PRO = "google:gemini-3.1-flash-image", "google:gemini-3-pro-image"
CIRCLE = Prompt(0, "a red circle")
SQUARE = (1024, 1024)
USAGE = {
    "promptTokenCount": 1000,
    "candidatesTokenCount": 1150,
    "thoughtsTokenCount": 70,
    "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1120}],
}
USD = (0.5 * 1000 + 3 * 100 + 60 * 1120) / 1e6
DRAFT, FINAL = ({"inlineData": {"mimeType": "image/png", "data": data}} for data in ("c29tZSBkcmFmdA==", PICTURE))


@pytest.fixture(autouse=True)
def _led(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    lead_to(f"http://127.0.0.1:{recorder.port}/google", monkeypatch)


def drawn(name: str = FLASH, prompt: Prompt = CIRCLE, size: Size = SQUARE, seed: int = 1, **settings: str) -> Picture:
    return asyncio.run(registry.image_model(name, {"google": settings}).generate(prompt, size, seed))


def answer(*parts: object, stop: str = "STOP", usage: object = USAGE, **more: object) -> Reply:
    content = {"content": {"parts": parts, "role": "model"}} if parts else {}
    document = {"candidates": [{**content, "finishReason": stop, "index": 0}], "usageMetadata": usage, "responseId": "r1"}
    return Reply(document | more)


def failing(recorder: Recorder, reply: Reply) -> OnbriefError:
    """Return the error that a reply causes; the request is sent once."""
    recorder.will(reply)
    with pytest.raises(OnbriefError) as caught:
        drawn()
    assert len(recorder.bodies) == 1
    assert str(caught.value).startswith(FLASH)
    return caught.value


@pytest.mark.parametrize(
    ("name", "size", "seed", "config"),
    [
        (FLASH, (1920, 1080), 7, {"seed": 7, "imageConfig": {"aspectRatio": "16:9", "imageSize": "1K"}}),
        (f"{FLASH}?image_size=4K", (300, 2400), 0, {"seed": 0, "imageConfig": {"aspectRatio": "1:8", "imageSize": "4K"}}),
        (
            f"{FLASH}?thinking=high&timeout=9",
            SQUARE,
            2**32 - 1,
            {
                "seed": 2**31 - 1,
                "imageConfig": {"aspectRatio": "1:1", "imageSize": "1K"},
                "thinkingConfig": {"thinking_level": "HIGH"},
            },
        ),
        ("google:gemini-2.5-flash-image", (1000, 800), 1, {"seed": 1, "imageConfig": {"aspectRatio": "5:4"}}),
    ],
)
def test_what_is_sent(name: str, size: Size, seed: int, config: Mapping[str, object], recorder: Recorder) -> None:
    recorder.will(answer(FINAL))
    assert drawn(name, CIRCLE, size, seed).data == PNG
    (body,), (path,) = recorder.bodies, recorder.paths
    assert path == f"/google/v1beta/models/{name.partition(':')[2].partition('?')[0]}:generateContent"
    assert body["contents"] == [{"parts": [{"text": "a red circle"}], "role": "user"}]
    assert body["generationConfig"] == {"responseModalities": ["IMAGE"], "maxOutputTokens": 8192, **config}
    assert set(body) == {"contents", "generationConfig"}


def test_what_the_model_does_not_take_is_a_warning_and_not_sent(recorder: Recorder) -> None:
    recorder.will(answer(FINAL))
    model = registry.image_model(f"{PRO}?thinking=high")
    assert model.check((300, 2400)) == (
        "Gemini 3 Pro Image does not take thinking=high: it is left out",
        "Gemini 3 Pro Image makes pictures of 9:16, the nearest that it supports to 300x2400",
    )
    picture = drawn(PRO, Prompt(0, "a (red:1.3) circle", "people"), seed=-1)
    assert recorder.bodies[0]["contents"][0]["parts"] == [{"text": "a red circle"}]
    assert picture.warnings == (
        "Gemini 3 Pro Image takes no weights such as (word:1.2): only their words are sent",
        "Gemini 3 Pro Image takes no negative text: it is left out",
        "Gemini 3 Pro Image takes seeds from 0 to 2147483647: it is sent 2147483647 instead of -1",
    )
    assert not isinstance(model, Recovers)


@pytest.mark.parametrize(
    ("reply", "warnings"),
    [
        (answer(FINAL), 0),
        (answer({"text": "Here it is:"}, {**FINAL, "thoughtSignature": "c2ln"}), 0),
        (answer({**DRAFT, "thought": True}, FINAL), 0),
        (answer({**DRAFT, "thought": True}, {**FINAL, "thought": True}), 0),
        (answer(DRAFT, FINAL), 1),
        (answer({"inline_data": {"data": PICTURE.replace("+", "-").replace("/", "_").rstrip("=")}}), 0),
        (answer(FINAL, stop="A_NEW_REASON"), 0),
    ],
)
def test_the_picture_is_the_last_one_that_is_no_draft(reply: Reply, warnings: int, recorder: Recorder) -> None:
    recorder.will(reply)
    picture = drawn()
    assert (picture.data, picture.usd, len(picture.warnings)) == (PNG, USD, warnings)
    assert picture.facts == {"request_id": "r1"}


@pytest.mark.parametrize(
    ("usage", "usd"),
    [
        (None, None),
        ({}, None),
        ({"promptTokenCount": 100, "candidatesTokenCount": 1120}, (0.5 * 100 + 60 * 1120) / 1e6),  # all of it may be a picture
        ({"promptTokenCount": 100, "candidatesTokenCount": "1120"}, 0.5 * 100 / 1e6),
    ],
)
def test_what_a_picture_costs_is_what_its_tokens_cost(usage: object, usd: float | None, recorder: Recorder) -> None:
    recorder.will(answer(FINAL, usage=usage))
    assert drawn().usd == usd


def test_no_call_can_cost_more_than_its_price(google: Service) -> None:
    for identifier, facts in image_models().items():
        if facts.state == "ended":
            continue
        for size in rates()[identifier].tokens:
            model = registry.image_model(f"google:{identifier}?image_size={size}")
            assert model.price is not None
            if size in ("512", "1K"):
                usd = asyncio.run(model.generate(Prompt(0, "🎉" * 20_000), (512, 512), 1)).usd
                assert usd is not None
                assert usd == google.billed()[-1]["usd"]
                assert usd < model.price < 5 * usd


@pytest.mark.parametrize(
    ("reply", "kind", "usd", "words"),
    [
        (
            Reply({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": USAGE}),
            Blocked,
            USD,
            "PROHIBITED_CON",
        ),
        (Reply({"promptFeedback": {"blockReason": "OTHER"}}), Blocked, None, "the prompt is blocked: OTHER"),
        (answer(stop="IMAGE_SAFETY", usage={"promptTokenCount": 100}), Blocked, 0.00005, "IMAGE_SAFETY"),
        (answer(FINAL, stop="IMAGE_PROHIBITED_CONTENT"), Blocked, USD, "IMAGE_PROHIBITED_CONTENT"),
        (answer(stop="RECITATION"), Blocked, USD, "RECITATION"),
        (answer({"text": "That would violate the content policy."}), Blocked, USD, "STOP: That would violate"),
        (answer({"text": "What colour should it have?"}), Failed, USD, "without a picture: STOP: What colour"),
        (answer(stop="NO_IMAGE"), Failed, USD, "NO_IMAGE"),
        (answer(stop="IMAGE_OTHER"), Failed, USD, "IMAGE_OTHER"),
        (answer(stop="MAX_TOKENS"), Failed, USD, "MAX_TOKENS"),
        (answer({"inlineData": {"data": "not/base*64"}}), Failed, USD, "not valid base64"),
        (Reply({"candidates": [None]}), Failed, None, "no reason is given"),
        (Reply([]), Failed, None, "not a JSON object"),
        (Reply(raw=b'{"candidates": ['), Unknown, None, "may be incomplete"),
        (Reply(raw=b""), Unknown, None, "may be incomplete"),
        (Reply(status=307, headers={"Location": "http://127.0.0.1:1/"}), ConfigError, None, "HTTP 307"),
    ],
)
def test_an_answer_without_a_picture(
    reply: Reply, kind: type[OnbriefError], usd: float | None, words: str, recorder: Recorder
) -> None:
    error = failing(recorder, reply)
    assert type(error) is kind
    assert words in str(error)
    if isinstance(error, CallError):
        assert error.usd == usd


def sorry(status: int, message: str, named: str, *details: Mapping[str, Any]) -> Reply:
    return Reply({"error": {"code": status, "message": message, "status": named, "details": list(details)}}, status)


def quota(identifier: str) -> Mapping[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": identifier}]}


RETRY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "14.5s"}


@pytest.mark.parametrize(
    ("reply", "kind", "usd", "wait", "hint"),
    [
        (sorry(429, "Quota.", "RESOURCE_EXHAUSTED", quota("RequestsPerMinute"), RETRY), Refused, None, 14.5, ""),
        (
            sorry(429, "Quota.", "RESOURCE_EXHAUSTED", quota("RequestsPerDay"), RETRY),
            Refused,
            None,
            DAY_QUOTA_WAIT,
            "quota of the",
        ),
        (sorry(429, "Quota.", "RESOURCE_EXHAUSTED", {"retryDelay": "soon"}), Refused, None, None, ""),
        (sorry(429, "Quota exceeded, limit: 0, model: x", "RESOURCE_EXHAUSTED"), ConfigError, None, None, "enable billing"),
        (sorry(503, "The model is overloaded.", "UNAVAILABLE"), Refused, None, None, ""),
        (sorry(500, "An internal error has occurred.", "INTERNAL"), Failed, 0.0, None, ""),
        (sorry(504, "Deadline expired.", "DEADLINE_EXCEEDED"), Failed, None, None, ""),
        (sorry(499, "The operation was cancelled.", "CANCELLED"), Failed, None, None, ""),
        (Reply(raw=b"<html>Bad gateway</html>", status=502), Failed, None, None, ""),
        (
            sorry(400, "API key not valid. Please pass a valid API key.", "INVALID_ARGUMENT"),
            ConfigError,
            None,
            None,
            "check the key",
        ),
        (sorry(400, "The prompt was blocked by safety filters.", "INVALID_ARGUMENT"), Blocked, None, None, ""),
        (
            sorry(400, "User location is not supported.", "FAILED_PRECONDITION"),
            ConfigError,
            None,
            None,
            "where this machine is",
        ),
        (sorry(402, "Your prepayment credits are depleted.", "RESOURCE_EXHAUSTED"), ConfigError, None, None, "enable billing"),
        (sorry(403, "Denied.", "PERMISSION_DENIED"), ConfigError, None, None, "may use the Gemini API"),
    ],
)
def test_an_error_response(
    reply: Reply, kind: type[OnbriefError], usd: float | None, wait: float | None, hint: str, recorder: Recorder
) -> None:
    error = failing(recorder, reply)
    assert type(error) is kind
    assert hint in error.hint
    assert bool(hint) == bool(error.hint)
    if isinstance(error, CallError):
        assert error.usd == usd
    if isinstance(error, Refused):
        assert error.retry_after == wait


def test_what_breaks_off_is_unknown_and_what_never_left_is_refused(
    google: Service, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for fault in (Fault(does="reset"), Fault(does="cut", byte=0), Fault(does="cut", byte=700)):
        google.script.now(fault)
        with pytest.raises(Unknown):
            drawn(f"{FLASH}?image_size=512")
    assert len(google.billed()) == 3
    recorder.will(Reply({}, stalls=True))
    with pytest.raises(Unknown, match=r"no complete answer within 0\.5 seconds"):
        drawn(f"{FLASH}?timeout=0.5", base_url=f"http://127.0.0.1:{recorder.port}")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:9")  # where nothing listens
    with pytest.raises(Refused, match="no connection"):
        drawn()


def test_the_address_and_the_key_come_from_settings_and_from_google_s_own_variables(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder.will(answer(FINAL))
    drawn(base_url=f"http://127.0.0.1:{recorder.port}/gateway/")
    assert recorder.paths == ["/gateway/v1beta/models/gemini-3.1-flash-image:generateContent"]
    with pytest.raises(UsageError, match=r"google.base_url: 'x' is not allowed; expected a URL"):
        drawn(base_url="x")
    monkeypatch.delenv("GEMINI_API_KEY")
    for make in (registry.image_model, registry.editor):
        with pytest.raises(
            ConfigError, match=r"^google:.* needs a key in GOOGLE_API_KEY or GEMINI_API_KEY, which is not"
        ) as caught:
            make(FLASH)
        assert "aistudio.google.com" in caught.value.hint
    monkeypatch.setenv("GOOGLE_API_KEY", "other")
    drawn()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("google:gemini-3.1-flash-imag", r"expected one of google:gemini-3.1-flash-image google:"),
        ("google:gemini-3-pro", r"expected one of google:gemini-3-pro-image"),
        (f"{PRO}?image_size=512", r"image_size in image_model: '512' is not allowed; expected one of 1K 2K 4K"),
        (f"{PRO}?quality=high", r"expected the options image_size, thinking, timeout, not quality"),
        (f"{PRO}?timeout=0", r"timeout"),
    ],
)
def test_a_wrong_name_says_what_is_allowed(name: str, expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        registry.image_model(name)
