"""The checks of `onbrief doctor` for Gemini: whether the key may use each model. They cost nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from onbrief.errors import ConfigError, OnbriefError
from onbrief.ports import Check, ModelName, Role, Values
from onbrief.providers import wire
from onbrief.providers.google import catalogue
from onbrief.providers.google.gemini import key_for

_TIMEOUT = 10.0  # seconds
_OWN = "https://generativelanguage.googleapis.com"


def check(models: Mapping[Role, ModelName], values: Values) -> Iterator[Check]:
    """Yield the finding on each model."""
    url = values.get("base_url") or os.environ.get("GOOGLE_GEMINI_BASE_URL") or _OWN
    for role, name in models.items():
        try:
            service = wire.Service(url, {"x-goog-api-key": key_for(name)}, _TIMEOUT)
            wire.look(service, f"v1beta/models/{name.model}")
        except OnbriefError as error:
            refused = isinstance(error, ConfigError)  # the key or the model: no call can succeed with it
            advice = error.hint or (
                "check the key and the model" if refused else "check the network, and GOOGLE_GEMINI_BASE_URL"
            )
            yield Check("error" if refused else "warning", role, f"{name}: {error}", advice, hopeless=refused)
        else:
            facts = catalogue.image_models().get(name.model)
            yield Check("ok", role, f"{name}, {facts.state} in the catalogue" if facts else str(name))
