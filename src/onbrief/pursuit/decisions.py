"""Record the policy's decisions as they are made, and follow them when a run is resumed."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from onbrief.ledger.account import Account
from onbrief.limits import Limits
from onbrief.policy import Generate, Policy, Repair, Revise, Step, Stop, seed_of
from onbrief.ports import Call, Decision, call_key
from onbrief.record import Run


@dataclass(slots=True)
class RecordedPolicy:
    """A policy that follows the recorded decisions of a run. After the last one, it asks `policy` and records its decision.

    Limits and `parallel` may have changed since a decision was made, and so have the seconds and dollars that it depended on.
    If it were made again, it could differ, and pictures that are paid for, perhaps the best one, would be missing from the
    record.

    Of a recorded decision, only the calls that were begun are followed. A call that was never sent would cost money now, so the
    policy decides about it under the current limits.
    """

    policy: Policy
    account: Account
    _visits: int = 0

    def next(self, run: Run, limits: Limits) -> Step:
        """See policy.Policy."""
        if not self.account.decisions:
            for decision in decisions_behind(self.account.calls):
                self.account.decide(decision)
        # Each decision is visited twice: first for the calls begun without a gap, which cost nothing, then for the rest.
        while self._visits < 2 * len(self.account.decisions):
            number, second = divmod(self._visits, 2)
            self._visits += 1
            if step := self._recorded_step(self.account.decisions[number], run, bool(second)):
                return step
        step = self.policy.next(run, limits)
        self.account.decide(_decision(step, run, len(self.account.decisions)))
        self._visits = 2 * len(self.account.decisions)
        return step

    def _recorded_step(self, decision: Decision, run: Run, second: bool) -> Step | None:
        """Return the part of a decision that is left to follow; None if none of it was begun or all of it is in the run."""
        inputs, newest = decision.inputs, run.prompt.revision
        match decision.kind:
            case "generate" if (revision := inputs["revision"]) <= newest:
                numbers = self._begun(revision, inputs["attempts"], run, second)
                seeds = tuple(seed_of(run.seed, revision, n) for n in numbers)
                return Generate(revision, seeds, decision.reason, inputs.get("rung", 0)) if seeds else None
            case "repair" if (revision := inputs["revision"]) <= newest:
                if not (numbers := self._begun(revision, inputs["attempts"], run, second)):
                    return None
                seed = seed_of(run.seed, revision, numbers[0])
                return Repair(inputs["of"], inputs["must"], seed, decision.reason, inputs.get("rung", 0))
            case "revise" if inputs["revision"] == newest + 1 and self.account.done(call_key("revise", newest + 1, 0)):
                return Revise(inputs["with_history"], decision.reason, inputs.get("rung"))
            case _:  # a stop is never followed, because limits may have grown
                return None

    def _begun(self, revision: int, attempts: Sequence[int], run: Run, second: bool) -> Sequence[int]:
        """Return the numbers of the attempts to follow next, in order.

        Pictures of one round are begun in any order, so there may be a gap: one that was never sent, before others that were.
        The first visit follows those before the gap: if one of them passes, the run ends without paying for more. The second
        visit draws the one in the gap, together with those after it.
        """
        made = len(run.of_prompt(revision))
        keys = {n: call_key("image", revision, n) for n in attempts if n >= made}
        begun = [n for n, key in keys.items() if self.account.begun(key)]
        if second:
            passed = any(attempt.passed for attempt in run.attempts)
            return range(made, max(begun) + 1) if begun and not passed else ()
        ahead = list(itertools.takewhile(lambda n: n in begun, itertools.count(made)))
        if any(attempt.passed for attempt in run.attempts):  # then follow only what need not be sent
            ahead = list(itertools.takewhile(lambda n: self.account.has(keys[n]), ahead))
        return ahead


def decisions_behind(calls: Iterable[Call]) -> list[Decision]:
    """Infer the decisions that led to these calls, for runs from before decisions were recorded."""
    drawn: dict[int, int] = {}
    for call in calls:
        if call.kind == "image":
            drawn[call.revision] = max(drawn.get(call.revision, 0), call.attempt)
        elif call.kind == "revise":
            drawn.setdefault(call.revision, -1)
    numbers, found = itertools.count(), list[Decision]()
    for revision, last in sorted(drawn.items()):
        if revision:
            found.append(Decision(next(numbers), "revise", {"revision": revision, "with_history": True, "attempts": []}))
        if last >= 0:
            attempts = list(range(last + 1))
            found.append(Decision(next(numbers), "generate", {"revision": revision, "attempts": attempts}))
    return found


def _decision(step: Step, run: Run, number: int) -> Decision:
    seconds, usd = run.usage.seconds, run.usage.usd
    match step:
        case Generate(revision, seeds, rung=rung):
            made = len(run.of_prompt(revision))
            inputs = {"revision": revision, "attempts": list(range(made, made + len(seeds)))}
            inputs |= {"rung": rung} if rung else {}
            return Decision(number, "generate", inputs, step.reason, seconds, usd)
        case Repair(of, must, rung=rung):
            revision = run.named(of).revision
            inputs = {"revision": revision, "attempts": [len(run.of_prompt(revision))], "of": of, "must": must}
            inputs |= {"rung": rung} if rung else {}
            return Decision(number, "repair", inputs, step.reason, seconds, usd)
        case Revise(with_history, rung=rung):
            seen = [attempt.name for attempt in run.attempts] if with_history else []
            inputs = {"revision": len(run.prompts), "with_history": with_history, "attempts": seen}
            inputs |= {} if rung is None else {"rung": rung}
            return Decision(number, "revise", inputs, step.reason, seconds, usd)
        case Stop(outcome):
            return Decision(number, "stop", {"outcome": outcome}, step.reason, seconds, usd)
