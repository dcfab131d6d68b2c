"""Find out, before a picture is paid for, whether the models that judge it and write the next prompt can be used at all."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping

from onbrief.errors import ConfigError
from onbrief.ledger.account import Account
from onbrief.ports import AnyModel, Check, Judge, Ladder, ModelName, ModelRole, Role
from onbrief.providers import registry
from onbrief.studio import Crew

TIMEOUT = 5.0  # seconds; a provider that says nothing until then is asked by the first call, as before


async def require_usable(
    crew: Crew,
    tables: registry.Tables,
    account: Account,
    objects: Mapping[ModelRole, AnyModel | Ladder],
    known: set[str],
) -> None:
    """Ask the providers of the judge and the reviser about these models, at no cost. A model that has answered in this run is
    not asked about, nor are `objects`, which have no provider. What a provider does not know, or may not say, prevents nothing.
    Models that are `known` were asked about for another run; those with nothing against them are added.

    Raises:
        ConfigError: no call of a model can succeed.
    """
    models: list[tuple[Role, ModelName]] = []
    judges: tuple[tuple[Judge | None, ModelRole], ...] = ((crew.judge, "judge"), (crew.confirm_judge, "confirm_judge"))
    for judge, setting in judges:
        if (
            judge
            and setting not in objects
            and not any(call.model == judge.name for call in account.answers("judge", "confirm"))
        ):
            models.append(("judge", ModelName.parse(judge.name, setting)))
    writer = crew.reviser or crew.planner
    if (
        writer
        and all(writer is not one for one in objects.values())
        and writer.name != crew.judge.name
        and not any(call.model == writer.name for call in account.answers("plan", "revise"))
    ):
        models.append(("reviser", ModelName.parse(writer.name, "reviser")))
    asked: dict[str, tuple[Role, ModelName]] = {f"{role} {name} {tables}": (role, name) for role, name in models}
    if asked.keys() <= known:
        return
    try:
        async with asyncio.timeout(TIMEOUT):
            found = await asyncio.to_thread(list, _hopeless([one for key, one in asked.items() if key not in known], tables))
    except TimeoutError:
        return
    if found:
        raise ConfigError(f"{found[0].about}: {found[0].told}", hint=found[0].advice)
    known.update(asked)


def _hopeless(models: list[tuple[Role, ModelName]], tables: registry.Tables) -> Iterator[Check]:
    """Yield the findings about models of which no call can succeed."""
    for role, name in models:
        provider = registry.provider(name.provider, role)
        if provider is None or provider.missing:
            continue
        values = provider.values(tables.get(provider.name, {}))
        yield from (check for check in provider.check({role: name}, values) if check.hopeless)
