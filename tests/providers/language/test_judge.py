from __future__ import annotations

import asyncio
import io
from dataclasses import replace

import pytest
from PIL import Image

from onbrief import questions
from onbrief.brief import Requirement
from onbrief.errors import Failed, PictureError
from onbrief.pictures import PictureFile, view_of
from onbrief.ports import ANY_PICTURE, Judged, Warns
from onbrief.providers import registry
from onbrief.questions import Question
from onbrief.studio import price_of
from onbrief_sandbox.imagining import picture
from tests.claude import EVERY_CLAUDE, SET, Kind, cups, lead_to
from tests.providers.recording import Reply, recording


def judge_copy(data: bytes) -> bytes:
    return PictureFile(data).judge_copy(ANY_PICTURE)


REQUIREMENTS = (
    Requirement(id="r1", text="there are exactly two cups", kind="count"),
    Requirement(id="r2", text="the cups are red", kind="attribute"),
    Requirement(id="r3", text="there is no dog", kind="absence"),
    Requirement(id="r4", text="there are exactly three cups", kind="count"),
)


@EVERY_CLAUDE
@pytest.mark.usefixtures("claude")
def test_every_claude_judges_whatever_request_form_it_refuses(kind: Kind) -> None:
    judge = registry.judge(kind.key + SET)
    judged = asyncio.run(judge.judge(judge_copy(cups()), REQUIREMENTS))
    assert {finding.id: finding.verdict for finding in judged.findings} == {
        "r1": "met",
        "r2": "met",
        "r3": "met",
        "r4": "unmet",
    }
    assert isinstance(judge, Warns)
    assert (judge.name, judge.warnings) == (kind.key + SET, kind.warnings)
    price = price_of(judge, REQUIREMENTS, (512, 512))
    assert price is not None
    assert judged.usd is not None
    assert 0 < judged.usd < price
    assert judged.tokens.input > 500
    assert judged.tokens.output > 20


@pytest.mark.usefixtures("claude")
@pytest.mark.parametrize("size", [(512, 512), (2048, 1152)])
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_sent_with_the_media_type_of_its_bytes(size: tuple[int, int], form: str) -> None:
    painted = picture("a red ball on grass", "", size, 3, "modern")[0]
    out = io.BytesIO()
    with Image.open(io.BytesIO(painted)) as image:
        image.convert("RGB").save(out, form, quality=95)
    judge = registry.judge("bedrock:")
    asked = [Requirement(id="r1", text="there is a ball", kind="object")]
    judged = asyncio.run(judge.judge(judge_copy(out.getvalue()), asked))
    assert [finding.id for finding in judged.findings] == ["r1"]


@pytest.mark.usefixtures("claude")
def test_bytes_that_are_not_a_picture_are_not_sent() -> None:
    with pytest.raises(PictureError):
        asyncio.run(registry.judge("bedrock:").judge(b"a text", REQUIREMENTS))


@pytest.mark.usefixtures("claude")
def test_the_default_is_sonnet_5_with_a_known_price() -> None:
    judge = registry.judge("bedrock:")
    assert judge.name == "bedrock:global.anthropic.claude-sonnet-5"
    regional = registry.judge("bedrock:eu.anthropic.claude-sonnet-5")
    usd, regional_usd = (price_of(model, REQUIREMENTS, (1024, 1024)) for model in (judge, regional))
    assert usd is not None
    assert 4096 * 10 / 1e6 < usd < 0.07  # the answer, and what is sent at most, a second question included
    assert regional_usd == pytest.approx(1.1 * usd)
    assert judge.price is not None
    assert judge.price > usd


@pytest.mark.usefixtures("claude")
def test_an_unknown_model_has_no_price() -> None:
    judge = registry.judge("bedrock:acme.seer-v1:0")
    assert (judge.price, price_of(judge, REQUIREMENTS, (64, 64))) == (None, None)


WHOLE = Requirement(id="r1", text="two red cups on a table", kind="whole")
PARTS = Requirement(id="r1", text="two red cups on a table", kind="object")
COLOURS = view_of(judge_copy(cups()), ANY_PICTURE).colours


@pytest.mark.usefixtures("claude")
@pytest.mark.parametrize(("description", "verdict"), [(WHOLE.text, "met"), ("two blue dogs", "unmet")])
def test_a_description_is_judged_in_one_answer(description: str, verdict: str) -> None:
    judged = asyncio.run(registry.judge("bedrock:").judge(judge_copy(cups()), [replace(WHOLE, text=description)]))
    assert [(finding.id, finding.verdict) for finding in judged.findings] == [("r1", verdict)]


@pytest.mark.parametrize(
    ("asked", "question"),
    [
        ([WHOLE], questions.whole(WHOLE.text, "r1", COLOURS)),
        ([PARTS], questions.judge([PARTS], COLOURS)),
        ([WHOLE, REQUIREMENTS[2]], questions.judge([WHOLE, REQUIREMENTS[2]], COLOURS)),
    ],
    ids=["alone", "another kind", "beside others"],
)
def test_only_a_description_alone_is_asked_about_as_a_whole(
    monkeypatch: pytest.MonkeyPatch, asked: list[Requirement], question: Question[Judged]
) -> None:
    with recording(Reply({"message": "no"}, 500)) as server:
        lead_to(server.port, monkeypatch)
        with pytest.raises(Failed):
            asyncio.run(registry.judge("bedrock:").judge(judge_copy(cups()), asked))
        (body,) = server.bodies
    assert body["messages"][0]["content"][-1] == {"text": question.text}
    assert body["system"][0] == {"text": question.system}
