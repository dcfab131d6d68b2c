"""Judges that are asked about some musts first, where that costs less: what passes, what it costs, and runs that are killed."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import pytest

from onbrief.attempt import Answer, Attempt, Finding, Verdict
from onbrief.brief import Brief, Checklist, Requirement, Size
from onbrief.errors import Unreadable
from onbrief.limits import Limits
from onbrief.policy import Adaptive, Repair
from onbrief.policy.ends import fell_short, never_decided
from onbrief.policy.means import Cost, Means, Rung
from onbrief.ports import Judged
from onbrief.pursuit import open_pursuit, resumed
from onbrief.record import Models, Prompt, Run
from onbrief.report import page
from onbrief.settings import Settings
from onbrief.studio import Crew
from onbrief.testing import Bill, JudgeRequest, ScriptedEditor, ScriptedJudge, crew
from tests import killing
from tests.forks import new_executor
from tests.histories import image
from tests.interruption import same
from tests.killing import kill_at_write
from tests.pursuing import pursue, settings

MUSTS = 12
BRIEF = Brief(
    text="a shelf of jars",
    size=(64, 64),
    requirements=tuple(Requirement(id=f"r{n}", text=f"jar {n} is there", kind="text") for n in range(1, MUSTS + 1)),
)
CLASSIC = settings(
    policy="classic",
    judge="sandbox:",
    reviser="sandbox:",
    max_images=8,
    max_attempts=4,
    plan=False,
    tables={"ocr": {"use": "never"}},
)
FOREVER = 1_000_000


@dataclass(slots=True)
class TokenJudge(ScriptedJudge):
    """A judge whose questions cost a cent for each requirement, and a cent more. Each line of its bill says what was asked."""

    def expected_cost(self, requirements: int) -> float | None:
        return 0.01 + 0.01 * requirements

    def price_of(self, requirements: Sequence[Requirement], size: Size) -> float | None:
        return 0.01 + 0.01 * len(requirements)

    async def judge(self, image: bytes, requirements: Sequence[Requirement]) -> Judged:
        self.bill.add(f"asked {len(requirements)} {requirements[0].id}")
        return replace(await ScriptedJudge.judge(self, image, requirements), usd=self.price_of(requirements, (64, 64)))


def hard(asked: JudgeRequest) -> Judged:
    """A script that says the same of one picture whatever else is asked: most miss r2 and r5, and some one other must."""
    seen = sum(asked.image)
    unmet = {name for name, here in (("r2", seen % 3), ("r5", seen % 2), (f"r{6 + seen % 7}", seen % 5)) if here}
    judged = asked.answer(met=True)
    return replace(
        judged,
        findings=tuple(
            replace(f, verdict="unmet", probability=0.1) if f.id in unmet else replace(f, probability=0.9)
            for f in judged.findings
        ),
    )


def models(bill: Bill, script: Any = hard, *, by_token: bool = True) -> Crew:
    judge = TokenJudge(bill, script) if by_token else ScriptedJudge(bill, script)
    return replace(crew(bill), planner=None, judge=judge)


def run_in(folder: Path, crew: Crew, given: Settings = CLASSIC, **about: Any) -> Run:
    return pursue(folder, crew, given, BRIEF, **about)[-1].run


def asked(bill: Bill) -> list[int]:
    """How many requirements each question was about."""
    return [int(line.split()[1]) for line in bill.lines if line.startswith("asked")]


@pytest.mark.parametrize("parallel", [1, 3])
@pytest.mark.parametrize("seed", range(3))
def test_the_same_pictures_pass_for_less_money(seed: int, parallel: int, tmp_path: Path) -> None:
    bill, whole = Bill(), Bill()
    given = replace(CLASSIC, parallel=parallel)
    split = run_in(tmp_path / "split", models(bill), given, seed=seed)
    once = run_in(tmp_path / "once", models(whole, by_token=False), given, seed=seed)
    verdicts = {a.name: a.verdict for a in once.attempts if a.verdict}
    assert [(a.name, a.passed) for a in split.attempts] == [(a.name, a.passed) for a in once.attempts]
    left_out = 0
    for attempt in split.attempts:
        if attempt.verdict is None:
            continue
        findings = {finding.id: finding for finding in verdicts[attempt.name].findings}
        assert [findings[finding.id] for finding in attempt.verdict.findings] == list(attempt.verdict.findings)
        assert {f.id for f in attempt.verdict.findings}.isdisjoint(attempt.verdict.unasked)
        assert len(attempt.verdict.findings) + len(attempt.verdict.unasked) == MUSTS
        assert not (attempt.passed and attempt.verdict.unasked)
        left_out += len(attempt.verdict.unasked)
    assert left_out
    paid = sum(0.01 + 0.01 * number for number in asked(bill))
    assert paid < len(verdicts) * (0.01 + 0.01 * MUSTS)
    assert split.usage.usd == pytest.approx(paid + 0.04 * len(bill.of("image")) + 0.005 * len(bill.of("revise")))


def test_it_is_asked_about_what_failed_before_first(tmp_path: Path) -> None:
    bill = Bill()
    run = run_in(tmp_path, models(bill, ({"r9"},)))
    later = [attempt.verdict for attempt in run.attempts[2:] if attempt.verdict]
    assert all("r9" not in verdict.unasked and "r9" in verdict.ids("unmet") for verdict in later)
    assert asked(bill)[-1] < asked(bill)[0]


def test_with_an_editor_the_rest_is_asked_of_a_picture_that_misses_one_thing(tmp_path: Path) -> None:
    bill = Bill()
    edited = replace(models(bill, ({"r9"},)), beside={"test:painter": ScriptedEditor(bill)})
    run = run_in(tmp_path, edited, replace(CLASSIC, max_images=3))
    assert asked(bill)[0] + asked(bill)[1] == MUSTS  # and then everything at once, as most pictures miss no more
    assert [attempt.verdict.unasked for attempt in run.attempts if attempt.verdict] == [()] * 3


def test_a_judge_whose_price_does_not_depend_on_the_question_is_asked_everything_once(tmp_path: Path) -> None:
    judge = ScriptedJudge(Bill(), hard)
    run_in(tmp_path, replace(crew(judge.bill), planner=None, judge=judge))
    assert {len(asked.requirements) for asked in judge.asked} == {MUSTS}


def test_a_record_with_musts_that_were_not_asked_about_reads_back_and_its_page_says_so(tmp_path: Path) -> None:
    run = run_in(tmp_path, models(Bill(), ({"r2"},)))
    assert run.outcome == "unmet"
    assert run.reason.endswith("no image met r2 (jar 2 is there)")
    assert Run.from_json(run.to_json()) == run
    text = page(run, {})
    unasked = {len(attempt.verdict.unasked) for attempt in run.attempts if attempt.verdict}
    assert max(unasked) > 0
    assert all(f"of {MUSTS} met, {number} not asked" in text for number in unasked - {0})


def one_or_another() -> Run:
    """A run whose two pictures miss one must each, of those that were asked about first."""
    names = Models("test:painter", "test:critic", "test:writer")
    run = Run(run_id="r", seed=1, brief=BRIEF, models=names, started="2026-11-22T10:00:00.000Z")
    run = replace(run, checklist=Checklist(BRIEF.requirements[:3]), prompts=(Prompt.first(BRIEF),))
    for number in range(2):
        answers: tuple[Answer, Answer] = ("unmet", "met") if number else ("met", "unmet")
        findings = (Finding("r1", answers[0], 0.5), Finding("r2", answers[1], 0.5))
        verdict = Verdict(False, findings, unasked=("r3",))
        run = run.with_attempt(Attempt(0, number, 1, image=image(f"000-00{number}"), verdict=verdict))
    return run


def test_pictures_that_miss_one_thing_or_another_end_with_a_reason_that_is_true() -> None:
    run = one_or_another()
    stop = fell_short(run, "all 2 images are used up")
    assert stop.reason == "all 2 images are used up; no image met every requirement that the judge was asked about first"
    text = page(run.ended_as(stop.outcome, stop.reason), {})
    assert "No picture met every requirement that the judge was asked about first." in text
    assert text.count("1 of 3 met, 1 not asked") >= 2


def test_what_was_not_asked_about_is_neither_undecided_nor_met() -> None:
    run = one_or_another()
    assert never_decided(run) == []
    doubt = Verdict(False, (Finding("r3", "undecided", 0.5),), unasked=("r1", "r2"))
    assert [must.id for must in never_decided(run.with_attempt(Attempt(0, 2, 1, image=image("000-002"), verdict=doubt)))] == [
        "r3"
    ]
    nearly = Verdict(False, (Finding("r1", "met", 0.9), Finding("r2", "met", 0.9), Finding("r3", "unmet", 0.1)))
    more = run.with_attempt(Attempt(0, 2, 1, image=image("000-002"), verdict=nearly))
    assert more.best
    assert more.best.name == "000-002"


def by_editor(run: Run, attempt: Attempt, must: str) -> Literal["editor"]:
    return "editor"


def test_a_picture_of_which_little_was_asked_is_not_repaired_as_if_it_lacked_one_thing() -> None:
    edited = Adaptive(means=lambda run: Means(rungs=(Rung(edit=Cost(0.001, 1.0), repairs=by_editor),)))
    run, limits = one_or_another(), Limits(images=8)
    assert not isinstance(edited.next(run, limits), Repair)
    known = [
        replace(a, verdict=replace(a.verdict, findings=(*a.verdict.findings, Finding("r3", "met", 0.9)), unasked=()))
        for a in run.attempts
        if a.verdict
    ]
    assert isinstance(edited.next(replace(run, attempts=tuple(known)), limits), Repair)


def test_an_answer_to_the_rest_that_cannot_be_read_leaves_everything_undecided_and_only_the_rest_is_asked_again(
    tmp_path: Path,
) -> None:
    bill = Bill()

    def only_first(asked: JudgeRequest) -> Judged | Exception:
        return Unreadable("not json") if broken and asked.number else asked.answer(met=True)

    broken = True
    given = replace(CLASSIC, max_images=2)
    run = run_in(tmp_path, models(bill, only_first), given, run_id="r")
    first, *others = asked(bill)
    assert set(others) >= {MUSTS - first}
    assert [a.verdict.problem.kind for a in run.attempts if a.verdict and a.verdict.problem][:1] == ["unreadable"]
    broken, before = False, len(asked(bill))

    async def again() -> Run:
        order = resumed("r", replace(Settings(), out=str(tmp_path)), {})
        async with open_pursuit(order, models(bill, only_first)) as pursuit:
            return [event async for event in pursuit.events()][-1].run

    assert asyncio.run(again()).outcome == "passed"
    assert asked(bill)[before:] == [MUSTS - first]


def test_where_there_is_no_money_for_two_questions_everything_is_asked_at_once(tmp_path: Path) -> None:
    bill = Bill()
    one = 0.04 + 0.01 + 0.01 * MUSTS
    run = run_in(tmp_path, models(bill, ({"r1"},)), replace(CLASSIC, max_usd=one))
    assert asked(bill) == [MUSTS]
    assert run.outcome == "over_budget"
    assert run.usage.usd == pytest.approx(one)


@pytest.mark.parametrize("ocr", ["auto", "never"])  # where lettering is read, money for a masked look is held too
@pytest.mark.parametrize("usd", [0.2, 0.5, 1.0])
def test_the_limit_holds_and_no_first_question_is_left_without_its_second(usd: float, ocr: str, tmp_path: Path) -> None:
    given = replace(CLASSIC, max_usd=usd, parallel=3, tables={"ocr": {"use": ocr}})
    run = run_in(tmp_path, models(Bill()), given)
    assert run.usage.usd is not None
    assert run.usage.usd <= usd
    for attempt in run.attempts:
        if attempt.verdict and attempt.verdict.unasked:
            assert attempt.verdict.ids("unmet")


def session(out: Path, bill: Path) -> None:
    run_in(out, models(Bill(bill)), seed=1)


def killed(n: int) -> tuple[dict[str, Any], list[str]]:
    """Kill the run before its n-th write, give the same order again, and return its record and the questions on the bill."""
    folder = Path(tempfile.mkdtemp(prefix="onbrief-split-")).resolve()
    try:
        out, bill = folder / "out", folder / "bill"
        work = partial(session, out, bill)
        stopped = kill_at_write(work, n, out)
        if stopped.at is not None:
            again = kill_at_write(work, FOREVER, out)
            assert again.at is None, again
            assert not again.error, again.error
        (written,) = out.glob("*/run.json")
        lines = Bill(bill).lines
        questions = [f"{line} {lines[at + 1]}" for at, line in enumerate(lines[:-1]) if line.startswith("asked")]
        return json.loads(written.read_text()), questions
    finally:
        shutil.rmtree(folder)


def writes() -> list[str]:
    folder = Path(tempfile.mkdtemp(prefix="onbrief-split-")).resolve()
    try:
        outcome = kill_at_write(partial(session, folder / "out", folder / "bill"), FOREVER, folder / "out")
        return [write.call for write in outcome.writes]
    finally:
        shutil.rmtree(folder)


@pytest.mark.skipif(not killing.supported(), reason="this machine forbids tracing a process")
def test_a_run_that_is_killed_between_two_questions_asks_the_second_one_only(tmp_path: Path) -> None:
    with new_executor(tmp_path) as apart:
        record, questions = apart.submit(killed, FOREVER).result()
        assert max(Counter(questions).values()) == 1
        end = len(apart.submit(writes).result())
        for n in range(5, end, end // 12):
            again, asked = apart.submit(killed, n).result()
            if any(attempt["problem"] for attempt in again["attempts"]):  # a picture was lost, and another one is drawn instead
                continue
            assert same(again) == same(record)
            assert set(asked) == set(questions)
            assert len(asked) - len(questions) <= again["usage"]["unknown_calls"] <= 1, "more than a lost answer was asked for"
