"""The checks of `onbrief doctor` for Runware: the key and the balance of its account. They cost nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from onbrief.errors import ConfigError, OnbriefError
from onbrief.ports import Check, ModelName, Role, Sent, Values
from onbrief.providers import wire
from onbrief.providers.runware import KEY, calling

_TIMEOUT = 10.0  # seconds


def check(models: Mapping[Role, ModelName], values: Values) -> Iterator[Check]:
    """Yield the finding on the account, then on each model."""
    task = {"taskType": "accountManagement", "taskUUID": Sent.once().id, "operation": "getDetails"}
    try:
        reply = wire.look(calling.connected(values["base_url"], _TIMEOUT), "v1", "POST", json=[task]).object()
    except OnbriefError as error:
        refused = isinstance(error, ConfigError)
        advice = error.hint or f"check {KEY}, the network, and the setting runware.base_url"
        yield Check("error" if refused else "warning", "account", str(error), advice)
    else:
        yield _balance(reply)
    yield from (Check("ok", role, str(name)) for role, name in models.items())


def _balance(reply: Mapping[str, Any]) -> Check:
    items = cast("list[dict[str, Any]]", reply.get("data") or [{}])
    balance: Any = items[0].get("balance")
    if isinstance(balance, dict):  # with its currency, for some accounts
        balance = cast("dict[str, Any]", balance).get("amount")
    if not isinstance(balance, int | float):
        return Check("ok", "account", "the key is accepted")
    told = f"${balance:.2f} left"
    return Check("ok", "account", told) if balance > 0 else Check("warning", "account", told, "add credits to the account")
