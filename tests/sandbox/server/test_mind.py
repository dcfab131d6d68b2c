"""The answers of the server's Claude to onbrief's own questions, to free text in many wordings, and to anything else."""

from __future__ import annotations

import asyncio
import io
import json
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from onbrief import questions
from onbrief.attempt import Attempt, Finding, Verdict
from onbrief.brief import Brief, Checklist
from onbrief.judging import decide
from onbrief.ports import Dialect
from onbrief.record import Prompt
from onbrief_sandbox.language import grammar
from onbrief_sandbox.painting.painter import paint
from onbrief_sandbox.server.conversation import Answer, Conversation, Tool, Turn
from onbrief_sandbox.server.mind import ABOUT, answer, fields, quoting, schemas

PROMPT = "three red circles above a blue square on a yellow background"
FAULTS = (
    "two red circles above a blue square on a yellow background",
    "four red circles above a blue square on a yellow background",
    "three green circles above a blue square on a yellow background",
    "three red circles below a blue square on a yellow background",
    "three red circles above a blue square on a pink background",
    "three red circles on a yellow background",
    "a cat",
    "a lake with mountains at night",
)
JAPANESE = "自然の中から見た夜景で、空にはオーロラと月があり、地上には海が広がる無人の写真。"


@cache
def picture(text: str) -> bytes:
    """Paint a prompt without flaws."""
    return paint(grammar.parse(text), (512, 512), 3)[0]


@cache
def blank() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (512, 512), "white").save(out, "PNG")
    return out.getvalue()


def say(text: str, *images: bytes, system: str = "", begun: str = "", **asked: Any) -> Answer:
    turns = [Turn("user", text, images)]
    if begun:
        turns.append(Turn("assistant", begun))
    return asyncio.run(answer(Conversation("claude", system, tuple(turns), **asked)))


def put(question: questions.Question[Any], *images: bytes, **asked: Any) -> Answer:
    return say(question.text, *images, system=question.system, **asked)


# -- onbrief's own questions -------------------------------------------------------------------------------------------

BRIEF = Brief(text=f'{PROMPT}, a sign that says "OPEN"', avoid=("dogs",))


@cache
def checklist() -> Checklist:
    question = questions.plan(BRIEF)
    planned = question.read(json.loads(put(question).text))
    return Checklist.freeze(planned.requirements, BRIEF)


def test_a_brief_becomes_a_checklist() -> None:
    assert [(r.id, r.text, r.kind, r.parents) for r in checklist().requirements] == [
        ("r1", "there is no dogs", "absence", ()),
        ("r2", "there are circles", "object", ()),
        ("r3", "there are exactly three circles", "count", ("r2",)),
        ("r4", "the circles are red", "attribute", ("r2",)),
        ("r5", "there is a square", "object", ()),
        ("r6", "the square is blue", "attribute", ("r5",)),
        ("r7", "the circles are above the square", "relation", ("r2", "r5")),
        ("r8", "the background is yellow", "attribute", ()),
        ("r9", 'the word "OPEN" can be read', "text", ()),
        ("r10", 'there is a sign that says "OPEN"', "object", ("r9",)),
    ]


def test_a_japanese_brief_becomes_one_too() -> None:
    question = questions.plan(Brief(text=JAPANESE))
    found = question.read(json.loads(put(question).text)).requirements
    assert {r.text for r in found if r.must} >= {
        "there is an aurora",
        "there is a moon",
        "there is a sea",
        "there is no person",
    }


@pytest.mark.parametrize("ask", [questions.judge, questions.confirm])
@pytest.mark.parametrize(
    ("text", "unmet"),
    [
        (BRIEF.text, set[str]()),
        (f"{BRIEF.text}, and a dog", {"r1"}),
        (BRIEF.text.replace("three", "two"), {"r3"}),
        (BRIEF.text.replace("OPEN", "OPNE"), {"r9", "r10"}),
        (PROMPT.replace("red", "green").replace("blue", "white"), {"r4", "r6", "r9", "r10"}),
        (PROMPT.replace("above", "below").replace("yellow", "pink"), {"r7", "r8", "r9", "r10"}),
        ("three red circles", {"r5", "r6", "r7", "r8", "r9", "r10"}),
    ],
)
def test_the_eye_answers_from_both_sides(ask: Callable[..., questions.Question[Any]], text: str, unmet: set[str]) -> None:
    question = ask(checklist().requirements)
    findings = question.read(json.loads(put(question, picture(text)).text)).findings
    verdict = decide.verdict(checklist(), findings)
    assert {finding.id for finding in verdict.unmet} == unmet
    assert verdict.passed == (not unmet)


