"""Google's own client works with the server unchanged, and what the API refuses is refused."""

from __future__ import annotations

import io
import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from google import genai
from google.genai import types
from google.genai.errors import APIError
from PIL import Image
from pydantic import BaseModel

from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from onbrief_sandbox.server.faults import Fault
from tests.sandbox.server.serving import Play, Served, lines, served
from tests.sandbox.server.test_mind import FAULTS, PROMPT, picture

FLASH, PRO, GEMINI = "gemini-3.1-flash-image", "gemini-3-pro-image", "gemini-3.8-flash"
ASKED = f"Does this image match the following prompt?\n\n{PROMPT}"
SMALL = types.ImageConfig(aspect_ratio="16:9", image_size="512")


class Verdict(BaseModel):
    """A verdict as a client may ask for it."""

    match: bool
    reason: str


SCHEMA: dict[str, Any] = Verdict.model_json_schema()


class Here:
    """The server with a script and a bill, and Google's client for it."""

    def __init__(self, server: Served, script: Play, bill: Path) -> None:
        url = f"http://127.0.0.1:{server.port}/google"
        self.server, self.script, self.bill = server, script, bill
        self.client = genai.Client(vertexai=False, api_key="sandbox", http_options=types.HttpOptions(base_url=url))

    def asked(self, model: str, *contents: str | bytes, **config: Any) -> types.GenerateContentResponse:
        parts = [
            types.Part(text=part) if isinstance(part, str) else types.Part.from_bytes(data=part, mime_type="image/png")
            for part in contents
        ]
        said: Any = [types.Content(role="user", parts=parts)]
        return self.client.models.generate_content(  # pyright: ignore[reportUnknownMemberType]
            model=model, contents=said, config=types.GenerateContentConfig(**config)
        )

    def refused(self, model: str, document: object) -> tuple[int, str, str]:
        """Return the status, the name and the message of the refusal of a raw body."""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        headers = {"Content-Type": "application/json", "x-goog-api-key": "sandbox"}
        status, _, answer = self.server.raw(f"/google/v1beta/models/{model}:generateContent", body, headers=headers)
        return status, answer["error"]["status"], answer["error"]["message"]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Generator[Here]:
    script, bill = Play(), tmp_path_factory.mktemp("google") / "bill"
    terms = Terms(script=script, bill=Bill(bill))
    with served(terms) as server:
        here = Here(server, script, bill)
        yield here
        here.client.close()
    terms.bill.close()


@pytest.fixture
def here(running: Here) -> Here:
    running.script.now()
    running.bill.write_text("")
    return running


def image_of(answer: types.GenerateContentResponse) -> Image.Image:
    (data,) = (part.inline_data.data for part in answer.parts or () if part.inline_data)
    assert data is not None
    return Image.open(io.BytesIO(data))


# -- pictures --------------------------------------------------------------------------------------------------------------


def test_a_picture_has_the_shape_and_the_format_that_the_model_gives_it(here: Here) -> None:
    answer = here.asked(FLASH, "a red circle", image_config=SMALL)
    assert (image_of(answer).size, image_of(answer).format) == ((688, 384), "PNG")
    assert answer.text == "Here is the picture."
    usage = answer.usage_metadata
    assert usage is not None
    assert usage.candidates_tokens_details is not None
    assert [(one.modality, one.token_count) for one in usage.candidates_tokens_details] == [(types.MediaModality.IMAGE, 747)]
    (line,) = lines(here.bill)
    assert usage.prompt_token_count is not None
    assert line["usd"] == pytest.approx((0.5 * usage.prompt_token_count + 3 * (5 + 150) + 60 * 747) / 1e6)
    assert (line["operation"], line["answer"], line["id"]) == ("google.draw", "picture", answer.response_id)
    answer = here.asked(PRO, "a red circle", response_modalities=["IMAGE"])
    assert (image_of(answer).size, image_of(answer).format, answer.text) == ((1024, 1024), "JPEG", None)


def test_equal_seeds_give_equal_pictures(here: Here) -> None:
    pictures = [image_of(here.asked(FLASH, "two cats", seed=seed, image_config=SMALL)).tobytes() for seed in (7, 7, 8)]
    assert pictures[0] == pictures[1] != pictures[2]


def test_a_picture_in_the_request_is_edited_and_keeps_its_shape(here: Here) -> None:
    image = picture(PROMPT)
    edited = here.asked(
        FLASH, image, "Remove everything. Keep the background.", image_config=types.ImageConfig(image_size="512")
    )
    assert image_of(edited).size == (512, 512)
    assert lines(here.bill)[0]["operation"] == "google.edit"
    usage = edited.usage_metadata
    assert usage is not None
    assert {one.modality for one in usage.prompt_tokens_details or ()} == {types.MediaModality.TEXT, types.MediaModality.IMAGE}


