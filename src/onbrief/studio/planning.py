"""The checklist of a brief: plan, check that nothing is missing, ask once more for what is, and freeze.

What is still missing then becomes a requirement in the brief's own words. All of it is decided when an answer arrives, and
recorded with it, so that a resumed run has the checklist that it had, whatever a later version would find missing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from onbrief.brief import MAX_REQUIREMENTS, Brief, Checklist, Requirement, fields_of
from onbrief.ledger.account import Account, CallResult, Try
from onbrief.ports import Call, Completes, Entry, OpenQuestion, Planned, Planner, call_key
from onbrief.questions import coverage
from onbrief.studio.asking import Asking
from onbrief.studio.calls import call_for, price_of, recorded, result_of

_SHOWN = 80  # characters of a requirement in a warning


@dataclass(frozen=True, slots=True)
class Plan:
    """What a planner makes of a brief. `missing` are the parts of the brief to ask for once more; then it is not complete."""

    requirements: tuple[Requirement, ...] = ()
    warnings: tuple[str, ...] = ()
    questions: tuple[OpenQuestion, ...] = ()
    cites: tuple[tuple[str, ...], ...] | None = None
    missing: tuple[str, ...] = ()

    def checklist(self, brief: Brief) -> Checklist:
        """Return the frozen checklist."""
        return Checklist.freeze(self.requirements, brief)

    @property
    def notes(self) -> tuple[str, ...]:
        """The warnings, and how each open question was read."""
        return (*self.warnings, *(f"the brief says “{asked.words}”: read as {asked.reading}" for asked in self.questions))

    @property
    def planned(self) -> Planned:
        """The planner's answer as far as it goes."""
        return Planned(self.requirements, warnings=self.warnings, cites=self.cites, questions=self.questions)


def first(planned: Planned, brief: Brief, planner: Planner) -> Plan:
    """Return what a planner's first answer leads to. A requirement that contradicts what it cites is left out of it."""
    found = coverage.check(brief, planned)
    plan = _without(planned, dict(found.contradicting))
    if found.missing and isinstance(planner, Completes):
        return replace(plan, missing=found.missing)
    return _in_own_words(plan, found.missing, brief)


def completed(plan: Plan, more: Planned, brief: Brief) -> Plan:
    """Return the plan with what the second answer adds, and with what is still missing in the brief's own words."""
    both = Planned(
        (*plan.requirements, *more.requirements),
        warnings=(*plan.warnings, *more.warnings),
        cites=(*(plan.cites or ()), *(more.cites or [()] * len(more.requirements))),
        questions=(*plan.questions, *more.questions),
    )
    found = coverage.check(brief, both)
    return _in_own_words(_without(both, dict(found.contradicting)), found.missing, brief)


Review = Callable[[Checklist, Plan], Awaitable[Checklist]]
"""Shows the user a checklist, and returns the one to use. Raises Cancelled if the user wants none."""


async def plan(brief: Brief, planner: Planner | None, account: Account) -> Plan:
    """Return the plan of a brief: of one or two calls of the planner, each paid for at most once.

    Raises:
        OnbriefError: as Account.once.
    """
    if planner is None:
        return Plan()

    def call(attempt: int, planner: Planner, request: dict[str, object]) -> Any:
        return call_for(account, "plan", 0, attempt, planner, {"brief": brief, **request}, price_of(planner, brief))

    asking = Asking(planner)

    async def ask(_: Try) -> CallResult:
        planned = await asking.ask(lambda planner: planner.checklist(brief))
        return _result(first(planned, brief, planner), planned)

    begun = plan_of(await account.once(call(0, planner, {}), ask))
    if not begun.missing or not isinstance(planner, Completes):
        return begun if not begun.missing else _in_own_words(begun, begun.missing, brief)
    again = Asking(planner.completing(begun.planned, begun.missing))

    async def ask_again(_: Try) -> CallResult:
        more = await again.ask(lambda planner: planner.checklist(brief))
        return _result(completed(begun, more, brief), more)

    return plan_of(await account.once(call(1, again.model, {"missing": begun.missing}), ask_again))


async def agreed(
    plan: Plan, brief: Brief, account: Account, review: Review | None
) -> tuple[Checklist, tuple[Requirement, ...]]:
    """Return the frozen checklist: the recorded one that the user accepted or edited, the one that `review` returns, or the
    plan's. What the user decides is recorded like an answer, so that it is asked for once. With a picture, the list is fixed.
    With it, return the requirements that the user added or changed: the brief does not ask for them.

    Raises:
        Cancelled: the user accepts none.
    """
    checklist, step = plan.checklist(brief), call_key("review", 0, 0)
    drawn = any(call.kind == "image" for call in account.calls)
    if not account.done(step) and (review is None or drawn):
        return checklist, ()
    chosen = checklist if review is None or account.done(step) else await review(checklist, plan)

    async def send(_: Try) -> CallResult:
        planned = {_words(requirement) for requirement in checklist.requirements}
        added = [requirement.id for requirement in chosen.requirements if _words(requirement) not in planned]
        requirements = chosen.requirements
        return result_of({"requirements": requirements, "added": added} if added else requirements, 0.0)

    return _reviewed(await account.once(Call("review", 0, 0, "user:", checklist.sha256, 0.0), send))


