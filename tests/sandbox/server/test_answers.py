"""Claude's answers over HTTP: the pictures reach the eye, in both formats."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from onbrief_sandbox.language import grammar
from onbrief_sandbox.painting.painter import paint
from tests.sandbox.server.serving import HAIKU, Served, user

PROMPT = "three red circles above a blue square"
MATCHING = f'Does this image match the prompt "{PROMPT}"? Answer OK or NG, as JSON: {{"result": "", "reason": ""}}'
REVISING = (
    f'The prompt "{PROMPT}" gave an image with two circles. Write a better prompt. Answer as JSON: {{"revised_prompt": ""}}'
)


def drawn(text: str) -> bytes:
    return paint(grammar.parse(text), (512, 512), 1)[0]


def said(server: Served, text: str, image: bytes | None, form: str) -> dict[str, Any]:
    """Return the JSON that Claude answers to a request in one of the two formats."""
    if form == "Converse":
        blocks = [{"image": {"format": "png", "source": {"bytes": image}}}] if image else []
        reply = server.bedrock.converse(modelId=HAIKU, messages=user(*blocks, text), inferenceConfig={"maxTokens": 1000})
        return json.loads(reply["output"]["message"]["content"][0]["text"])
    content: list[object] = [{"type": "text", "text": text}]
    if image:
        source = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(image).decode()}
        content.insert(0, {"type": "image", "source": source})
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 1000, "messages": [{"role": "user", "content": content}]}
    return json.loads(server.invoke(HAIKU, body)["content"][0]["text"])


@pytest.mark.parametrize("form", ["Converse", "Messages"])
def test_a_client_is_told_whether_an_image_matches(server: Served, form: str) -> None:
    right, wrong = drawn(PROMPT), drawn("two red circles above a blue square")
    assert said(server, MATCHING, right, form).keys() == {"result", "reason"}
    assert said(server, MATCHING, right, form)["result"] == "OK"
    assert said(server, MATCHING, wrong, form)["result"] == "NG"


@pytest.mark.parametrize("form", ["Converse", "Messages"])
def test_a_client_gets_a_revised_prompt(server: Served, form: str) -> None:
    answer = said(server, REVISING, None, form)
    assert answer.keys() == {"revised_prompt"}
    assert "three" in answer["revised_prompt"]


def test_a_client_may_ask_through_a_forced_tool(server: Served) -> None:
    schema = {
        "type": "object",
        "properties": {"result": {"type": "string", "enum": ["OK", "NG"]}, "reason": {"type": "string"}},
        "required": ["result", "reason"],
    }
    image = {"image": {"format": "png", "source": {"bytes": drawn(PROMPT)}}}
    reply = server.bedrock.converse(
        modelId=HAIKU,
        messages=user(image, MATCHING),
        toolConfig={
            "tools": [{"toolSpec": {"name": "judge", "inputSchema": {"json": schema}}}],
            "toolChoice": {"tool": {"name": "judge"}},
        },
    )
    (use,) = [block["toolUse"] for block in reply["output"]["message"]["content"] if "toolUse" in block]
    assert (use["name"], use["input"]["result"]) == ("judge", "OK")
