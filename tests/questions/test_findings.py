"""How the answers of a judge are read: with one meaning, or not at all."""

from __future__ import annotations

import json
import os
import random
from typing import Any, cast

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from onbrief import questions
from onbrief.brief import Requirement
from onbrief.errors import Failed
from onbrief.judging import decide
from onbrief.judging.rule import Rule
from tests.questions.answers import CHECKLIST, GOOD, SEEING, controlled, counted, judged, lines, statement, verdicts

LENIENT = Rule.named("lenient")


def test_a_good_answer_passes_and_each_single_fault_in_it_does_not() -> None:
    question = questions.judge(CHECKLIST.requirements)
    assert decide.verdict(CHECKLIST, question.read(judged()).findings).passed
    good: list[dict[str, Any]] = judged()["statements"]
    faults: tuple[dict[str, list[Any]], ...] = (
        {"lettering": []},
        {"lettering": lines("OPNE")},
        {"counts": []},
        {"counts": [counted("r3", 2)]},
        {"counts": [counted("r3", None)]},
        {"counts": [counted("r3", 3), counted("r3", 4)]},
        {"counts": [counted("r3", 3, 0.2)]},
        {"statements": []},
        *({"statements": [s for s in good if s["id"] != id_]} for id_ in ("r1", "r2", "r4")),
        *({"statements": [*good, statement(id_, "borderline", p)]} for id_, p in (("r1", 0.9), ("r2", 0.2), ("r4", 0.2))),
        {"statements": [*good, statement("r2", "false", 0.1)]},
        {"statements": [*good[1:], statement("r1", "true", 0.9)]},
        {"statements": [*good[:1], statement("r2", "true", 0.2), *good[2:]]},
    )
    for fault in faults:
        assert not decide.verdict(CHECKLIST, question.read(judged(**fault)).findings).passed


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("met", "the answer: 'met' is not allowed; expected an object"),
        ({}, "lettering: None is not allowed"),
        (
            judged(statements=[statement("r9", "true")]),
            r"statements\[0\].id: 'r9' is not allowed; expected r1 or r2 or r4 or r6",
        ),
        (judged(statements=[statement("r3", "true")]), r"statements\[0\].id: 'r3'"),
        (judged(statements=[statement("r2", "met")]), r"statements\[0\].answer: 'met' is not allowed; expected true or false"),
        (
            judged(statements=[statement("r2", "true", 1.01)]),
            r"statements\[0\].probability: 1.01 is not allowed; expected a number",
        ),
        (judged(statements=[statement("r2", "true", float("nan"))]), r"statements\[0\].probability: nan"),
        (judged(statements=[statement("r2", "true", True)]), r"statements\[0\].probability: True"),
        (judged(statements=[statement("r2", "true", "0.9 or so")]), r"statements\[0\].probability: '0.9 or so'"),
        (judged(statements=[statement("r2", "true", "nan")]), r"statements\[0\].probability: 'nan'"),
        (judged(statements=[statement("r2", "true", "101%")]), r"statements\[0\].probability: '101%'"),
        (judged(counts=[counted("r3", "a few")]), r"counts\[0\].number: 'a few'"),
        (judged(counts=[counted("r3", True)]), r"counts\[0\].number: True"),
        (judged(statements=["r2"]), r"statements\[0\]: 'r2' is not allowed; expected an object"),
        (judged(counts=[counted("r3", -1)]), r"counts\[0\].number: -1"),
        (judged(counts=[counted("r3", 2.5)]), r"counts\[0\].number: 2.5"),
        (judged(lettering=[{"text": 5, "probability": 1}]), r"lettering\[0\].text: 5"),
    ],
)
def test_an_answer_that_is_none_is_refused_by_field_and_value(document: object, message: str) -> None:
    with pytest.raises(Failed, match=message):
        questions.judge(CHECKLIST.requirements).read(document)


