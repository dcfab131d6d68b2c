"""What holds for each kind of paid call: one row for each, so that the account has no branch for any of them.

Why so: reliability.md, "Outcome classes of a paid call". A picture costs most and nothing but the store can say whether it was
made, so one of unknown outcome is never sent again without being asked for. Any other call is, once. A judge whose answers
cannot be read is not asked again in later sessions: an attempt without a verdict is one that does not pass.
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

    `failed_retries` and `unknown_retries` are how often one is sent again by itself after it ended so: failures of a session,
    and unknown outcomes of all sessions. With `unreadable_stays`, answers that could not be read are failures of later sessions
    too. `counter` is the field of Usage that counts it. `seconds` must be left for it to begin, where the process's end is
    known: two to three times what such calls take, and time to write down the outcome and to answer. A call of the kind
    `useful_with` must be affordable besides; without it, the result is of no use.
    """

    failed_retries: int = 2
    unknown_retries: int = 1
    unreadable_stays: bool = False
    counter: Counter = "text_calls"
    seconds: float = 30.0
    useful_with: CallKind | None = None


RULES: Final[Mapping[CallKind, CallRule]] = {
    "plan": CallRule(),
    "image": CallRule(unknown_retries=0, counter="images", seconds=45.0, useful_with="judge"),
    "judge": CallRule(unreadable_stays=True, counter="judge_calls"),
    "revise": CallRule(),
}
