"""The rules of each kind of paid call, as a table, so that the account has no branches by kind.

A picture costs most, and only the store can show whether it was made, so a call for one whose outcome is unknown is never sent
again unless the user asks for it. Any other call is sent again once. A judge whose answers cannot be read is not called again
in later sessions: an attempt without a verdict does not pass. Only when the user asks to resume the run, each call that has no
answer is sent once more, except for a picture: the cause may be fixed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from onbrief.ports import CallKind

Counter = Literal["images", "judge_calls", "text_calls"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRule:
    """How a kind of call is retried, timed and counted.

    `failed_retries` and `unknown_retries` are the numbers of automatic retries after failures in one session, and after unknown
    outcomes in all sessions. With `unreadable_stays`, answers that could not be read also count as failures in later sessions.
    With `asked_again`, a call without a readable answer is sent once more whenever the user asks to resume the run.
    `counter` is the field of Usage that counts the calls. If the process has a deadline, at least `seconds` must be left to
    begin a call: two to three times the duration of such calls, plus time to record the outcome and to respond. The budget must
    also suffice for a call of the kind `useful_with`, as the result is of no use without it.
    """

    failed_retries: int = 2
    unknown_retries: int = 1
    unreadable_stays: bool = False
    asked_again: bool = True
    counter: Counter = "text_calls"
    seconds: float = 30.0
    useful_with: CallKind | None = None


RULES: Final[Mapping[CallKind, CallRule]] = {
    "plan": CallRule(),
    "image": CallRule(unknown_retries=0, asked_again=False, counter="images", seconds=45.0, useful_with="judge"),
    "judge": CallRule(unreadable_stays=True, counter="judge_calls"),
    "revise": CallRule(),
}