def test_what_can_go_wrong_with_a_picture(here: Here) -> None:
    expected = (
        (Fault(does="filtered"), "PROHIBITED_CONTENT"),
        (Fault(does="filtered", reason="output image"), "IMAGE_SAFETY"),
        (Fault(does="filtered", reason="Inference error"), "IMAGE_OTHER"),
        (Fault(does="empty"), "NO_IMAGE"),
        (Fault(stop_reason="SPII"), "SPII"),
    )
    for fault, reason in expected:
        here.script.now(fault)
        answer = here.asked(FLASH, "a red circle", image_config=SMALL)
        feedback = answer.prompt_feedback and answer.prompt_feedback.block_reason
        finish = answer.candidates[0].finish_reason if answer.candidates else None
        assert (feedback or finish or types.FinishReason.STOP).value == reason
    assert len(lines(here.bill)) == len(expected)
    here.script.now(Fault(does="status", status=429))
    with pytest.raises(APIError, match="429 RESOURCE_EXHAUSTED"):
        here.asked(FLASH, "a red circle")
    here.script.now(Fault(does="status", status=403, operation="google.count"))
    with pytest.raises(APIError, match="403 PERMISSION_DENIED"):
        here.client.models.count_tokens(model=GEMINI, contents="hello")  # pyright: ignore[reportUnknownMemberType]
    assert len(lines(here.bill)) == len(expected)


def test_too_few_tokens_give_no_picture(here: Here) -> None:
    answer = here.asked(FLASH, "a red circle", max_output_tokens=500, image_config=SMALL)
    assert answer.candidates is not None
    assert (answer.candidates[0].finish_reason, answer.parts) == (types.FinishReason.MAX_TOKENS, None)


# -- words -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [{"response_schema": Verdict}, {"response_json_schema": SCHEMA}])
def test_an_answer_fits_the_schema(form: dict[str, Any], here: Here) -> None:
    for image, match in ((picture(PROMPT), True), (picture(FAULTS[0]), False)):
        answer = here.asked(GEMINI, image, ASKED, response_mime_type="application/json", **form)
        assert Verdict.model_validate_json(answer.text or "").match is match


@pytest.mark.parametrize(
    "declared",
    [
        {"parameters_json_schema": SCHEMA},
        {"parameters": types.Schema(type=types.Type.OBJECT, properties={"match": types.Schema(type=types.Type.BOOLEAN)})},
    ],
)
@pytest.mark.parametrize("mode", ["ANY", "AUTO", "NONE"])
def test_a_function_is_called_as_the_request_wants_it(mode: str, declared: dict[str, Any], here: Here) -> None:
    function = types.FunctionDeclaration(name="report", description="Report the verdict.", **declared)
    calling = types.FunctionCallingConfig(mode=types.FunctionCallingConfigMode(mode))
    answer = here.asked(
        GEMINI,
        picture(PROMPT),
        ASKED,
        tools=[types.Tool(function_declarations=[function])],
        tool_config=types.ToolConfig(function_calling_config=calling),
    )
    calls = [(call.name, (call.args or {})["match"]) for call in answer.function_calls or ()]
    assert calls == ([] if mode == "NONE" else [("report", True)])
    assert lines(here.bill)[0]["answer"] == ("text" if mode == "NONE" else "tool")


def test_a_streamed_answer_is_the_same_in_pieces(here: Here) -> None:
    stream = here.client.models.generate_content_stream(model=GEMINI, contents="hello")  # pyright: ignore[reportUnknownMemberType]
    chunks = list(stream)
    assert len(chunks) > 2
    assert "".join(chunk.text or "" for chunk in chunks) == here.asked(GEMINI, "hello").text
    assert [chunk.candidates[0].finish_reason for chunk in chunks if chunk.candidates][-1] == types.FinishReason.STOP
    headers = {"Content-Type": "application/json", "x-goog-api-key": "sandbox"}
    body = b'{"contents": [{"parts": [{"text": "hello"}]}]}'
    _, _, whole = here.server.raw(f"/google/v1beta/models/{GEMINI}:streamGenerateContent", body, headers=headers)
    assert len(whole) == len(chunks)  # one array


