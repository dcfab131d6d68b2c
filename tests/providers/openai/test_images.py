"""OpenAI's image models, and those of other servers: names and keys, what is sent, what it costs, and the outcome of a call."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Generator
from typing import Any

import pytest

from onbrief.errors import Blocked, ConfigError, Failed, OnbriefError, Refused, Unknown, UsageError
from onbrief.ports import Picture
from onbrief.providers import registry
from onbrief.providers.openai.images import OpenAIImageModel
from onbrief.record import Prompt
from onbrief.studio import price_of
from onbrief_sandbox.server.faults import Fault
from tests.providers.over_http import Service
from tests.providers.recording import PICTURE, PNG, Recorder, Reply, recording

CIRCLE = Prompt(0, "a red circle")
SQUARE = (1024, 1024)
ANSWER = Reply({"created": 1, "data": [{"b64_json": PICTURE}]})
USAGE = {"input_tokens": 30, "input_tokens_details": {"text_tokens": 10, "image_tokens": 20}, "output_tokens": 100}
SECRET = "a-key-of-openai"


@pytest.fixture(scope="module")
def recorder() -> Generator[Recorder]:
    with recording(ANSWER) as running:
        yield running


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, recorder: Recorder) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    monkeypatch.setenv("GATEWAY_API_KEY", "a-key-of-the-gateway")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    recorder.will(ANSWER)


def named(name: str, **settings: str) -> OpenAIImageModel:
    model = registry.image_model(name, {"openai": settings})
    assert isinstance(model, OpenAIImageModel)
    return model


def drawn(
    recorder: Recorder, name: str, prompt: Prompt = CIRCLE, size: tuple[int, int] = SQUARE, seed: int = 7, **settings: str
) -> Picture:
    """The picture from the recording server, in the place of OpenAI."""
    settings = {"base_url": f"http://127.0.0.1:{recorder.port}/v1"} | settings
    return asyncio.run(named(name, **settings).generate(prompt, size, seed))


def elsewhere(recorder: Recorder, model: str, more: str = "") -> str:
    """The name of a model of another server."""
    return f"openai:{model}?base_url=http://127.0.0.1:{recorder.port}/v1{more}"


# -- names and keys --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("openai:gpt-imge-2", "expected one of openai:gpt-image-2 "),
        ("openai:dall-e-3", "openai:gpt-image-2.6-flare"),
        ("openai:", "openai:gpt-image-2 "),
        (
            "openai:gpt-image-2?quality=max",
            "quality in image_model: 'max' is not allowed; expected one of low medium high auto",
        ),
        ("openai:gpt-image-2?steps=3", "not steps"),
        ("openai:gpt-image-2?output_format=jpeg&background=transparent", "png or webp, for a transparent background"),
        ("openai:gpt-image-2?output_compression=50", "jpeg or webp, for an output_compression"),
        ("openai:gpt-image-2?base_url=nowhere", "a URL such as"),
        ("openai:?base_url=http://127.0.0.1:1/v1", "with the name that the model has at http://127.0.0.1:1/v1"),
        ("openai:x?base_url=http://127.0.0.1:1/v1&fields=steps", "one or both of seed,negative_prompt"),
        ("openai:x?base_url=http://127.0.0.1:1/v1&api_key_env=GATEWAY_API_KEY", "openai.api_key_envs, which has none"),
    ],
)
def test_a_name_that_means_nothing_is_refused_with_what_is_allowed(name: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        registry.image_model(name)
    assert told in str(caught.value)


def test_a_missing_key_is_named_with_its_variable_and_where_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    for make in (registry.image_model, registry.editor):
        with pytest.raises(ConfigError, match="OPENAI_API_KEY, which is not set") as caught:
            make("openai:gpt-image-2")
        assert "https://platform.openai.com/api-keys" in caught.value.hint


def test_the_judges_of_this_name_are_those_of_pydantic_ai() -> None:
    assert (registry.provider("openai", "image_model"), registry.provider("openai", "judge")) == (
        registry.provider("openai"),
        registry.provider("pydantic-ai"),
    )


@pytest.mark.parametrize(
    ("more", "settings", "key"),
    [
        ("", {}, "none"),
        ("&api_key_env=GATEWAY_API_KEY", {"api_key_envs": "GATEWAY_API_KEY"}, "a-key-of-the-gateway"),
    ],
)
def test_an_address_in_a_name_is_sent_no_key_but_one_that_the_settings_allow(
    more: str, settings: dict[str, str], key: str, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(variable, "mine")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "x-secret: mine\nAuthorization: Bearer mine")
    asyncio.run(named(elsewhere(recorder, "flux", more), **settings).generate(CIRCLE, SQUARE, 1))
    (headers,) = recorder.headers
    assert headers["authorization"] == f"Bearer {key}"
    assert "mine" not in str(headers)
    assert SECRET not in str(headers)


def test_the_address_of_the_official_client_is_that_of_names_without_one(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{recorder.port}/v1")
    asyncio.run(named("openai:gpt-image-2").generate(CIRCLE, SQUARE, 1))
    assert (recorder.paths, recorder.headers[0]["authorization"]) == (["/v1/images/generations"], f"Bearer {SECRET}")


def test_a_key_that_no_header_can_have_is_a_wrong_setting(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "key\N{EN DASH}1")
    with pytest.raises(ConfigError, match="characters that no key has"):
        drawn(recorder, "openai:gpt-image-2")
    assert recorder.paths == []


# -- what is sent, and what it costs -----------------------------------------------------------------------------------------


def test_what_a_model_does_not_take_is_left_out_or_changed_with_a_warning(recorder: Recorder) -> None:
    recorder.will(Reply({"data": [{"b64_json": PICTURE, "revised_prompt": "a circle"}], "usage": USAGE, "quality": "low"}))
    name = "openai:gpt-image-2-2026-04-21?quality=low&output_format=webp&output_compression=80&moderation=low"
    picture = drawn(recorder, name, Prompt(0, "a (red:1.3) circle", "blurry"), (1000, 700))
    assert recorder.bodies == [
        {
            "model": "gpt-image-2-2026-04-21",
            "prompt": "a red circle",
            "size": "992x704",
            "quality": "low",
            "output_format": "webp",
            "output_compression": 80,
            "moderation": "low",
        }
    ]
    assert picture.warnings == (
        "GPT Image 2 takes no weights such as (word:1.2): only their words are sent",
        "GPT Image 2 takes no negative text: it is left out",
    )
    assert (picture.data, picture.usd) == (PNG, pytest.approx((10 * 5 + 20 * 8 + 100 * 30) / 1e6))
    assert (picture.facts["revised_prompt"], picture.facts["quality"]) == ("a circle", "low")
    assert named("openai:gpt-image-2").check((1000, 700)) == (
        "GPT Image 2 makes pictures of 992x704, the nearest that it supports to 1000x700",
        "GPT Image 2 takes no seed: the same prompt gives another picture each time",
    )


def test_another_server_is_sent_what_all_know_and_what_the_name_asks_for(recorder: Recorder) -> None:
    prompt = Prompt(0, "a red circle", "blurry")
    for more, sent in (
        ("", {}),
        ("&fields=seed,negative_prompt&response_format=b64_json", {"seed": 7, "negative_prompt": "blurry"}),
    ):
        recorder.will(ANSWER)
        model = named(elsewhere(recorder, "Qwen/Qwen-Image", more))
        picture = asyncio.run(model.generate(prompt, (1000, 700), 7))
        format_asked = {"response_format": "b64_json"} if sent else {}
        assert recorder.bodies == [
            {"model": "Qwen/Qwen-Image", "prompt": "a red circle", "size": "1000x700", **sent, **format_asked}
        ]
        assert (picture.data, picture.usd, model.price, price_of(model, prompt, SQUARE, 7)) == (PNG, None, None, None)


@pytest.mark.parametrize(
    ("options", "size", "tokens"),
    [
        ("?quality=low", (1024, 1024), 196),
        ("?quality=medium", (1024, 1024), 1756),
        ("", (1024, 1024), 7024),
        ("?quality=high", (1536, 1024), 5488),
        ("?quality=high", (1792, 1024), 5063),
        ("?quality=high", (3584, 2048), 12329),
    ],
)
def test_the_price_of_a_picture_is_that_of_its_quality_its_size_and_its_prompt(
    options: str, size: tuple[int, int], tokens: int
) -> None:
    model = named(f"openai:gpt-image-2{options}")
    assert price_of(model, CIRCLE, size, 1) == pytest.approx((12 * 5 + tokens * 30) / 1e6)
    assert (model.price or 0) > tokens * 30 / 1e6


def test_the_old_models_have_three_sizes_and_their_prices() -> None:
    model = named("openai:gpt-image-1.5?quality=high")
    assert (
        model.check((1500, 1000))[0] == "GPT Image 1.5 makes pictures of 1536x1024, the nearest that it supports to 1500x1000"
    )
    assert price_of(model, CIRCLE, (1500, 1000), 1) == pytest.approx((12 * 5 + 6208 * 32) / 1e6)
    assert "GPT Image 1 ended on 2026-10-23: it may be refused" in named("openai:gpt-image-1").check(SQUARE)


@pytest.mark.parametrize(
    "model", ["gpt-image-2?quality=low", "gpt-image-1-mini?quality=medium", "gpt-image-2.5-flare?quality=max"]
)
def test_what_the_service_bills_is_what_its_answer_says_and_no_more_than_was_reserved(model: str, service: Service) -> None:
    service.fresh()
    drawing = service.model(model)
    picture = asyncio.run(drawing.generate(CIRCLE, SQUARE, 1))
    (line,) = service.lines()
    assert picture.usd == pytest.approx(line["usd"])
    assert line["usd"] <= (price_of(drawing, CIRCLE, SQUARE, 1) or 0)
    assert picture.facts["request_id"] == line["id"]


# -- pictures by their address -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "fetched"),
    [
        ("http://127.0.0.1:{port}/files/a.png", ["/files/a.png"]),
        ("/files/a.png", ["/files/a.png"]),
        (f"data:image/png;base64,{PICTURE}", []),
    ],
    ids=["address", "path", "data"],
)
def test_a_picture_that_has_only_an_address_is_fetched(url: str, fetched: list[str], recorder: Recorder) -> None:
    recorder.will(
        Reply({"data": [{"url": url.format(port=recorder.port)}]}),
        Reply({"error": "not yet"}, 500),
        Reply(raw=PNG, headers={"Content-Type": "image/png"}),
    )
    assert asyncio.run(named(elsewhere(recorder, "flux")).generate(CIRCLE, SQUARE, 1)).data == PNG
    assert recorder.paths == ["/v1/images/generations", *fetched * 2]


def test_a_picture_that_cannot_be_fetched_may_have_been_paid_for(recorder: Recorder) -> None:
    recorder.will(Reply({"data": [{"url": "/files/a.png"}]}), Reply({"error": "gone"}, 404))
    with pytest.raises(Unknown, match="cannot be fetched"):
        asyncio.run(named(elsewhere(recorder, "flux")).generate(CIRCLE, SQUARE, 1))


# -- the outcome of a call ---------------------------------------------------------------------------------------------------


def error(status: int, code: str, message: str = "It is so.", kind: str = "invalid_request_error", **headers: str) -> Reply:
    return Reply({"error": {"message": message, "type": kind, "param": None, "code": code}}, status, headers)


@pytest.mark.parametrize(
    ("reply", "outcome", "told"),
    [
        (
            error(400, "moderation_blocked", "Rejected by the safety system.", "image_generation_user_error"),
            Blocked,
            "Rejected",
        ),
        (error(429, "insufficient_quota", "You exceeded your current quota."), ConfigError, "billing"),
        (error(400, "billing_hard_limit_reached", "Billing hard limit has been reached."), ConfigError, "billing"),
        (error(401, "invalid_api_key", "Incorrect API key provided."), ConfigError, "check OPENAI_API_KEY"),
        (error(403, "", "Your organization must be verified to use the model."), ConfigError, "verify the organization"),
        (error(404, "model_not_found", "The model `x` does not exist."), ConfigError, "check the name of the model"),
        (error(429, "rate_limit_exceeded", **{"Retry-After": "7"}), Refused, "It is so"),
        (error(503, "", "Overloaded."), Refused, "Overloaded"),
        (error(500, "server_error"), Failed, "It is so"),
        (Reply(raw=b"<html>bad gateway</html>", status=502), Failed, "bad gateway"),
        (Reply(status=307, raw=b"", headers={"Location": "http://127.0.0.1:1/"}), ConfigError, "HTTP 307"),
        (Reply({"error": {"message": "flagged", "code": "content_policy_violation"}}), Blocked, "flagged"),
        (Reply({"error": {"message": "no GPU is free"}}), Failed, "no GPU"),
        (Reply({"data": []}), Failed, "without a picture"),
        (Reply({"data": [{"b64_json": "?"}]}), Failed, "not valid base64"),
        (Reply([]), Failed, "not a JSON object"),
        (Reply(raw=b'{"data": [{"b64_'), Unknown, "may be incomplete"),
        (Reply({"data": []}, stalls=True), Unknown, "no complete answer within 0.5 seconds"),
    ],
    ids=lambda value: value.status if isinstance(value, Reply) else value if isinstance(value, str) else value.__name__,
)
def test_each_answer_has_its_outcome_and_is_asked_for_once(
    reply: Reply, outcome: type[OnbriefError], told: str, recorder: Recorder
) -> None:
    recorder.will(reply)
    with pytest.raises(OnbriefError) as caught:
        drawn(recorder, f"openai:gpt-image-2?timeout={0.5 if reply.stalls else 60}")
    assert (type(caught.value), len(recorder.paths)) == (outcome, 1)
    assert str(caught.value).startswith("openai:gpt-image-2?timeout=")
    assert told in f"{caught.value}; {caught.value.hint}"
    if reply.headers.get("Retry-After"):
        assert isinstance(caught.value, Refused)
        assert caught.value.retry_after == 7


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/v1", "https://nowhere.invalid/v1"])
def test_a_server_that_cannot_be_reached_was_sent_nothing(address: str) -> None:
    with pytest.raises(Refused, match="no connection to"):
        asyncio.run(named(f"openai:flux?base_url={address}").generate(CIRCLE, SQUARE, 1))


def test_a_proxy_of_the_environment_is_used(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(variable, f"http://127.0.0.1:{recorder.port}")
    for variable in ("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    assert asyncio.run(named("openai:flux?base_url=http://gateway.invalid/v1").generate(CIRCLE, SQUARE, 1)).data == PNG
    assert recorder.paths == ["http://gateway.invalid/v1/images/generations"]


def test_a_server_without_https_is_a_wrong_address(recorder: Recorder) -> None:
    with pytest.raises(ConfigError) as caught:
        asyncio.run(named(f"openai:flux?base_url=https://127.0.0.1:{recorder.port}/v1").generate(CIRCLE, SQUARE, 1))
    assert "check the address" in caught.value.hint


@pytest.mark.parametrize(
    ("fault", "usd"),
    [(Fault(does="empty"), True), (Fault(does="filtered", reason="output image"), None)],
    ids=["empty", "filtered"],
)
def test_an_answer_without_a_picture_says_what_it_cost(fault: Fault, usd: Any, service: Service) -> None:
    service.fresh(fault)
    with pytest.raises((Failed, Blocked)) as caught:
        asyncio.run(service.model("gpt-image-2?quality=low").generate(CIRCLE, SQUARE, 1))
    service.fresh()
    assert caught.value.usd == (pytest.approx((3 * 5 + 196 * 30) / 1e6) if usd else None)


@pytest.mark.parametrize("does", ["blank", "truncated", "text"])
def test_bytes_are_passed_on_as_they_are(does: Any, service: Service) -> None:
    service.fresh(Fault(does=does))
    picture = asyncio.run(service.model("gpt-image-2?quality=low").generate(CIRCLE, SQUARE, 1))
    service.fresh()
    assert picture.data
    assert picture.usd is not None
    assert base64.b64encode(picture.data) != PICTURE.encode()