@pytest.mark.parametrize("ask", [questions.judge, questions.confirm])
@pytest.mark.parametrize("images", [(), (b"no picture",)])
def test_without_a_picture_nothing_is_met(ask: Callable[..., questions.Question[Any]], images: tuple[bytes, ...]) -> None:
    question = ask(checklist().requirements)
    findings = question.read(json.loads(put(question, *images).text)).findings
    assert "met" not in {finding.verdict for finding in findings}


def test_a_question_about_lettering_alone_is_known_too() -> None:
    question = questions.judge([checklist()["r9"]])
    assert json.loads(put(question, picture(BRIEF.text)).text) == {"lettering": [{"text": "OPEN", "probability": 0.99}]}


def test_a_whole_description_is_one_question() -> None:
    question = questions.whole(PROMPT, "r1")
    assert question.read(json.loads(put(question, picture(PROMPT)).text)).findings[0].verdict == "met"
    for fault in FAULTS:
        assert question.read(json.loads(put(question, picture(fault)).text)).findings[0].verdict == "unmet"
    assert question.read(json.loads(put(question).text)).findings[0].verdict == "borderline"


def test_the_writer_stresses_what_failed_and_writes_something_new_each_time() -> None:
    written = [PROMPT]
    history: list[tuple[Prompt, list[Attempt]]] = []
    for revision in range(1, 5):
        findings = tuple(
            Finding(r.id, "unmet" if r.id == "r3" else "met", 0.5, "two circles") for r in checklist().requirements
        )
        tried = Attempt(revision - 1, 0, 1, verdict=Verdict(False, findings))
        history.append((Prompt(revision - 1, written[-1]), [tried]))
        question = questions.revise(BRIEF, checklist(), revision, history, Dialect(negative=True))
        revised = question.read(json.loads(put(question).text))
        assert "in a row" in revised.text
        assert revised.negative == "dogs"
        assert revised.reason.startswith("“there are exactly three circles” failed")
        written.append(revised.text)
    assert len(set(written)) == len(written)


def test_the_tool_whose_schema_fits_is_used_whatever_its_name() -> None:
    question = questions.plan(BRIEF)
    other = Tool("search", {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]})
    tool = Tool("final_result", question.schema)
    for forced in (None, "*", "final_result"):
        said = put(question, tools=(other, tool), forced=forced)
        assert (said.tool, said.text) == ("final_result", "")
        assert question.read(said.arguments)


def test_native_json_follows_the_schema_and_a_wrapped_one_is_filled() -> None:
    question = questions.judge(checklist().requirements)
    said = put(question, picture(BRIEF.text), schema=question.schema)
    assert decide.verdict(checklist(), question.read(json.loads(said.text)).findings).passed
    wrapper = {"type": "object", "properties": {"response": {"$ref": "#/$defs/R"}}, "required": ["response"]}
    said = put(question, picture(BRIEF.text), tools=(Tool("t", {**wrapper, "$defs": {"R": question.schema}}),), forced="t")
    assert decide.verdict(checklist(), question.read(said.arguments["response"]).findings).passed


def test_a_question_that_is_asked_again_after_a_refusal_is_answered_again() -> None:
    question = questions.plan(BRIEF)
    turns = (Turn("user", question.text), Turn("assistant", "{}"), Turn("user", "1 validation error. Fix it and try again."))
    said = asyncio.run(answer(Conversation("claude", question.system, turns)))
    assert question.read(json.loads(said.text)).requirements


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["text", "requirements", "avoid", "id", "kind", "must", "parents", "prompt", "results", "of", "met", "things"]
            ),
            inner,
        )
    ),
    max_leaves=12,
)
TAGS = st.dictionaries(
    st.sampled_from(["brief", "checklist", "history", "statements", "claims", "counts", "description"]), JSON
)


@given(TAGS)
def test_material_that_is_not_as_onbrief_writes_it_breaks_nothing(material: dict[str, object]) -> None:
    blocks = "\n\n".join(f"<{name}>\n{json.dumps(value)}\n</{name}>" for name, value in material.items())
    said = say(f"{questions.judge(()).text}\n\n{blocks}")
    assert '"answer": "true"' not in said.text
    assert '"answer": "supported"' not in said.text