def test_tokens_are_counted_and_models_listed(here: Here) -> None:
    counted = here.client.models.count_tokens(model=GEMINI, contents="hello there")  # pyright: ignore[reportUnknownMemberType]
    assert counted.total_tokens == 3
    names = {model.name for model in here.client.models.list()}
    assert {f"models/{FLASH}", f"models/{PRO}", f"models/{GEMINI}"} <= names
    assert "models/gemini-2.5-flash-image" not in names
    assert here.client.models.get(model=FLASH).display_name == "Gemini 3.1 Flash Image"
    assert lines(here.bill) == []


# -- what is refused -------------------------------------------------------------------------------------------------------

HELLO: dict[str, Any] = {"contents": [{"parts": [{"text": "hello"}]}]}


def configured(**config: object) -> dict[str, Any]:
    return {**HELLO, "generationConfig": config}


def shown(**blob: str) -> dict[str, Any]:
    return {"contents": [{"parts": [{"inlineData": blob}]}]}


REFUSALS: list[tuple[str, object, str]] = [
    (GEMINI, {}, "contents is not specified"),
    (GEMINI, {"contents": []}, "contents must not be empty"),
    (GEMINI, {"contents": [{"parts": []}]}, "contents[0].parts: parts must not be empty"),
    (GEMINI, {"contents": [{"parts": [{}]}]}, "contents[0].parts[0].data: required oneof field 'data'"),
    (GEMINI, {"contents": [{"role": "assistant", "parts": [{"text": "x"}]}]}, "Please use a valid role: user, model."),
    (GEMINI, {**HELLO, "prompt": "x"}, 'Unknown name "prompt": Cannot find field.'),
    (GEMINI, configured(negativePrompt="x"), "Unknown name \"negativePrompt\" at 'generation_config': Cannot find field."),
    (GEMINI, configured(seed="one"), "Invalid value at 'generation_config.seed' (TYPE_INT32), \"one\""),
    (GEMINI, configured(seed=2**31), "generation_config.seed"),
    (GEMINI, configured(temperature=3), "generation_config.temperature: must be at most 2, but is 3"),
    (GEMINI, configured(responseSchema={"type": "OBJECT"}), "response_schema: only allowed if response_mime_type is"),
    (GEMINI, configured(responseModalities=["IMAGE"]), "response modalities (IMAGE) is not supported by the model"),
    (GEMINI, configured(imageConfig={}), "Image generation is not enabled"),
    (FLASH, configured(candidateCount=2), "Multiple candidates is not enabled for models/gemini-3.1-flash-image"),
    (FLASH, configured(responseMimeType="application/json"), "JSON mode is not enabled"),
    (FLASH, configured(imageConfig={"aspectRatio": "7:3"}), "generation_config.image_config.aspect_ratio"),
    (PRO, configured(image_config={"image_size": "512"}), "generation_config.image_config.image_size"),
    (PRO, configured(imageConfig={"aspectRatio": "1:8"}), "generation_config.image_config.aspect_ratio"),
    (FLASH, {**HELLO, "tools": [{"functionDeclarations": [{"name": "f"}]}]}, "Function calling is not enabled"),
    ("gemini-3.5-flash-lite", configured(thinkingConfig={"thinkingLevel": "HIGH"}), "Thinking is not enabled"),
    (GEMINI, {**HELLO, "toolConfig": {"functionCallingConfig": {"mode": "ANY"}}}, "without function_declarations"),
    (GEMINI, shown(mimeType="image/gif", data="R0lG"), "Unsupported MIME type: image/gif"),
    (GEMINI, shown(mimeType="image/png", data="R0lG"), "Unable to process input image"),
    (GEMINI, shown(mimeType="image/png", data="*"), "Base64 decoding failed"),
    (GEMINI, b"[1]", "Malformed"),
    (GEMINI, b"\xff", "Malformed"),
]


@pytest.mark.parametrize(("model", "document", "message"), REFUSALS)
def test_a_request_that_the_api_refuses(model: str, document: object, message: str, here: Here) -> None:
    status, named, said = here.refused(model, document)
    assert (status, named) == (400, "INVALID_ARGUMENT")
    assert message in said
    assert lines(here.bill) == []


def test_without_a_key_or_a_model_there_is_no_answer(here: Here) -> None:
    status, _, answer = here.server.raw(f"/google/v1beta/models/{GEMINI}:generateContent", b"{}")
    assert (status, answer["error"]["status"]) == (403, "PERMISSION_DENIED")
    status, _, answer = here.server.raw("/google/v1beta/models?key=sandbox", method="GET", headers={})
    assert status == 200
    for name in ("gemini-2.5-flash-image", "imagen-4.0-generate-001"):
        status, named, message = here.refused(name, HELLO)
        assert (status, named) == (404, "NOT_FOUND")
        assert message.startswith(f"models/{name} is not found for API version v1beta")
