"""Closer looks: when there is one, what it decides, who pays; judges that do not see; the limit on judge money."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from onbrief.attempt import Answer, Box, Finding
from onbrief.brief import Requirement
from onbrief.errors import Blocked, Unreadable, UsageError
from onbrief.ledger.sqlite import SqliteLedger
from onbrief.ports import Judged, LooksCloser
from onbrief.pursuit import Order, open_pursuit, resumed
from onbrief.record import ModelChange, Run
from onbrief.report import page
from onbrief.settings import Settings
from onbrief.testing import Bill, ScriptedJudge, crew
from onbrief_sandbox.erring import ErringEye, Errors
from tests.pursuing import BRIEF, pursue, settings
from tests.studio.test_judging import again

BOX = (0.1, 0.2, 0.5, 0.6)


def seen(verdict: Answer, probability: float, box: Box | None = None) -> Finding:
    return Finding("r1", verdict, probability, "a sort of circle", box=box)


def look(first: Finding) -> Judged:
    return Judged((first, Finding("r2", "met", 0.9, "red")))


DOUBT = look(seen("borderline", 0.5, BOX))
LOW = look(seen("borderline", 0.25))
SURE = look(seen("met", 0.9))
WRONG = look(seen("unmet", 0.05))


@dataclass(slots=True)
class Closer(ScriptedJudge):
    """A judge with a closer look of its own, which gives these answers."""

    closer: Sequence[Judged | Exception] = (SURE,)
    looks: list[tuple[tuple[str, ...], Mapping[str, Box]]] = field(
        default_factory=list[tuple[tuple[str, ...], Mapping[str, Box]]]
    )

    async def look_closer(self, image: bytes, requirements: Sequence[Requirement], boxes: Mapping[str, Box]) -> Judged:
        self.bill.add(f"judge closer {self.name}")
        self.looks.append((tuple(requirement.id for requirement in requirements), boxes))
        answer = self.closer[min(len(self.looks) - 1, len(self.closer) - 1)]
        if isinstance(answer, Exception):
            raise answer
        return answer


def run_with(folder: Path, judge: ScriptedJudge, **given: Any) -> Run:
    models = replace(crew(judge.bill), judge=judge)
    return pursue(folder, models, settings(**{"max_images": 1, **given}), run_id="r")[-1].run


def r1(run: Run) -> tuple[str, float, str]:
    verdict = run.attempts[0].verdict
    assert verdict is not None
    finding = verdict.findings[0]
    return finding.verdict, finding.probability, finding.source


@pytest.mark.parametrize(
    ("first", "second", "decided", "outcome"),
    [
        (DOUBT, SURE, ("met", 0.9, "closer look"), "passed"),
        (DOUBT, WRONG, ("unmet", 0.05, "closer look"), "unmet"),
        (DOUBT, look(seen("borderline", 0.3)), ("borderline", 0.4, "closer look"), "passed"),
        (DOUBT, look(seen("met", 0.55)), ("borderline", 0.525, "closer look"), "passed"),
        (DOUBT, look(seen("borderline", 0.0)), ("borderline", 0.25, "closer look"), "unmet"),
        (DOUBT, Judged(()), ("undecided", 0.5, "closer look"), "unmet"),
        (LOW, SURE, ("met", 0.9, "closer look"), "passed"),
        (LOW, LOW, ("borderline", 0.25, "closer look"), "unmet"),
    ],
)
def test_a_closer_look_decides_what_is_borderline(
    first: Judged, second: Judged, decided: tuple[str, float, str], outcome: str, tmp_path: Path
) -> None:
    judge = Closer(script=(first,), closer=(second,))
    run = run_with(tmp_path, judge)
    assert (r1(run), run.outcome, run.usage.judge_calls) == (decided, outcome, 2)
    assert judge.looks == [(("r1",), {"r1": BOX} if first is DOUBT else {})]
    assert isinstance(judge, LooksCloser)
    replayed = run_with(tmp_path, Closer(judge.bill, script=(WRONG,)))
    assert (replayed.attempts, len(judge.bill.of("judge"))) == (run.attempts, 2)


@pytest.mark.parametrize(
    ("first", "second", "decided", "outcome"),
    [
        (SURE, SURE, ("met", 0.9, "judge"), "passed"),
        (SURE, WRONG, ("undecided", 0.5, "closer look"), "unmet"),
        (SURE, look(seen("borderline", 0.4)), ("borderline", 0.65, "closer look"), "passed"),
        (SURE, Judged(()), ("undecided", 0.5, "closer look"), "unmet"),
        (WRONG, SURE, ("unmet", 0.05, "judge"), "unmet"),
    ],
)
def test_always_confirms_every_pass_and_two_looks_that_contradict_each_other_never_do(
    first: Judged, second: Judged, decided: tuple[str, float, str], outcome: str, tmp_path: Path
) -> None:
    judge = Closer(script=(first,), closer=(second,))
    run = run_with(tmp_path, judge, confirm="always")
    assert (r1(run), run.outcome) == (decided, outcome)
    assert judge.looks == ([] if first is WRONG else [(("r1", "r2"), {})])


@pytest.mark.parametrize(
    ("first", "given"), [(SURE, {}), (DOUBT, {"confirm": "never"}), (look(seen("undecided", 0.5)), {"confirm": "always"})]
)
def test_without_need_or_use_there_is_none(first: Judged, given: dict[str, Any], tmp_path: Path) -> None:
    judge = Closer(script=(first,))
    assert (run_with(tmp_path, judge, **given).usage.judge_calls, judge.looks) == (1, [])


def test_a_judge_without_a_closer_look_is_asked_again_about_what_is_borderline(tmp_path: Path) -> None:
    judge = ScriptedJudge(script=(DOUBT, set[str]()))
    run = run_with(tmp_path, judge)
    assert (r1(run), [len(asked.requirements) for asked in judge.asked]) == (("met", 0.98, "closer look"), [2, 1])


def test_another_judge_takes_the_second_look_when_the_run_is_resumed_and_the_record_says_since_when(tmp_path: Path) -> None:
    bill, chosen = Bill(), settings(max_images=1, judge="sandbox:", reviser="sandbox:")
    judge = Closer(bill, (DOUBT,), closer=(WRONG,))
    pursue(tmp_path, replace(crew(bill), judge=judge), chosen, run_id="r")
    other = Closer(bill, closer=(SURE,), name="test:second")
    given = {"confirm_judge": "sandbox:?false_accept=0.1", "max_images": 2}

    async def resume() -> Run:
        order = resumed("r", replace(Settings(), out=str(tmp_path)), given)
        async with open_pursuit(order, replace(crew(bill), judge=judge, confirm_judge=other)) as pursuit:
            return [event async for event in pursuit.events()][-1].run

    run = asyncio.run(resume())
    assert (run.outcome, len(run.attempts), len(judge.looks), len(other.looks)) == ("passed", 2, 1, 1)
    assert r1(run)[0] == "unmet", "what the former one decided stays"
    since = run.attempts[1]
    expected = ModelChange("confirm_judge", "test:critic", "test:second", since.revision, since.attempt)
    assert (run.models.confirm_judge, run.models.changes) == ("test:second", (expected,))
    assert f"From {since.name}</dt><dd>confirm judge <code>" in page(run, {})
    assert resumed("r", replace(Settings(), out=str(tmp_path)), {}).settings.confirm_judge == given["confirm_judge"]


def test_a_judge_that_takes_over_both_looks_is_one_change(tmp_path: Path) -> None:
    bill, chosen = Bill(), settings(max_images=1, judge="sandbox:", reviser="sandbox:")
    pursue(tmp_path, replace(crew(bill), judge=Closer(bill, (DOUBT,), closer=(WRONG,))), chosen, run_id="r")
    run = again(tmp_path, bill, Closer(bill, (DOUBT,), name="test:other"), judge="sandbox:?false_accept=0.1", max_images=2)
    assert run.outcome == "passed"
    assert [(change.role, change.model) for change in run.models.changes] == [("judge", "test:other")]


def test_another_judge_may_look_closer_and_is_recorded_under_its_own_name(tmp_path: Path) -> None:
    bill = Bill()
    judge, other = Closer(bill, script=(DOUBT,)), Closer(bill, name="test:second", price=0.02)
    models = replace(crew(bill), judge=judge, confirm_judge=other)
    run = pursue(tmp_path, models, settings(max_images=1), run_id="r")[-1].run
    assert (run.outcome, judge.looks, len(other.looks)) == ("passed", [], 1)
    ledger = SqliteLedger(tmp_path / "ledger.db")
    recorded = asyncio.run(ledger.claim("r", ledger.runs()[0].request, "{}", "mine", 1.0))
    ledger.close()
    calls = {entry.call.key: (entry.call.model, entry.usd) for entry in recorded.entries}
    assert calls["confirm/000-000"] == ("test:second", 0.02)
    assert (calls["judge/000-000"][0], run.attempts[0].usd) == ("test:critic", 0.066)


@pytest.mark.parametrize(
    ("error", "kind"),
    [(Unreadable("not json"), "unreadable"), (Blocked("guardrail"), "blocked")],
    ids=["unreadable", "blocked"],
)
def test_a_closer_look_without_an_answer_is_no_pass_and_is_asked_for_again(error: Exception, kind: str, tmp_path: Path) -> None:
    bill = Bill()
    run = run_with(tmp_path, Closer(bill, script=(DOUBT,), closer=(error,)))
    verdict = run.attempts[0].verdict
    assert verdict is not None
    assert (verdict.passed, verdict.problem and verdict.problem.kind) == (False, kind)
    assert again(tmp_path, bill, Closer(bill, script=(WRONG,))).outcome == "passed"
    assert len(bill.of("image")) == 1


# -- money -------------------------------------------------------------------------------------------------------------


def test_without_money_for_a_closer_look_the_first_one_stands_and_the_record_says_so(tmp_path: Path) -> None:
    judge = Closer(script=(DOUBT,))
    run = run_with(tmp_path, judge, max_usd=0.052)  # plan, picture, judgement
    assert (run.outcome, r1(run)[0], judge.looks) == ("passed", "borderline", [])
    assert "000-000 was not looked at more closely" in run.warnings[0]
    assert "$0.051 of $0.052 is spent" in run.warnings[0]


def test_where_every_pass_is_confirmed_the_run_ends_over_budget_and_keeps_its_picture(tmp_path: Path) -> None:
    bill = Bill()
    run = run_with(tmp_path, Closer(bill, script=(SURE,)), max_judge_usd=0.01, confirm="always")
    assert (run.outcome, len(run.attempts), bool(run.attempts[0].image)) == ("over_budget", 1, True)
    assert "$0.006 of $0.01 for judging (max_judge_usd) is spent" in run.reason
    assert again(tmp_path, bill, Closer(bill), max_judge_usd=0.02).outcome == "passed"
    assert (len(bill.of("image")), len(bill.of("judge"))) == (1, 2)


@pytest.mark.parametrize("parallel", [1, 3])
def test_judge_money_limits_all_looks_together_before_a_picture_is_paid_for(parallel: int, tmp_path: Path) -> None:
    bill = Bill()
    given = {"max_images": 12, "parallel": parallel, "confirm": "never"}
    run = run_with(tmp_path, ScriptedJudge(bill, ({"r1"},)), max_judge_usd=0.02, **given)
    assert (run.outcome, len(bill.of("judge")), len(bill.of("image"))) == ("over_budget", 3, 3)
    assert "for judging (max_judge_usd)" in run.reason
    assert all(attempt.verdict for attempt in run.attempts)
    assert again(tmp_path, bill, ScriptedJudge(bill), max_judge_usd=0.05).outcome == "passed"
    assert len(bill.of("judge")) > 3


def test_a_judge_without_a_price_has_no_limit_on_judge_money(tmp_path: Path) -> None:
    models = replace(crew(Bill()), confirm_judge=ScriptedJudge(price=None, name="test:second"))
    with pytest.raises(UsageError, match=r"max_judge_usd: 1.0 is not allowed; expected no limit .* test:second is unknown"):
        pursue(tmp_path, models, settings(max_judge_usd=1.0))
    assert not list(tmp_path.iterdir())


def test_the_settings_name_the_judge_that_looks_closer() -> None:
    made = Settings(image_model="sandbox:", confirm_judge="sandbox:?usd=0.02").crew()
    assert (made.judge.name, made.closer.name, made.closer.price) == ("sandbox:", "sandbox:?usd=0.02", 0.02)
    with pytest.raises(UsageError, match="confirm_judge"):
        Settings(image_model="sandbox:", confirm_judge="sandbox:other").crew()


# -- sight -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", ["first look", "closer look"])
def test_a_judge_that_does_not_see_is_stopped_at_its_first_picture_and_another_one_judges_it(at: str, tmp_path: Path) -> None:
    bill = Bill()
    blind = replace(SURE, blind="the squares are red; the judge names blue")
    script = (blind,) if at == "first look" else (DOUBT,)
    run = run_with(tmp_path, Closer(bill, script=script, closer=(blind,)), max_images=12)
    assert (run.outcome, len(bill.of("image")), len(bill.of("judge"))) == ("failed", 1, 1 if at == "first look" else 2)
    assert run.reason.startswith("the judge does not see the picture: the squares are red; the judge names blue; ")
    assert r1(run)[0] == "undecided"
    assert again(tmp_path, bill).reason == run.reason
    told = again(tmp_path, bill, Closer(bill, name="test:seeing"), judge="sandbox:?seconds=0")
    assert (told.outcome, len(bill.of("image"))) == ("passed", 1)


# -- the eye that errs -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("correlated", "same"), [(1.0, True), (0.0, False)])
def test_an_erring_eye_errs_anew_in_its_closer_look_unless_its_errors_are_correlated(correlated: float, same: bool) -> None:
    asked = tuple(Requirement(id=f"r{n}", text=f"there are {n} cups") for n in range(40))
    met = tuple(Finding(requirement.id, "met", 0.99) for requirement in asked)
    errors = Errors(false_reject=0.5, correlated=correlated)
    first = ErringEye(errors).see(b"a picture", asked, met)
    assert (ErringEye(errors).see(b"a picture", asked, met, "closer") == first) is same


def test_the_sandbox_needs_one_judge_call_for_a_picture_by_default(tmp_path: Path) -> None:
    order = Order(brief=replace(BRIEF, size=(512, 512)), settings=replace(Settings(), out=str(tmp_path), max_images=6), seed=3)

    async def go() -> Run:
        async with open_pursuit(order) as pursuit:
            return [event async for event in pursuit.events()][-1].run

    usage = asyncio.run(go()).usage
    assert usage.judge_calls <= 1.3 * usage.images