# -- does it match? ----------------------------------------------------------------------------------------------------

WORDINGS = tomllib.loads((Path(__file__).parent / "wordings.toml").read_text("utf-8"))
MATCHING = [(w["text"], w["key"], w["yes"], w["no"]) for w in WORDINGS["matching"]]


def worded(template: str, prompt: str = PROMPT) -> str:
    return template.replace("{p}", prompt)


@pytest.mark.parametrize(("template", "key", "yes", "no"), MATCHING)
def test_a_match_is_said_in_the_words_and_fields_of_the_client(template: str, key: str, yes: object, no: object) -> None:
    text = worded(template)
    assert json.loads(say(text, picture(PROMPT)).text)[key] == yes
    assert json.loads(say(text, picture(FAULTS[len(template) % len(FAULTS)])).text)[key] == no
    for images in ((), (b"no picture",)):
        assert json.loads(say(text, *images).text)[key] == no


@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_is_a_match(fault: str) -> None:
    template, key, _, no = MATCHING[2]
    assert json.loads(say(worded(template), picture(fault)).text)[key] == no


def test_one_bad_picture_of_several_is_no_match_and_neither_is_a_blank_one() -> None:
    template, key, _, no = MATCHING[2]
    assert json.loads(say(worded(template), picture(PROMPT), picture(FAULTS[0])).text)[key] == no
    assert json.loads(say(worded(template), blank()).text)[key] == no


@pytest.mark.parametrize(("template", "key", "yes", "no"), MATCHING[::5])
def test_a_prompt_that_nobody_can_read_is_no_match(template: str, key: str, yes: object, no: object) -> None:
    assert json.loads(say(worded(template, "красный круг над синим квадратом"), picture(PROMPT)).text)[key] == no


def test_the_reason_says_what_is_wrong_and_what_is_seen() -> None:
    said = json.loads(say(worded(MATCHING[0][0]), picture(FAULTS[0])).text)
    assert said == {
        "result": "NG",
        "reason": "The image does not show what the prompt asks for. "
        "Expected: there are exactly three circles (seen: two circles: red, red).",
    }


@pytest.mark.parametrize(
    "prompt",
    [
        'a photo of a "STOP" sign, and a cat',
        'a red circle and a sign that says "OPEN"',
        "a person's hat; it's red, don't show a dog",
        "4 apples: two red, two green, if possible",
        "A cat.\nA dog on the right.",
        "a bench (wooden), a cup [blue] and a <b>bold</b> text",
        "Is this a cat? No, a dog.",
        "“Hello” in red letters on a wall, 'quoted' too",
        "A cat.\n\nA dog on the right.",
        "赤い円と三つの四角、「OPEN」という看板",
    ],
)
def test_a_prompt_is_read_whole_in_every_wording(prompt: str) -> None:
    """If only a part of the prompt were read, a picture without the rest would pass."""
    for asked in (*WORDINGS["matching"], *WORDINGS["revising"]):
        text = worded(asked["text"], prompt)
        found = quoting.prompt(fields.masked(text)) or quoting.prompt(text)
        assert found is not None
        assert found.rstrip(".") == prompt.rstrip(".")


def test_a_japanese_prompt_is_judged_by_what_it_says() -> None:
    text = worded(MATCHING[4][0], JAPANESE)
    assert (
        json.loads(say(text, picture("a photo of a night sky with an aurora and the moon above the sea")).text)["result"]
        == "OK"
    )
    assert json.loads(say(text, picture("a photo of a night sky with the moon above the sea")).text)["result"] == "NG"
    unread = worded(MATCHING[4][0], "赤い円と「おはよう」という看板")
    assert json.loads(say(unread, picture("a red circle")).text)["result"] == "NG"


def test_a_client_that_wants_no_json_gets_a_word() -> None:
    text = f"Does this image show {PROMPT}? Answer with only one word, MATCH or MISMATCH."
    assert say(text, picture(PROMPT)).text == "MATCH"
    assert say(text, picture(FAULTS[0])).text == "MISMATCH"
    assert say(text).text == "MISMATCH"
    text = f'Is the image accurate for the prompt "{PROMPT}"?'
    assert say(text, picture(PROMPT)).text.startswith("Yes. ")
    assert say(text, picture(FAULTS[0])).text.startswith("No. ")


