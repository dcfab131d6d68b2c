from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbrief.attempt import Answer, Finding, Problem
from onbrief.judging.decide import MAX_EVIDENCE_CHARACTERS, undecided, verdict
from tests.histories import CHECKLIST, MUSTS

IDS = [requirement.id for requirement in CHECKLIST.requirements]
ALL_MET = [Finding(id_, "met", 0.9, "seen") for id_ in IDS]


def with_r1(*findings: Finding) -> list[Finding]:
    return [*findings, *ALL_MET[1:]]


def answers(findings: list[Finding]) -> dict[str, str]:
    return {finding.id: finding.verdict for finding in verdict(CHECKLIST, findings).findings}


def test_every_must_met_passes() -> None:
    assert verdict(CHECKLIST, ALL_MET).passed


def test_the_findings_stand_in_the_order_of_the_checklist() -> None:
    assert [finding.id for finding in verdict(CHECKLIST, ALL_MET[::-1]).findings] == IDS


@pytest.mark.parametrize("must", MUSTS)
@pytest.mark.parametrize("answer", [Finding("", "unmet", 0.1), Finding("", "undecided", 0.5)])
def test_one_must_that_is_not_met_fails_the_picture(must: str, answer: Finding) -> None:
    assert not verdict(CHECKLIST, [replace(answer, id=must) if f.id == must else f for f in ALL_MET]).passed


def test_nice_to_haves_decide_nothing() -> None:
    assert verdict(CHECKLIST, [*ALL_MET[:2], Finding("r3", "unmet", 0.0)]).passed


def test_a_finding_that_is_missing_is_undecided() -> None:
    decided = verdict(CHECKLIST, ALL_MET[1:])
    assert decided.findings[0] == Finding("r1", "undecided", 0.5, "the judge gave no answer")
    assert not decided.passed


def test_what_was_not_asked_about_has_no_finding_and_the_picture_does_not_pass() -> None:
    found = verdict(CHECKLIST, ALL_MET[:1], asked=("r1",))
    assert ([finding.id for finding in found.findings], found.unasked, found.passed) == (["r1"], ("r2", "r3", "r4"), False)


def test_what_was_asked_about_and_not_answered_is_undecided() -> None:
    found = verdict(CHECKLIST, ALL_MET[:1], asked=("r1", "r2"))
    assert (found.ids("undecided"), found.unasked, found.passed) == ({"r2"}, ("r3", "r4"), False)


def test_what_something_else_decides_need_not_be_asked_about() -> None:
    found = verdict(CHECKLIST, ALL_MET, asked=("r1",))
    assert (found.unasked, found.passed) == ((), True)


def test_no_findings_at_all_never_pass() -> None:
    assert not verdict(CHECKLIST, []).passed


def test_a_finding_about_something_else_is_dropped() -> None:
    assert verdict(CHECKLIST, [*ALL_MET, Finding("r9", "unmet", 0.0)]) == verdict(CHECKLIST, ALL_MET)


def test_the_same_finding_twice_counts_once() -> None:
    assert verdict(CHECKLIST, [*ALL_MET, *ALL_MET]) == verdict(CHECKLIST, ALL_MET)


def test_of_findings_that_agree_the_least_probable_stands() -> None:
    decided = verdict(CHECKLIST, with_r1(Finding("r1", "met", 0.99), Finding("r1", "met", 0.6)))
    assert decided.findings[0].probability == 0.6


@pytest.mark.parametrize(
    "findings",
    [
        [Finding("r1", "met", 0.9), Finding("r1", "unmet", 0.1)],
        [Finding("r1", "met", 0.9), Finding("r1", "undecided", 0.5)],
        [Finding("r1", "met", 0.9), Finding("r1", "met", 0.2)],
        [Finding("r1", "met", 0.9), Finding("r1", "met", float("nan"))],
        [Finding("r1", "met", 0.49)],
        [Finding("r1", "unmet", 0.51)],
        [Finding("r1", "met", 1.01)],
        [Finding("r1", "met", -0.1)],
        [Finding("r1", "met", float("nan"))],
        [Finding("r1", "met", float("inf"))],
    ],
)
def test_an_answer_that_contradicts_itself_or_is_no_answer_is_undecided(findings: list[Finding]) -> None:
    assert answers(with_r1(*findings))["r1"] == "undecided"
    assert not verdict(CHECKLIST, with_r1(*findings)).passed


@pytest.mark.parametrize("word", ["yes", "MET", "met ", "", "passed"])
def test_a_word_that_is_no_verdict_is_undecided(word: str) -> None:
    answer: Answer = word  # pyright: ignore[reportAssignmentType] - wrong on purpose
    assert answers(with_r1(Finding("r1", answer, 0.9)))["r1"] == "undecided"


def test_a_judge_that_gave_no_answer_leaves_everything_undecided() -> None:
    decided = undecided(CHECKLIST, Problem("blocked", "it \u202erefused"))
    assert [(f.id, f.verdict, f.evidence) for f in decided.findings] == [
        (id_, "undecided", "the judge gave no answer: it refused") for id_ in IDS
    ]
    assert decided.problem == Problem("blocked", "it \u202erefused")
    assert not decided.passed


@given(st.text(max_size=2000))
def test_evidence_is_one_bounded_line_without_control_or_bidirectional_characters(evidence: str) -> None:
    shown = verdict(CHECKLIST, with_r1(Finding("r1", "met", 0.9, evidence))).findings[0].evidence
    assert shown.isprintable()
    assert len(shown) <= MAX_EVIDENCE_CHARACTERS
    assert shown == " ".join(shown.split())


FINDINGS = st.builds(
    Finding,
    id=st.sampled_from([*IDS, "r9"]),
    verdict=st.sampled_from(["met", "unmet", "undecided", "yes"]),
    probability=st.floats(),
    evidence=st.text(max_size=5),
)


@given(st.lists(FINDINGS, max_size=12))
def test_a_picture_passes_only_when_every_must_has_nothing_but_valid_met_findings(findings: list[Finding]) -> None:
    decided = verdict(CHECKLIST, findings)

    def met(id_: str) -> bool:
        own = [finding for finding in findings if finding.id == id_]
        return bool(own) and all(f.verdict == "met" and 0.5 <= f.probability <= 1 for f in own)

    assert decided.passed == all(met(id_) for id_ in MUSTS)
    assert decided.passed == all(f.verdict == "met" for f in decided.findings if f.id in MUSTS)
    assert answers(findings[::-1]) == answers(findings)