@pytest.mark.parametrize(
    "answer",
    [
        json.dumps(judged()),
        {"findings": judged()},
        [judged()],
        judged(statements=json.dumps(GOOD), counts=counted("r3", "three"), lettering=lines("OPEN")[0]),
        judged(statements={s["id"]: s for s in GOOD}, counts={"r3": counted("R3", "3", "90%")}),
        judged(statements=[statement(s["id"].upper(), s["answer"].title(), str(s["probability"])) for s in GOOD]),
        judged(statements=[statement(s["id"][1:], f"{s['answer']}.", s["probability"]) for s in GOOD]),
        judged(statements=[{**s, "id": int(s["id"][1:]), "evidence": None} for s in GOOD]),
        judged(statements=[{key.upper(): value for key, value in s.items()} for s in GOOD]),
        judged(statements=[*GOOD, statement("r3", "false", 0.1), statement("r77", "false", 0.1)]),
        judged(counts=[counted("r3", 3.0), counted("r2", 7)], statements=[*GOOD, statement("the sky", "false", 0.1)]),
    ],
)
def test_findings_with_one_meaning_are_read_however_they_are_written_and_extra_ones_dropped(answer: Any) -> None:
    findings = questions.judge(CHECKLIST.requirements).read(answer).findings
    assert verdicts(findings) == {requirement.id: "met" for requirement in CHECKLIST.requirements}
    assert decide.verdict(CHECKLIST, findings).passed


def test_an_extra_id_is_not_dropped_while_a_requirement_has_no_answer() -> None:
    read = questions.judge(CHECKLIST.requirements).read
    with pytest.raises(Failed, match=r"statements\[3\].id: 'r77'"):
        read(judged(statements=[*GOOD[:-1], statement("r77", "true")]))
    assert verdicts(read(judged(statements=GOOD[:-1])).findings).keys() == {"r1", "r2", "r3", "r4", "r5"}


def test_an_id_that_could_mean_two_requirements_means_none() -> None:
    two = [Requirement(id=id_, text=f"there is a {id_}", kind="object") for id_ in ("cup-1", "hat-1")]
    assert questions.judge(two).read({"statements": [statement("CUP 1", "true"), statement("hat1", "true")]}).findings
    with pytest.raises(Failed, match="statements"):
        questions.judge(two).read({"statements": [statement("1", "true"), statement("hat-1", "true")]})


def test_a_transcript_is_only_needed_where_words_are_to_be_read() -> None:
    assert questions.judge(CHECKLIST.requirements[1:2]).read({"statements": [statement("r2", "true")]}).findings
    with pytest.raises(Failed, match="lettering"):
        questions.judge(CHECKLIST.requirements[4:5]).read({})


@pytest.mark.parametrize(
    ("lettering", "verdict"),
    [
        ([], "unmet"),
        (["OPEN"], "met"),
        (["“open”."], "met"),
        (["We are OPEN, come in"], "met"),
        (["REOPENED"], "unmet"),
        (["OPE", "N"], "unmet"),
    ],
)
def test_lettering_is_compared_here_and_not_by_the_judge(lettering: list[str], verdict: str) -> None:
    found = questions.judge(CHECKLIST.requirements[4:5]).read({"lettering": lines(*lettering)}).findings
    assert verdicts(found) == {"r5": verdict}


@pytest.mark.parametrize(
    ("wanted", "read", "there"),
    [
        ("SALE", "SALE!", True),
        ("SALE", "S A L E", True),
        ("SALE", "★ sale ★ 50 % off", True),
        ("SALE", "SALES", False),
        ("SALE", "WHOLESALE", False),
        ("SALE", "WHOLE-SALE", False),
        ("SALE", "SAL", False),
        ("ICE CREAM", "Ice-Cream", True),
        ("ICE CREAM", "ICECREAM", True),
        ("ICECREAM", "ice\ncream", True),
        ("ICE CREAM", "NICE CREAMS", False),
        ("T-Shirt", "TSHIRT", True),
        ("50% OFF", "50 % off", True),
        ("50% OFF", "150% OFF", False),
        ("U.S.A.", "usa", True),
        ("don't panic", "DON’T PANIC", True),
        ("ACME", "Acme™", True),
        ("İstanbul", "istanbul", True),
        ("Straße", "STRASSE", True),
        ("ＯＰＥＮ", "open", True),
        ("हिन्दी", "हिनदि", False),
        ("हिन्दी", "हिन्दी!", True),
        ("営業中", "「営業中」", True),
        ("???", "what ? ? ?", True),
        ("???", "what", False),
        ("♥", "♥️ you", True),
    ],
)
def test_letters_and_digits_decide_lettering_everywhere(wanted: str, read: str, there: bool) -> None:
    from onbrief.judging.lettering import compared
    from onbrief.pictures.ocr import Line
    from onbrief_sandbox.language.checks import check
    from onbrief_sandbox.language.claims import Lettered
    from onbrief_sandbox.scene import Sight

    asked = Requirement(id="r1", text=f'the words "{wanted}" can be read', kind="text")
    (judged,) = questions.judge([asked]).read({"lettering": lines(read)}).findings
    assert (judged.verdict == "met") is there
    assert any(finding.verdict == "met" for finding in compared([asked], [Line(read, 0.9, (0, 0, 1, 1))])) is there
    assert check(Lettered(wanted), Sight(words=(read,)))[0] is there


