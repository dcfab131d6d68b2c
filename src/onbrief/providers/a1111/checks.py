"""The checks of `onbrief doctor` for a server with the API of AUTOMATIC1111's web UI: that it answers, which checkpoint it has
loaded, what it works on, and that it has the checkpoints of the models. They cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from onbrief.errors import ConfigError, OnbriefError
from onbrief.ports import Check, ModelName, Role, Values
from onbrief.providers import wire
from onbrief.providers.a1111 import calling

_TIMEOUT = 5.0  # seconds


def check(models: Mapping[Role, ModelName], values: Values) -> Iterator[Check]:
    """Yield the findings on each model's server and on its checkpoint."""
    for role, name in models.items():
        address = name.options.get("base_url", values["base_url"])
        try:
            service = calling.connected(name, values["base_url"], _TIMEOUT)
            options = wire.look(service, "sdapi/v1/options").object()
            listed = calling.checkpoints(wire.look(service, "sdapi/v1/sd-models").json())
            state = wire.look(service, "sdapi/v1/progress?skip_current_image=true").object().get("state")
        except OnbriefError as error:
            yield Check("error", role, f"{name}: {error}", error.hint or f"start the server at {address} with --api")
            continue
        loaded = str(options.get("sd_model_checkpoint") or "no checkpoint")
        jobs: Any = cast("Mapping[str, Any]", state).get("job_count") if isinstance(state, dict) else 0
        busy = "; it works on a picture now" if jobs else ""
        if not name.model:
            yield Check("ok", role, f"{name} at {address}, with {loaded}{busy}")
            continue
        try:
            found = calling.find(listed, name.model)
        except ConfigError as error:
            yield Check("error", role, f"{name}: {error}", error.hint, hopeless=True)
        else:
            yield Check("ok", role, f"{name} at {address} is {found.title}{busy}")
