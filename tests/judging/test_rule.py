from __future__ import annotations

import math

import pytest

from onbrief.attempt import Answer, Finding
from onbrief.errors import UsageError
from onbrief.judging.decide import verdict
from onbrief.judging.rule import FAIR, Rule
from tests.histories import CHECKLIST

IDS = [requirement.id for requirement in CHECKLIST.requirements]


def of(answer: Answer, probability: float, *more: Finding) -> list[Finding]:
    """The findings in which r1 has this answer, r2 is one of `more`, if any, and all else is met."""
    changed = {finding.id: finding for finding in (Finding("r1", answer, probability, "seen"), *more)}
    return [changed.get(id_, Finding(id_, "met", 0.95, "seen")) for id_ in IDS]


@pytest.mark.parametrize(
    ("answer", "probability", "decided", "strict", "fair", "lenient"),
    [
        ("met", 0.95, "met", True, True, True),
        ("met", 0.7, "met", True, True, True),
        ("met", 0.69, "borderline", False, True, True),
        ("borderline", 0.9, "borderline", False, True, True),
        ("borderline", 0.5, "borderline", False, True, True),
        ("borderline", 0.3, "borderline", False, True, True),
        ("borderline", 0.29, "borderline", False, False, True),
        ("borderline", 0.2, "borderline", False, False, True),
        ("borderline", 0.19, "borderline", False, False, False),
        ("unmet", 0.35, "borderline", False, True, True),
        ("unmet", 0.2, "borderline", False, False, True),
        ("unmet", 0.19, "unmet", False, False, False),
        ("unmet", 0.0, "unmet", False, False, False),
        ("undecided", 0.9, "undecided", False, False, False),
        ("met", 0.49, "undecided", False, False, False),
        ("unmet", 0.51, "undecided", False, False, False),
        ("borderline", math.nan, "undecided", False, False, False),
        ("borderline", 1.01, "undecided", False, False, False),
    ],
)
def test_what_passes_depends_on_how_sure_the_judge_is_and_on_the_strictness(
    answer: Answer, probability: float, decided: Answer, strict: bool, fair: bool, lenient: bool
) -> None:
    for name, passes in (("strict", strict), ("fair", fair), ("lenient", lenient)):
        found = verdict(CHECKLIST, of(answer, probability), Rule.named(name))
        assert found.passed == passes, name
        assert found.findings[0].verdict == decided
        reserved = ("r1",) if passes and decided == "borderline" else ()
        assert found.reservations == reserved
        assert [finding.id for finding in found.unmet] == ([] if passes else ["r1"])


def test_a_picture_passes_with_so_many_reservations_and_no_more() -> None:
    doubts = of("borderline", 0.5, Finding("r2", "borderline", 0.6))
    assert verdict(CHECKLIST, doubts).reservations == ("r1", "r2")
    assert verdict(CHECKLIST, doubts, Rule(max_reservations=2)).passed
    refused = verdict(CHECKLIST, doubts, Rule(max_reservations=1))
    assert not refused.passed
    assert [finding.id for finding in refused.unmet] == ["r1", "r2"]


def test_a_doubt_does_not_make_up_for_what_is_unmet() -> None:
    found = verdict(CHECKLIST, of("borderline", 0.9, Finding("r2", "unmet", 0.02)))
    assert not found.passed
    assert [finding.id for finding in found.unmet] == ["r2"]


def test_a_nice_to_have_in_doubt_is_no_reservation() -> None:
    found = verdict(CHECKLIST, of("met", 0.9, Finding("r3", "borderline", 0.4)))
    assert found.passed
    assert found.reservations == ()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Rule.named("kind"), "strictness: 'kind' is not allowed; expected strict or fair or lenient"),
        (lambda: Rule(max_reservations=-1), "max_reservations: -1 is not allowed; expected a whole number from 0 to 64"),
        (lambda: Rule(low=0.6), "rule: 'low 0.6, high 0.7' is not allowed"),
        (lambda: Rule(confirm="often"), "confirm: 'often' is not allowed; expected never or borderline or always"),  # type: ignore[arg-type]
    ],
)
def test_a_rule_that_cannot_be_is_refused(make: object, message: str) -> None:
    assert callable(make)
    with pytest.raises(UsageError) as caught:
        make()
    assert message in str(caught.value)


def test_the_default_is_fair() -> None:
    assert Rule.named("fair") == FAIR
