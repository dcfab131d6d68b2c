"""How many briefs to pursue at the same time."""

from __future__ import annotations

import math
from typing import Final, Protocol

from onbrief.ports import RateLimit
from onbrief.studio import Crew

USUAL: Final = 8
"""Where no limit is known."""
MOST: Final = 256

_PICTURE, _JUDGEMENT = 12.0, 6.0  # seconds
_MARGIN = 1.25


class Known(Protocol):
    """What knows the limits of models, such as ledger.rates.Rates."""

    def limit(self, model: str) -> RateLimit | None:
        """Return the limit of a model as far as it is known by now, or None."""
        ...


def concurrency(crew: Crew, rates: object) -> int:
    """Return how many briefs to pursue at the same time, from 1 to 256, so that the limits of their models are used up and few
    wait in a queue.

    By Little's law that is the number that may begin in a second, by the tightest limit of the first image model and of the
    judge, times the seconds that a picture and its judgement usually take, and a quarter more. These are 12 and 6 seconds:
    hosted models of today draw in 3 to 30, and judge a picture in 2 to 10. A limit of calls in progress is a limit here too, of
    its share of that time. Where no limit of both is known, it is 8. `rates` that know no limits, such as those of an actor,
    count like this too.
    """
    if not hasattr(rates, "limit"):
        return USUAL
    known: Known = rates  # pyright: ignore[reportAssignmentType] - checked above; a Protocol is slow in Python 3.11
    seconds, most = _PICTURE + _JUDGEMENT, list[float]()
    for model, own in ((crew.image_model, _PICTURE), (crew.judge, _JUDGEMENT)):
        limit = known.limit(model.name) if model else None
        if limit and (per_second := limit.per_second) is not None:
            most.append(per_second * seconds * _MARGIN)
        if limit and limit.at_once is not None:
            most.append(limit.at_once * seconds / own)
    return max(1, min(MOST, math.ceil(min(most, default=USUAL))))
