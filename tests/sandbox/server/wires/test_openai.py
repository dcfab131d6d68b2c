"""The server as OpenAI's images API: for the official client, unchanged, and as strict as the service."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import openai
import pytest
from PIL import Image

from onbrief.pictures import inspect
from onbrief_sandbox.seeing.eye import look
from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from onbrief_sandbox.server.faults import Fault
from onbrief_sandbox.server.wires.mounting import exports
from tests.contract.test_editor import CIRCLE, PICTURE, SIZE, SQUARE, kinds
from tests.sandbox.server.serving import Play, Served, lines, served


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[Served, Play, Path]]:
    script, bill = Play(), tmp_path_factory.mktemp("wire") / "bill"
    terms = Terms(script=script, bill=Bill(bill), ended=("gpt-image-2.5-*",))
    with served(terms) as server:
        yield server, script, bill
    terms.bill.close()


@pytest.fixture
def client(play: tuple[Served, Play, Path], monkeypatch: pytest.MonkeyPatch) -> Generator[openai.OpenAI]:
    """The official client, which is told by the environment alone where to go."""
    for name, value in exports(f"http://127.0.0.1:{play[0].port}").items():
        monkeypatch.setenv(name, value)
    play[1].now()
    play[2].write_text("")
    with openai.OpenAI(max_retries=0) as found:
        yield found


def picture(answer: Any) -> bytes:
    (item,) = answer.data
    return base64.b64decode(item.b64_json)


def mask() -> bytes:
    """Transparent over the left half, where the circle is."""
    made = Image.new("RGBA", SIZE, "black")
    made.paste((0, 0, 0, 0), (0, 0, SIZE[0] // 2, SIZE[1]))
    out = io.BytesIO()
    made.save(out, "PNG")
    return out.getvalue()


def test_the_official_client_gets_a_picture_and_its_tokens(client: openai.OpenAI, play: tuple[Served, Play, Path]) -> None:
    answer = client.images.generate(
        model="gpt-image-2", prompt="a red circle", size="1024x768", quality="low", output_format="webp", output_compression=90
    )
    facts = inspect(picture(answer))
    assert (facts.width, facts.height, facts.media_type) == (1024, 768, "image/webp")
    assert (answer.size, answer.quality, answer.output_format) == ("1024x768", "low", "webp")
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (3, 134)
    (line,) = lines(play[2])
    assert (line["model"], line["operation"], line["usd"]) == ("gpt-image-2", "openai.draw", pytest.approx(0.004035))


def test_the_official_client_gets_edits_with_several_pictures_and_a_mask(client: openai.OpenAI) -> None:
    files = [("a.png", PICTURE, "image/png"), ("b.png", PICTURE, "image/png")]
    prompt = "make the circle green. Keep the rest."
    answer = client.images.edit(model="gpt-image-1.5", image=files, prompt=prompt, size="1536x1024", input_fidelity="high")
    assert inspect(picture(answer)).width == 1536
    assert answer.usage is not None
    assert answer.usage.input_tokens_details.image_tokens > 8000
    masked = client.images.edit(
        model="gpt-image-2", image=files[0], mask=("m.png", mask(), "image/png"), prompt=prompt, size="1280x1024"
    )
    assert kinds(look(picture(masked)).things)[-1] == ("square", SQUARE.colour)
    assert CIRCLE.box.x < 0.5


def test_the_official_client_lists_the_models_that_there_are(client: openai.OpenAI) -> None:
    listed = {model.id for model in client.models.list()}
    assert {"gpt-image-2", "gpt-5"} <= listed
    assert not {"gpt-image-1", "gpt-image-2.5-flare"} & listed
    assert client.models.retrieve("gpt-image-2").id == "gpt-image-2"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-image-1")


@pytest.mark.parametrize(
    ("change", "status", "code", "param"),
    [
        ({"prompt": None}, 400, "missing_required_parameter", "prompt"),
        ({"prompt": " "}, 400, "string_below_min_length", "prompt"),
        ({"prompt": "a" * 32_001}, 400, "string_above_max_length", "prompt"),
        ({"prompt": 3}, 400, "invalid_type", "prompt"),
        ({"model": "gpt-image-9"}, 400, "invalid_value", "model"),
        ({"model": "gpt-image-1"}, 404, "model_not_found", "model"),
        ({"model": "gpt-image-2.5-flare"}, 404, "model_not_found", "model"),
        ({"size": "1000x1000"}, 400, "invalid_value", "size"),
        ({"size": "512x512"}, 400, "invalid_value", "size"),
        ({"size": "3840x3840"}, 400, "invalid_value", "size"),
        ({"size": "1600x480"}, 400, "invalid_value", "size"),
        ({"size": "1024x768", "model": "gpt-image-1-mini"}, 400, "invalid_value", "size"),
        ({"quality": "max"}, 400, "invalid_value", "quality"),
        ({"n": 11}, 400, "integer_above_max_value", "n"),
        ({"n": "2"}, 400, "invalid_type", "n"),
        ({"seed": 1}, 400, "unknown_parameter", "seed"),
        ({"negative_prompt": "x"}, 400, "unknown_parameter", "negative_prompt"),
        ({"response_format": "b64_json"}, 400, "unknown_parameter", "response_format"),
        ({"input_fidelity": "high"}, 400, "unknown_parameter", "input_fidelity"),
        ({"background": "transparent", "output_format": "jpeg"}, 400, "invalid_value", "background"),
        ({"output_compression": 50}, 400, "invalid_value", "output_compression"),
        ({"stream": True}, 400, "unsupported_parameter", "stream"),
    ],
    ids=lambda value: str(value)[:40] if not isinstance(value, str | int) else "",  # pyright: ignore[reportUnknownArgumentType]
)
def test_a_request_that_the_service_does_not_accept_is_declined_in_its_words_and_not_billed(
    change: dict[str, object], status: int, code: str, param: str, play: tuple[Served, Play, Path]
) -> None:
    body = {"model": "gpt-image-2", "prompt": "a red circle", "size": "1024x1024"} | change
    play[2].write_text("")
    headers = {"Content-Type": "application/json", "Authorization": "Bearer x"}
    found, _, document = play[0].raw("/openai/v1/images/generations", json.dumps(body).encode(), headers=headers)
    assert (found, document["error"]["code"], document["error"]["param"]) == (status, code, param)
    assert document["error"]["type"] == "invalid_request_error"
    assert lines(play[2]) == []


@pytest.mark.parametrize("path", ["images/generations", "images/edits", "models"])
def test_a_request_without_a_key_is_declined(path: str, play: tuple[Served, Play, Path]) -> None:
    found, _, document = play[0].raw(f"/openai/v1/{path}", method="GET" if path == "models" else "POST")
    assert (found, document["error"]["type"]) == (401, "invalid_request_error")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"image": ("a.txt", b"words", "text/plain")}, "Invalid image file"),
        ({"mask": ("m.png", PICTURE, "image/png")}, "missing alpha channel"),
        ({"mask": ("m.png", b"", "image/png")}, "Invalid image file"),
        ({"input_fidelity": "high"}, "input_fidelity"),
        ({"extra_body": {"moderation": "low"}}, "Unknown parameter: 'moderation'"),
    ],
    ids=["no picture", "no alpha", "no mask", "fidelity", "moderation"],
)
def test_an_edit_that_the_service_does_not_accept_is_declined(change: dict[str, Any], told: str, client: openai.OpenAI) -> None:
    fields: dict[str, Any] = {"model": "gpt-image-2", "image": ("a.png", PICTURE, "image/png"), "prompt": "x"} | change
    with pytest.raises(openai.BadRequestError, match=told):
        client.images.edit(**fields)


def test_a_filter_and_a_status_by_script_have_the_codes_of_the_service(
    client: openai.OpenAI, play: tuple[Served, Play, Path]
) -> None:
    ask: dict[str, Any] = {"model": "gpt-image-2", "prompt": "a red circle", "quality": "low"}
    play[1].now(Fault(does="filtered"))
    with pytest.raises(openai.BadRequestError) as blocked:
        client.images.generate(**ask)
    assert (blocked.value.code, blocked.value.type) == ("moderation_blocked", "image_generation_user_error")
    assert lines(play[2]) == []
    play[1].now(Fault(does="filtered", reason="output image"))
    with pytest.raises(openai.BadRequestError):
        client.images.generate(**ask)
    play[1].now(Fault(operation="openai.draw", does="status", status=429, headers={"Retry-After": "3"}))
    with pytest.raises(openai.RateLimitError) as limited:
        client.images.generate(**ask)
    assert (limited.value.code, limited.value.response.headers["retry-after"]) == ("rate_limit_exceeded", "3")
    assert [line["answer"] for line in lines(play[2])] == ["filtered"]
