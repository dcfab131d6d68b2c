"""Scripts that ask Claude whether a picture shows what its prompt says get an answer in the words that their question invites,
and can read it.
"""

from __future__ import annotations

import base64
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.server.serving import CORE, HAIKU, Served, user
from tests.sandbox.server.test_mind import FAULTS, PROMPT, picture, worded

ASKED: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "asked.toml").read_text("utf-8"))["asked"]


def converse(server: Served, asked: dict[str, Any], *images: bytes) -> tuple[str, dict[str, Any]]:
    """Return the text and the arguments of the tool in an answer of Converse."""
    blocks = [{"image": {"format": "png", "source": {"bytes": image}}} for image in images]
    messages = user(*blocks, worded(asked["text"]))
    call: dict[str, Any] = {"modelId": HAIKU, "messages": messages}
    if "begun" in asked:
        messages.append({"role": "assistant", "content": [{"text": asked["begun"]}]})
    if "system" in asked:
        call["system"] = [{"text": asked["system"]}]
    if "schema" in asked:
        tool = {"toolSpec": {"name": "report", "inputSchema": {"json": json.loads(asked["schema"])}}}
        call["toolConfig"] = {"tools": [tool], "toolChoice": {"tool": {"name": "report"}}}
    (block,) = server.bedrock.converse(**call)["output"]["message"]["content"]
    return block.get("text", ""), block.get("toolUse", {}).get("input", {})


def invoke(server: Served, asked: dict[str, Any], *images: bytes) -> tuple[str, dict[str, Any]]:
    """Return the same of an answer of InvokeModel."""
    source = {"type": "base64", "media_type": "image/png"}
    blocks = [{"type": "image", "source": {**source, "data": base64.b64encode(image).decode()}} for image in images]
    messages: list[object] = [{"role": "user", "content": [*blocks, {"type": "text", "text": worded(asked["text"])}]}]
    body: dict[str, Any] = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 1000, "messages": messages}
    if "begun" in asked:
        messages.append({"role": "assistant", "content": asked["begun"]})
    if "system" in asked:
        body["system"] = asked["system"]
    if "schema" in asked:
        body["tools"] = [{"name": "report", "input_schema": json.loads(asked["schema"])}]
        body["tool_choice"] = {"type": "tool", "name": "report"}
    (block,) = server.invoke(HAIKU, body)["content"]
    return block.get("text", ""), block.get("input", {})


def understood(asked: dict[str, Any], text: str, arguments: dict[str, Any]) -> object:
    """Return what a script reads in an answer."""
    how, _, name = asked["reads"].partition(" ")
    match how, name:
        case "json", _:
            found = json.loads(text)
            for step in name.split("."):
                found = found[step]
            return found
        case "tool", _:
            return arguments[name]
        case "text", _:
            return text.strip()
        case "number", _:
            return float(text)
        case "first", "word":
            return re.split(r"[\s.,:;!。]", text.strip())[0]
        case "first", "line":
            return text.split("\n")[0].strip()
        case "starts", _:
            return next((word for word in (asked["yes"], asked["no"]) if text.startswith(word)), text)
        case "line", _:
            (found,) = re.findall(rf"^{name}: *(.*)$", text, re.MULTILINE)
        case "tag", _:
            (found,) = re.findall(rf"<{name}>(.*?)</{name}>", text, re.DOTALL)
        case "boxed", _:
            (found,) = re.findall(r"\\boxed\{(.*?)\}", text)
        case _:
            return (asked["begun"] + text).rsplit("{")[1].split('"')[3]
    return float(found) if isinstance(asked["yes"], float) else found


@pytest.mark.parametrize(("number", "asked"), list(enumerate(ASKED)))
def test_an_answer_is_in_the_words_that_the_question_invites(server: Served, number: int, asked: dict[str, Any]) -> None:
    for_match, for_mismatch = (converse, invoke) if number % 2 else (invoke, converse)
    yes = understood(asked, *for_match(server, asked, picture(PROMPT)))
    no = understood(asked, *for_mismatch(server, asked, picture(FAULTS[number % len(FAULTS)])))
    assert yes == asked["yes"]
    if asked["no"] == "less":
        assert isinstance(no, int | float)
        assert no < asked["yes"]
    else:
        assert no == asked["no"]
    assert type(yes) is type(no) or isinstance(yes, int)


def test_a_loop_that_waits_for_yes_ends(server: Served) -> None:
    prompt = "a red circle left of a blue square"
    asked = {"text": f'Does this image match the following prompt?\n\n{prompt}\n\n{{"result":"", "reason":""}}'}
    for seed in range(1, 20):
        drawn = server.picture(CORE, {"prompt": prompt, "seed": seed})
        if json.loads(invoke(server, asked, drawn)[0])["result"] == "YES":
            break
    else:
        pytest.fail("no picture was answered with YES")