def test_scores_and_lists_are_filled() -> None:
    text = worded(
        'Rate how well the image matches the prompt "{p}": {"score": 0-10, "match": true, "missing": ["..."], "x": ""}'
    )
    assert json.loads(say(text, picture(PROMPT)).text) == {"score": 10, "match": True, "missing": [], "x": ""}
    said = json.loads(say(text, picture(FAULTS[0])).text)
    assert said == {"score": 8.57, "match": False, "missing": ["there are exactly three circles"], "x": ""}


def test_instructions_may_stand_in_the_system_text() -> None:
    system = 'You verify images. Say whether the image matches the prompt, as {"result": "PASS" or "FAIL", "reason": ""}.'
    assert json.loads(say(f"<prompt>{PROMPT}</prompt>", picture(PROMPT), system=system).text)["result"] == "PASS"
    assert json.loads(say(f"<prompt>{PROMPT}</prompt>", picture(FAULTS[1]), system=system).text)["result"] == "FAIL"


TOOL: dict[str, object] = {
    "type": "object",
    "properties": {"verdict": {"enum": ["good", "bad", "unsure"], "type": "string"}, "reason": {"type": "string"}},
    "required": ["verdict", "reason"],
    "additionalProperties": False,
}


def test_a_match_may_be_asked_for_through_a_tool_or_a_schema() -> None:
    text = f'Does the image match the prompt "{PROMPT}"?'
    for forced in (None, "*", "report"):
        said = say(text, picture(PROMPT), tools=(Tool("report", TOOL),), forced=forced)
        assert (said.tool, said.arguments["verdict"]) == ("report", "good")
        assert say(text, picture(FAULTS[0]), tools=(Tool("report", TOOL),), forced=forced).arguments["verdict"] == "bad"
    assert json.loads(say(text, picture(PROMPT), schema=TOOL).text)["verdict"] == "good"
    assert json.loads(say(text, picture(FAULTS[0]), schema=TOOL).text)["verdict"] == "bad"


@pytest.mark.parametrize(
    "begun", ["{", '{"', '{ "result" : "', '{"reason": "', "```json\n{", "```json\n", "Here is the JSON:\n{", '{\n  "result":']
)
def test_an_answer_that_the_client_has_begun_goes_on_from_there(begun: str) -> None:
    said = say(worded(MATCHING[0][0]), picture(FAULTS[0]), begun=begun)
    whole = begun + said.text
    assert questions.document(whole) == json.loads(say(worded(MATCHING[0][0]), picture(FAULTS[0])).text)
    assert whole.count("```") % 2 == 0


# -- a better prompt ---------------------------------------------------------------------------------------------------

REVISING = [(w["text"], w["key"]) for w in WORDINGS["revising"]]


@pytest.mark.parametrize(("template", "key"), REVISING)
def test_a_better_prompt_asks_for_the_same_scene_in_other_words(template: str, key: str) -> None:
    revised = json.loads(say(worded(template)).text)[key]
    assert revised != PROMPT
    assert grammar.parse(revised) == grammar.parse(PROMPT)


def test_a_better_prompt_is_english_whatever_the_language_of_the_old_one() -> None:
    revised = json.loads(say(worded(REVISING[0][0], JAPANESE)).text)["revised_prompt"]
    assert revised.isascii()
    assert {"night", "aurora", "moon", "sea"} <= grammar.parse(revised).elements
    assert "person" in grammar.parse(revised).absent


def test_what_failed_is_stressed_whether_it_is_told_or_shown() -> None:
    prompt = json.loads(say(worded(REVISING[3][0])).text)["prompt"]
    shown = json.loads(say(worded(REVISING[0][0]), picture(FAULTS[0])).text)["revised_prompt"]
    assert "in a row" in prompt
    assert "in a row" in shown


def test_a_prompt_that_is_revised_again_and_again_is_a_new_one_each_time() -> None:
    written = [PROMPT]
    for _ in range(6):
        written.append(json.loads(say(worded(REVISING[0][0], written[-1])).text)["revised_prompt"])
    assert len(set(written)) == 7
    assert {grammar.parse(text) for text in written} == {grammar.parse(PROMPT)}