@pytest.mark.parametrize(("read", "there"), [("Grand Sale! now", True), ("SALE!", False), ("Sale", False), ("Sale!!", True)])
def test_lettering_is_compared_as_written_if_the_user_asks_for_it(read: str, there: bool) -> None:
    asked = Requirement(id="r1", text='exactly the words "Sale!" can be read', kind="text")
    (judged,) = questions.judge([asked]).read({"lettering": lines(read)}).findings
    assert (judged.verdict == "met") is there


KEYS = st.sampled_from(["lettering", "counts", "statements", "id", "answer", "probability", "number"])


WORDS = st.text(max_size=8) | st.sampled_from(["r1", "r2", "r3", "true", "false", "supported", "contradicted"])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner),
    max_leaves=20,
)


@given(JSON)
def test_no_answer_at_random_ever_passes(document: object) -> None:
    asked = CHECKLIST.requirements
    for question in (questions.judge(asked), questions.confirm(asked), questions.judge(asked, SEEING)):
        try:
            findings = question.read(document).findings
        except Failed:
            continue
        assert not decide.verdict(CHECKLIST, findings).passed


def plain(value: object) -> str:
    """A value as it is read: "R 2." means r2, and so does "2"."""
    return "".join(c for c in str(value).casefold() if c.isalnum())


@given(st.data())
def test_a_good_answer_with_one_field_spoilt_never_passes_by_it(data: st.DataObject) -> None:
    """Whatever stands in the place of the answer, the number, the probability or the id that a pass rests on."""
    document = judged()
    entries = [*document["counts"], *[s for s in document["statements"] if s["id"] != "r6"]]
    entry = data.draw(st.sampled_from(entries))
    name = data.draw(st.sampled_from([key for key in entry if key != "evidence"]))
    good = entry[name]
    junk = data.draw(st.none() | st.booleans() | st.text() | st.integers(max_value=-1) | st.floats(min_value=1.001))
    assume(junk != good)
    assume(not isinstance(junk, str) or plain(junk) not in (plain(good), plain(good).lstrip("r")))
    entry[name] = junk
    try:
        findings = questions.judge(CHECKLIST.requirements).read(document).findings
    except Failed:
        return
    assert not decide.verdict(CHECKLIST, findings).passed


@pytest.mark.parametrize("word", ["borderline", "unclear"])
def test_what_fair_people_would_differ_about_is_borderline_with_the_probability_given(word: str) -> None:
    read = questions.judge(CHECKLIST.requirements).read
    doubts = [statement("r1", word, 0.3), statement("r2", word, 0.6), *judged()["statements"][2:]]
    found = {f.id: (f.verdict, f.probability) for f in read(judged(statements=doubts)).findings}
    assert (found["r1"], found["r2"]) == (("borderline", 0.7), ("borderline", 0.6))
    whole = questions.whole("a dog", "r1").read(statement("", word, 0.4)).findings
    assert (whole[0].verdict, whole[0].probability) == ("borderline", 0.4)


