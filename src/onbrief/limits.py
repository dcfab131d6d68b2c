"""The limits of a run."""

from __future__ import annotations

import math
from dataclasses import dataclass

from onbrief.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most that a run may use. A limit is checked before money is spent, never after.

    `images` counts every picture that is requested, including those that fail and those that are edited; `attempts` is the
    number of images for one prompt; `prompts` includes the first one; `usd` is in US dollars, for all calls together, and
    `judge_usd` for those of the judge; `seconds` is measured from when the run is started or resumed. None means no limit.

    Raises:
        UsageError: a number outside its range.
    """

    images: int = 12
    attempts: int | None = None
    prompts: int | None = None
    usd: float | None = None
    judge_usd: float | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        for field in ("images", "attempts", "prompts"):
            value = getattr(self, field)
            if value is None and field != "images":
                continue
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 10_000:
                raise UsageError.of(f"limits.{field}", value, "a whole number from 1 to 10000")
        for field in ("usd", "judge_usd", "seconds"):
            require_amount(f"limits.{field}", getattr(self, field))


def require_amount(name: str, value: float | None) -> None:
    """Check a limit that is an amount of money or time.

    Raises:
        UsageError: it is neither None nor a number from 0 up.
    """
    if value is not None and not 0 <= value < math.inf:
        raise UsageError.of(name, value, "a number from 0 up")