def test_verdict_and_better_prompt_may_be_asked_for_at_once() -> None:
    text = worded('Does the image match the prompt "{p}"? {"result": "OK/NG", "reason": "", "revised_prompt": ""}')
    assert json.loads(say(text, picture(PROMPT)).text)["revised_prompt"] == PROMPT
    said = json.loads(say(text, picture(FAULTS[0])).text)
    assert said["result"] == "NG"
    assert "in a row" in said["revised_prompt"]


def test_a_prompt_alone_is_given_to_a_client_that_wants_no_json() -> None:
    assert grammar.parse(say(f'Improve the prompt: "{PROMPT}". Reply with the prompt only.').text) == grammar.parse(PROMPT)


# -- anything else -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["What is the weather?", "", "Hello!", "{}", "Write a poem about circles."])
def test_anything_else_is_answered_by_what_it_can_do(text: str) -> None:
    assert say(text) == Answer(text=ABOUT)
    assert say(text, picture(PROMPT)) == Answer(text=ABOUT)


def test_a_conversation_without_a_message_is_answered_too() -> None:
    assert asyncio.run(answer(Conversation("claude", "", ()))) == Answer(text=ABOUT)


def test_a_forced_tool_gets_the_least_that_it_takes_and_never_an_approval() -> None:
    schema: dict[str, object] = {
        "type": "object",
        "properties": {
            "city": {"type": "string", "minLength": 2},
            "days": {"type": "integer", "minimum": 1},
            "approved": {"type": "boolean"},
            "state": {"enum": ["pass", "fail"]},
            "more": {"type": "array", "items": {"type": "object"}},
            "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "spare": {"type": "string"},
        },
        "required": ["city", "days", "approved", "state", "more", "note"],
    }
    said = say("What is the weather?", tools=(Tool("weather", schema),), forced="weather")
    assert said.arguments == {"city": "--", "days": 1, "approved": False, "state": "fail", "more": [], "note": ""}
    assert json.loads(say("What is the weather?", schema=schema).text) == said.arguments
    assert say("What is the weather?", tools=(Tool("weather", schema),)) == Answer(text=ABOUT)


def test_a_schema_without_an_end_has_a_least_value_in_time() -> None:
    node: dict[str, object] = {"type": "object", "properties": {n: {"$ref": "#"} for n in "abc"}, "required": ["a", "b", "c"]}
    assert isinstance(schemas.least(node), dict)
    endless: dict[str, object] = {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}
    assert schemas.fits({}, endless) is False


SCALARS = st.sampled_from(
    [{"type": "string"}, {"type": "boolean"}, {"type": "integer"}, {"type": "null"}, {"enum": ["pass", "no"]}, {"const": 3}]
)
SCHEMAS: st.SearchStrategy[dict[str, Any]] = st.recursive(
    SCALARS.map(dict),
    lambda inner: (
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3).map(
            lambda fields: {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
        )
        | inner.map(lambda item: {"type": "array", "items": item, "minItems": 1})
        | st.lists(inner, min_size=1, max_size=3).map(lambda ways: {"anyOf": ways})
    ),
    max_leaves=8,
)


@given(SCHEMAS)
def test_the_least_value_fits_its_schema(schema: dict[str, Any]) -> None:
    assert schemas.fits(schemas.least(schema), schema)


PIECES = (
    *(
        "Does the image match",
        "the prompt",
        "three red circles",
        "revise",
        "JSON",
        "OK",
        "NG",
        "or",
        "if",
        "yes/no",
        "true",
        "false",
    ),
    *('"result"', '"reason"', "<prompt>", "</prompt>", "<brief>\n", "\n</brief>", "```", *"\"'“「{}:,?\n"),
)


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=30))
def test_no_words_whatever_make_a_match_without_a_picture(pieces: list[str]) -> None:
    text = " ".join(pieces)
    said = say(text)
    assert "The image shows all" not in said.text
    tool = say(text, tools=(Tool("report", TOOL),), forced="report")
    assert tool.arguments["verdict"] != "good"
    assert schemas.fits(tool.arguments, TOOL)


@pytest.mark.parametrize(
    "piece",
    [
        "<prompt>",
        "<brief>\n",
        '"a ',
        "「",
        "{",
        "{a:",
        "```\n",
        "show ",
        "prompt: ",
        "\n",
        '"yes" ',
        "no ",
        "does the image match ",
    ],
)
def test_a_very_long_message_is_answered_at_once(piece: str) -> None:
    assert say(piece * (2_000_000 // len(piece))).tool is None