@pytest.mark.parametrize(
    ("number", "probability", "said"),
    [(3, 0.9, ("met", 0.9)), (3, 0.4, ("borderline", 0.4)), (4, 0.7, ("unmet", 0.15)), (9, 0.2, ("unmet", 0.0125))],
)
def test_a_number_is_as_probable_as_the_judge_says_and_others_the_less_the_farther_off(
    number: int, probability: float, said: tuple[str, float]
) -> None:
    finding = questions.judge(CHECKLIST.requirements).read(judged(counts=[counted("r3", number, probability)])).findings[2]
    assert (finding.verdict, finding.probability) == said


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ([0.1, 0.2, 0.5, 0.6], (0.1, 0.2, 0.5, 0.6)),
        (["10%", 0, "1", 1], (0.1, 0.0, 1.0, 1.0)),
        ("[0.1, 0.2, 0.5, 0.6]", (0.1, 0.2, 0.5, 0.6)),
        ({"left": 0.1, "top": 0.2, "right": 0.5, "bottom": 0.6}, (0.1, 0.2, 0.5, 0.6)),
        (None, None),
        ([], None),
        ([0.1], None),
        ([100, 200, 300, 400], None),
        ([0.5, 0, 0.1, 1], None),
        ([0, 0, float("nan"), 1], None),
        ("left", None),
        ({"left": 0.1}, None),
    ],
)
def test_a_box_is_read_if_it_is_one_and_refuses_no_answer(given: object, read: object) -> None:
    entry = {**statement("r2", "borderline", 0.5), "box": given}
    finding = questions.judge(CHECKLIST.requirements[1:2]).read({"statements": [entry]}).findings[0]
    assert (finding.verdict, finding.box) == ("borderline", read)


JUNK: tuple[Any, ...] = (
    *("", "r1", "r7", "true", "supported", "borderline", "red", "0.99", "100%", "[]", "{"),
    *(0, 1, 0.9, -1, 1e400, None, True, [], {}),
)


def spoilt(document: Any, draw: random.Random) -> Any:
    """The same document with something in it dropped, doubled, moved or replaced."""
    if not document or not isinstance(document, dict | list) or draw.random() < 0.1:
        return draw.choice(JUNK)
    how = draw.randrange(6)
    if isinstance(document, dict):
        entries = dict(cast("dict[str, Any]", document))
        key = draw.choice(list(entries))
        if how == 0:
            del entries[key]
        else:
            entries[draw.choice(list(entries)) if how == 1 else key] = spoilt(entries[key], draw) if how > 1 else entries[key]
        return entries
    items = list(cast("list[Any]", document))
    at = draw.randrange(len(items))
    items[at : at + 1] = [[], [items[at], items[at]]][how] if how < 2 else [spoilt(items[at], draw)]
    return items


def fuzz(rounds: int, seed: int) -> None:
    """Spoil answers in which nothing is met, in one to four places: no crash, and nothing passes that one word does not say."""
    draw = random.Random(seed)  # noqa: S311 - it spoils, it keeps no secret
    asked = CHECKLIST.requirements
    cases = [
        (question, controlled(question, lambda _, no=no: no, lettering=[], counts=[counted("r3", 7)]))
        for question, no in (
            (questions.judge(asked), "false"),
            (questions.judge(asked, SEEING), "false"),
            (questions.confirm(asked), "contradicted"),
            (questions.confirm(asked, SEEING, {"r2": "A"}), "contradicted"),
        )
    ]
    for number in range(rounds):
        question, document = cases[number % len(cases)]
        for _ in range(draw.randint(1, 4)):
            document = spoilt(document, draw)
        try:
            judged = question.read(json.dumps(document) if number % 3 == 0 else document)
        except Failed:
            continue
        assert not decide.verdict(CHECKLIST, judged.findings, LENIENT).passed, document


@pytest.fixture
def no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty environment, so that no error takes time to look for its secrets."""
    monkeypatch.setattr(os, "environ", {})


@pytest.mark.usefixtures("no_secrets")
def test_no_noise_in_an_answer_crashes_or_passes() -> None:
    fuzz(4_000, seed=1)


@pytest.mark.soak
@pytest.mark.usefixtures("no_secrets")
@pytest.mark.parametrize("seed", range(4))
def test_no_noise_in_a_million_answers_crashes_or_passes(seed: int) -> None:
    fuzz(250_000, seed=seed + 2)
