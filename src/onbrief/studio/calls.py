"""How calls of models are identified, priced and stored as JSON. Ledgers that exist depend on every byte of it: a recorded call
is found by its key and compared by its digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from onbrief.ledger.account import CallResult
from onbrief.ports import NO_TOKENS, Call, CallKind, Model, PricedByRequest, Tokens


def price_of(model: Model, *request: object) -> float | None:
    """Return the most that a call of a model can cost in US dollars; see ports.PricedByRequest for what the request is."""
    return model.price_of(*request) if isinstance(model, PricedByRequest) else model.price


def call_of(
    kind: CallKind, revision: int, attempt: int, model: Model, request: Mapping[str, object], price: float | None
) -> Call:
    """Return the call of a model for one step of a run. `request` is everything that makes the answer what it is."""
    digest = hashlib.sha256(to_json({"model": model.name, **request}).encode()).hexdigest()
    return Call(kind, revision, attempt, model.name, digest, price)


def result_of(document: object, usd: float | None, tokens: Tokens = NO_TOKENS, *, recoverable: bool = False) -> CallResult:
    """Return the result of a call; see CallResult."""
    return CallResult(to_json(document), usd, tokens, recoverable)


def to_json(document: object) -> str:
    """Write compact JSON in ASCII, so that whatever a model answered can be hashed and stored."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"))
