"""How calls of models are identified, priced and stored as JSON. Ledgers that exist depend on every byte of it: a recorded call
is found by its key and compared by its digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from onbrief.brief import Requirement, fields_of
from onbrief.errors import LedgerError
from onbrief.ledger.account import Account, CallResult
from onbrief.ports import NO_TOKENS, Call, CallKind, Entry, Judge, Model, Tokens

T = TypeVar("T")

FIRST = "first"
"""The part of a judgement that is asked first, if not everything is asked at once."""
REST = "rest"
"""The part of a judgement that is asked then."""


def price_of(model: Model, *request: object) -> float | None:
    """Return the most that a call of a model can cost in US dollars; see ports.PricedByRequest for what the request is."""
    # Not isinstance(model, PricedByRequest), which is slow in Python 3.11.
    own: Callable[..., float | None] | None = getattr(model, "price_of", None)
    return model.price if own is None else own(*request)


def expected_price(model: Model | None, requirements: int, most: float | None) -> float | None:
    """Return what a call of a model about so many requirements is expected to cost in US dollars: `most`, the most that it can
    cost, if that is all that is known, or if there is no model.
    """
    own: Callable[[int], float | None] | None = getattr(model, "expected_cost", None)  # not isinstance, as above
    usd = own(requirements) if own else None
    return most if usd is None or most is None else min(usd, most)


def closer_price(judge: Judge, requirements: Sequence[Requirement]) -> float | None:
    """Return the most that a closer look of a judge can cost in US dollars; what it is shown may be larger than the picture."""
    side = judge.picture_limits.side
    return price_of(judge, requirements, (side, side))


def call_of(
    kind: CallKind, revision: int, attempt: int, model: Model, request: Mapping[str, object], price: float | None
) -> Call:
    """Return the call of a model for one step of a run. `request` is everything that makes the answer what it is."""
    return Call(kind, revision, attempt, model.name, _digest(model.name, request), price)


def call_for(
    account: Account,
    kind: CallKind,
    revision: int,
    attempt: int,
    model: Model,
    request: Mapping[str, object],
    price: float | None,
    decides: Callable[[Entry], bool] = lambda entry: True,
    part: str = "",
) -> Call:
    """Return the call to make for one step of a run, or for a `part` of it, whose model may have changed.

    It is a recorded one if another model has answered the same request and its answer `decides`, so that it is not paid for
    again. Otherwise it is the model's own, under a key of its own if the key of the step belongs to another model.
    """
    own = replace(call_of(kind, revision, attempt, model, request, price), part=part)
    tried = [entry for entry in account.tried(own.step) if is_part(entry.call, part)]
    if any(entry.call.digest != _digest(entry.call.model, request) for entry in tried):
        return own  # recorded with another request, which the account refuses
    done = [entry for entry in tried if entry.state == "done"]
    for entry in (*filter(decides, done), *done):
        if entry.call.model == model.name or decides(entry):
            return entry.call
    if any(entry.call.key == own.key and entry.call.model != model.name for entry in tried):
        return replace(own, part=f"{_by(part)}{hashlib.sha256(model.name.encode()).hexdigest()[:8]}")
    return own


def is_part(call: Call, part: str = "") -> bool:
    """Return whether a call is this part of its step, or by default the step itself, whichever model it is of."""
    return call.part == part or call.part.startswith(_by(part))


def _by(part: str) -> str:
    """Return how the part of a further model begins."""
    return f"{part}-by-".lstrip("-")


def result_of(document: object, usd: float | None, tokens: Tokens = NO_TOKENS, *, recoverable: bool = False) -> CallResult:
    """Return the result of a call; see CallResult."""
    return CallResult(to_json(document), usd, tokens, recoverable)


def _digest(model: str, request: Mapping[str, object]) -> str:
    return hashlib.sha256(to_json({"model": model, **request}).encode()).hexdigest()


def recorded(entry: Entry, build: Callable[[Any], T]) -> T:
    """Return what `build` makes of the recorded result of a call.

    Raises:
        LedgerError: it is not what such a call records: the ledger is damaged.
    """
    try:
        return build(json.loads(entry.result))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        problem = f"{type(error).__name__}: {error}"
        raise LedgerError(f"the ledger is damaged: the result of {entry.call.key} is not one ({problem})") from error


def to_json(document: object) -> str:
    """Write compact JSON in ASCII, so that whatever a model answered can be hashed and stored. Dataclasses are objects with
    their fields.
    """
    return _ENCODER.encode(document)


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=fields_of)  # json.dumps makes one each time