def recorded_checklist(entries: Sequence[Entry], brief: Brief, *, planned: bool) -> Checklist | None:
    """Return the checklist that the recorded calls of a run lead to; None if it is not complete yet. `planned`: it has a
    planner.
    """
    if reviews := [entry for entry in entries if entry.call.kind == "review" and entry.state == "done"]:
        return _reviewed(reviews[-1])[0]
    plan = _last_plan(entries) if planned else Plan()
    return plan.checklist(brief) if plan else None


def _reviewed(entry: Entry) -> tuple[Checklist, tuple[Requirement, ...]]:
    """Return a recorded review. Earlier versions recorded the list alone, and left what was added out of the first prompt."""

    def read(result: Any) -> tuple[Checklist, tuple[Requirement, ...]]:
        found: dict[str, Any] = {"requirements": result, "added": ()} if isinstance(result, list) else result
        checklist = Checklist(tuple(_requirement(document) for document in found["requirements"]))
        return checklist, tuple(checklist[id_] for id_ in found["added"])

    return recorded(entry, read)


def _last_plan(entries: Iterable[Entry]) -> Plan | None:
    """Return the complete plan among the recorded calls of a run; None if there is none yet."""
    plans = [entry for entry in entries if entry.call.kind == "plan" and entry.state == "done"]
    found = plan_of(max(plans, key=lambda entry: entry.call.attempt)) if plans else None
    return found if found and not found.missing else None


def plan_of(entry: Entry) -> Plan:
    """Return a recorded plan. Those from before coverage was checked have requirements, and perhaps warnings, alone."""

    def read(result: Any) -> Plan:
        found: dict[str, Any] = {"requirements": result} if isinstance(result, list) else result
        cites = found.get("cites")
        return Plan(
            tuple(_requirement(document) for document in found["requirements"]),
            tuple(found.get("warnings", ())),
            tuple(OpenQuestion(**asked) for asked in found.get("questions", ())),
            None if cites is None else tuple(tuple(those) for those in cites),
            tuple(found.get("missing", ())),
        )

    return recorded(entry, read)


def _result(plan: Plan, answer: Planned) -> CallResult:
    more = {name: value for name, value in fields_of(plan).items() if name != "requirements" and value not in ((), None)}
    document = {"requirements": plan.requirements, **more} if more else plan.requirements
    return result_of(document, answer.usd, answer.tokens)


def _without(planned: Planned, contradicting: dict[int, str]) -> Plan:
    """Return a plan without the requirements at these places, each of which contradicts what the brief says."""
    gone = {planned.requirements[place].id for place in contradicting}
    kept = [place for place in range(len(planned.requirements)) if place not in contradicting]
    left_out = (
        f"the requirement “{planned.requirements[place].text[:_SHOWN]}” was left out: the brief says “{said}”"
        for place, said in contradicting.items()
    )
    return Plan(
        tuple(
            replace(r, parents=tuple(parent for parent in r.parents if parent not in gone))
            for r in (planned.requirements[place] for place in kept)
        ),
        (*planned.warnings, *left_out),
        planned.questions,
        None if planned.cites is None else tuple(planned.cites[place] for place in kept),
    )


def _in_own_words(plan: Plan, missing: Sequence[str], brief: Brief) -> Plan:
    """Return the plan with a must for each missing part. If the list is too long for all of them, nice-to-haves make room, and
    the last parts are one.
    """
    if not missing:
        return plan
    room = MAX_REQUIREMENTS - len(brief.requirements) - len(brief.avoid)
    requirements = list(plan.requirements)
    for nice in [r for r in reversed(requirements) if not r.must]:
        if len(requirements) < room:
            break
        requirements.remove(nice)
    free = max(1, room - len(requirements))
    parts = [*missing[: free - 1], "; ".join(missing[free - 1 :])] if len(missing) > free else missing
    told = [f"the planner left out “{part}”: it is on the checklist in the brief's own words" for part in parts]
    if len(requirements) >= room:
        parts, told = (), [f"the planner left out “{part}”, and the checklist is full: it is not checked" for part in parts]
    kept = {requirement.id for requirement in requirements}
    listed = [replace(r, parents=tuple(p for p in r.parents if p in kept)) for r in requirements]
    added = tuple(coverage.in_own_words(part) for part in parts)
    return replace(plan, requirements=(*listed, *added), warnings=(*plan.warnings, *told), cites=None, missing=())


def _words(requirement: Requirement) -> str:
    return " ".join(requirement.text.casefold().split())


def _requirement(document: dict[str, Any]) -> Requirement:
    parents: list[str] = document.pop("parents")
    return Requirement(**document, parents=tuple(parents))
