"""Check objects that users give as models, before anything is asked of them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeGuard, cast

from onbrief.errors import UsageError
from onbrief.ports.models import ImageModel, Judge, Planner, Reviser
from onbrief.ports.names import ModelName

ModelRole = Literal["image_model", "judge", "planner", "reviser", "confirm_judge"]
"""The settings that name a model, for which an object can be given instead."""

AnyModel = ImageModel | Judge | Planner | Reviser
"""An object that can be given as a model."""

Ladder = tuple[str | ImageModel, ...]
"""Several image models, by name or as objects, the cheapest first."""

_PORTS: Final[Mapping[ModelRole, tuple[str, tuple[str, ...], tuple[str, ...]]]] = {
    "image_model": ("ImageModel", ("check",), ("generate",)),
    "judge": ("Judge", (), ("judge",)),
    "planner": ("Planner", (), ("checklist",)),
    "reviser": ("Reviser", (), ("revise",)),
    "confirm_judge": ("Judge", (), ("judge",)),
}
"""For each role the port, and its methods: plain ones and async ones."""


def plans(model: object) -> bool:
    """Return whether a model can be a planner."""
    return callable(getattr(model, "checklist", None))


def is_object(model: str | AnyModel | Ladder) -> TypeGuard[AnyModel | Ladder]:
    """Return whether a model that was given is an object, or a ladder with one."""
    return any(not isinstance(one, str) for one in model) if isinstance(model, tuple) else not isinstance(model, str)


def require_model(role: ModelRole, model: object) -> None:
    """Check that an object has what the port of its role asks for.

    Raises:
        UsageError: something is missing, or is not what the port says; all of it is named.
    """
    port, plain, asynchronous = _PORTS[role]
    if inspect.isclass(model):
        raise UsageError(f"{role}: {model.__name__} is a class; expected an object, such as {model.__name__}()")
    kind = type(model).__name__
    needs = f"see onbrief.ports.{port}"
    values = ["name", "price", *(["picture_limits"] if port == "Judge" else [])]
    lacking = [f"attribute {name}" for name in values if not hasattr(model, name)]
    lacking += [f"method {name}" for name in (*plain, *asynchronous) if not callable(getattr(model, name, None))]
    if lacking:
        raise UsageError(f"{role}: {kind} has no {', no '.join(lacking)}", hint=needs)
    for name in asynchronous:
        method: Any = getattr(model, name)
        if (inspect.isfunction(method) or inspect.ismethod(method)) and not _is_async(method):
            raise UsageError(f"{role}: {kind}.{name} is a plain function; expected `async def {name}`", hint=needs)
    known = cast("Any", model)
    if not isinstance(known.name, str):
        raise UsageError.of(f"{role}: {kind}.name", known.name, "PROVIDER:MODEL, such as mine:model")
    ModelName.parse(known.name, f"{role}: {kind}.name")
    if known.price is not None and (not isinstance(known.price, int | float) or not 0 <= known.price < float("inf")):
        raise UsageError.of(f"{role}: {kind}.price", known.price, "the most that a call costs in US dollars, or None")


def _is_async(method: Any) -> bool:
    """Return whether a call gives something to await, as far as that can be known without calling it."""
    found = inspect.unwrap(method)
    return inspect.iscoroutinefunction(found) or not inspect.isfunction(getattr(found, "__func__", found))
