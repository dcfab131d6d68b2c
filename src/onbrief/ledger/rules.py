"""The rules of each kind of paid call, as a table, so that the account has no branches by kind.

A picture costs most, and only the store can show whether it was made, so a call for one whose outcome is unknown is never sent
again unless the user asks for it. Any other call is sent again once. Each try may have been paid for, so the tries of all
sessions count together: a supervisor that gives the same command again and again must not pay again and again. Only when the
user asks to resume the run, each call that has no answer is sent once more, except for a picture: the cause may be fixed. So
is a picture if the user asks for failed calls to be sent again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from onbrief.ports import CallKind

OUT_OF_TRIES: Final = "a run tries no call more often; to pay for more tries, start another run, with --seed or --run-id"
"""The hint of an error after the last try of a call."""

Counter = Literal["images", "judge_calls", "text_calls"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRule:
    """How a kind of call is retried, timed and counted.

    `failed_retries` and `unknown_retries` are the numbers of automatic retries after failures and after unknown outcomes, in
    all sessions together. With `asked_again`, a call without a readable answer is sent once more whenever the user asks to
    resume the run. `counter` is the field of Usage that counts the calls; None: it is no call of a model. If the process has a
    deadline, at least `seconds` must be left to begin a call: two to three times the duration of such calls, plus time to
    record the outcome and to respond.
    """

    failed_retries: int = 2
    unknown_retries: int = 1
    asked_again: bool = True
    counter: Counter | None = "text_calls"
    seconds: float = 30.0


RULES: Final[Mapping[CallKind, CallRule]] = {
    "plan": CallRule(),
    "review": CallRule(counter=None),  # what the user decides about the checklist, recorded like an answer
    "image": CallRule(unknown_retries=0, asked_again=False, counter="images", seconds=45.0),
    "judge": CallRule(counter="judge_calls"),
    "confirm": CallRule(counter="judge_calls"),
    "revise": CallRule(),
}
