"""The checks of `onbrief doctor` for Stability AI: the key and the credits of its account. They cost nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from onbrief.errors import ConfigError, OnbriefError
from onbrief.ports import Check, ModelName, Role, Values
from onbrief.providers import wire
from onbrief.providers.stability import KEY, calling, catalogue

_TIMEOUT = 10.0  # seconds


def check(models: Mapping[Role, ModelName], values: Values) -> Iterator[Check]:
    """Yield the finding on the account, then on each model."""
    try:
        reply = wire.look(calling.connected(values["base_url"], _TIMEOUT), "v1/user/balance").object()
    except OnbriefError as error:
        of_key = isinstance(error, ConfigError) and KEY in error.explained  # no call can succeed without it
        advice = error.hint or "check the network, and the setting stability.base_url"
        yield Check("error" if of_key else "warning", "account", str(error), advice, hopeless=of_key)
    else:
        credits_left = reply.get("credits")
        left = credits_left if isinstance(credits_left, int | float) else 0.0
        state = "ok" if left > 0 else "warning"
        yield Check(state, "account", f"{left:g} credits", "" if left > 0 else "buy credits, or let the account buy them")
    for role, name in models.items():
        facts = catalogue.CATALOGUE.image_models.get(name.model)
        yield Check("ok", role, f"{name}, {facts.state} in the catalogue" if facts else str(name))
