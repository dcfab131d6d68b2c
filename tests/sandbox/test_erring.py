from __future__ import annotations

import pytest

from onbrief.attempt import Finding
from onbrief.brief import Requirement
from onbrief_sandbox.erring import ErringEye, Errors

QUESTIONS = tuple(Requirement(id=f"r{n}", text=f"statement {n}") for n in range(500))
MET = tuple(Finding(r.id, "met", 0.99, "seen") for r in QUESTIONS)
UNMET = tuple(Finding(r.id, "unmet", 0.01, "seen") for r in QUESTIONS)
UNDECIDED = tuple(Finding(r.id, "undecided", 0.5, "cannot tell") for r in QUESTIONS)


def turned(eye: ErringEye, findings: tuple[Finding, ...], image: bytes = b"picture") -> list[bool]:
    seen = eye.see(image, QUESTIONS, findings)
    return [now.verdict != before.verdict for now, before in zip(seen, findings, strict=True)]


@pytest.mark.parametrize("correlated", [0.0, 0.5, 1.0])
def test_findings_are_turned_as_often_as_asked(correlated: float) -> None:
    eye = ErringEye(Errors(false_accept=0.1, false_reject=0.3, correlated=correlated))
    assert sum(turned(eye, UNMET)) / len(UNMET) == pytest.approx(0.1, abs=0.04)
    assert sum(turned(eye, MET, b"another")) / len(MET) == pytest.approx(0.3, abs=0.06)


@pytest.mark.parametrize(("correlated", "share"), [(0.0, 0.2), (0.5, 0.6), (1.0, 1.0)])
def test_correlated_errors_come_again_when_the_same_is_asked(correlated: float, share: float) -> None:
    """Errors that are not correlated repeat only by chance: here one in five."""
    eye = ErringEye(Errors(false_reject=0.2, correlated=correlated))
    first, second = turned(eye, MET), turned(eye, MET)
    again = sum(one and two for one, two in zip(first, second, strict=True)) / sum(first)
    assert again == pytest.approx(share, abs=0.12)


def test_another_picture_is_another_draw_even_for_errors_that_come_again() -> None:
    eye = ErringEye(Errors(false_reject=0.2, correlated=1.0))
    assert turned(eye, MET, b"one") != turned(eye, MET, b"other")


def test_a_run_that_goes_the_same_way_sees_the_same_in_whatever_order_pictures_come() -> None:
    errors = Errors(0.2, 0.2, 0.5)
    here, there = ErringEye(errors), ErringEye(errors)
    one, other = turned(here, MET, b"one"), turned(here, MET, b"other")
    assert (turned(there, MET, b"other"), turned(there, MET, b"one")) == (other, one)


def test_what_is_undecided_stays_so() -> None:
    assert ErringEye(Errors(1.0, 1.0)).see(b"", QUESTIONS, UNDECIDED) == UNDECIDED


def test_an_eye_that_always_errs_turns_everything() -> None:
    assert all(turned(ErringEye(Errors(1.0, 1.0)), MET))


@pytest.mark.parametrize(
    ("errors", "met", "unmet"),
    [
        (Errors(0.05, 0.1), 0.9 / 0.95, 0.1 / 1.05),
        (Errors(0.5, 0.5), 0.5, 0.5),
        (Errors(0.0, 0.2), 0.99, 0.2 / 1.2),
        (Errors(1.0, 1.0), 0.01, 0.99),
    ],
)
def test_an_erring_eye_is_as_sure_as_it_may_be(errors: Errors, met: float, unmet: float) -> None:
    assert errors.sure(met=True) == pytest.approx(met)
    assert errors.sure(met=False) == pytest.approx(unmet)


def test_evidence_does_not_tell_an_error_from_a_true_finding() -> None:
    seen = ErringEye(Errors(0.5, 0.5)).see(b"", QUESTIONS, MET)
    forms = {finding.evidence.replace(requirement.text, "…") for finding, requirement in zip(seen, QUESTIONS, strict=True)}
    assert forms == {"it looks as if …", "it does not look as if …"}
