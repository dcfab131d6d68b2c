"""What `onbrief doctor` looks at, one finding for each thing. It pays for nothing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from onbrief.config import Settings, load
from onbrief.errors import ConfigError, OnbriefError, Unlisted
from onbrief.ports import Check, Model, ModelName, Role
from onbrief.providers import registry
from onbrief.store import region_of

_ROLES: tuple[Role, ...] = ("image_model", "judge", "reviser")


async def check(flags: Mapping[str, object]) -> list[Check]:
    """All findings, in the order in which they matter."""
    try:
        settings, _ = load(flags)
    except OnbriefError as error:
        return [Check("error", "settings", str(error), "fix it; `onbrief config` shows where each setting comes from")]
    findings = [Check("ok", "settings", f"a run makes {settings.max_images} pictures at most")]
    findings += await asyncio.to_thread(list, _models(settings))
    region = region_of(settings.tables)
    findings.append(await _place(settings.out, region))
    findings.append(await asyncio.to_thread(_ledger, settings))
    return findings


def _models(settings: Settings) -> Iterator[Check]:
    """What is wrong with any provider, then what each of those in use says of its models."""
    for name, error in registry.broken().items():
        yield Check("warning", name, str(error), error.hint)
    in_use: dict[str, dict[Role, ModelName]] = {}
    for role in _ROLES:
        name = str(getattr(settings, role))
        try:
            settings.require_models()
            model = _made(role, name, settings)
        except OnbriefError as error:
            yield Check("error", role, str(error), error.hint or "fix the name or the settings; `onbrief models` lists some")
            model = None
        else:
            if model.price is None:
                advice = "a limit in dollars (--max-usd) will be refused"
                yield Check("warning", role, f"the price of {name} is not known", advice)
        of_provider = in_use.setdefault(name.partition(":")[0], {})
        if model is not None:
            of_provider[role] = ModelName.parse(name, role)
    for word, models in in_use.items():
        yield from _provider(word, models, settings)


def _made(role: Role, name: str, settings: Settings) -> Model:
    makers: dict[str, Callable[[], Model]] = {
        "image_model": lambda: registry.image_model(name, settings.tables),
        "judge": lambda: registry.judge(name, settings.tables),
        "reviser": lambda: registry.reviser(name, settings.tables),
    }
    return makers[role]()


def _provider(word: str, models: Mapping[Role, ModelName], settings: Settings) -> Iterator[Check]:
    """What a provider says; nothing of one that is not there or lacks what it requires, which is in its models' lines."""
    try:
        found = registry.provider(word)
        if found is None or found.missing:
            return
        values = found.values(settings.tables.get(found.name, {}))
    except ConfigError:
        return
    yield from found.check(models, values)


async def _place(out: str, region: str | None) -> Check:
    """Whether pictures can be written. A folder that is not there is not made for this."""
    from onbrief.store import is_bucket, open_store

    if not is_bucket(out) and (missing := await asyncio.to_thread(_missing, Path(out))):
        return missing
    try:
        store = await asyncio.to_thread(open_store, out, region)
        await store.require_writable()
        await store.require_room()
    except OnbriefError as error:
        return Check("error", "out", str(error), error.hint or "check that it exists, its region, and that you may write there")
    return Check("ok", "out", f"{out} can be written")


def _missing(folder: Path) -> Check | None:
    """The finding for a folder that is not there yet."""
    if folder.exists():
        return None
    above = next(parent for parent in folder.absolute().parents if parent.exists())
    if above.is_dir() and os.access(above, os.W_OK | os.X_OK):
        return Check("ok", "out", f"{folder} will be made")
    return Check("error", "out", f"{folder} cannot be made in {above}", "give another folder with --out")


def _ledger(settings: Settings) -> Check:
    """Whether the ledger can be read."""
    from onbrief.pursuit import LEDGER_FILE, Workspace
    from onbrief.store import is_bucket

    out = settings.out
    if not is_bucket(out) and not Path(out, LEDGER_FILE).is_file():
        return Check("ok", "ledger", f"{Path(out, LEDGER_FILE)} will be made")
    try:
        with Workspace.existing(settings) as workspace:
            runs = workspace.ledger.runs()
    except Unlisted as error:
        return Check("warning", "ledger", str(error), "without it, an interrupted run is found by its id only")
    except OnbriefError as error:
        return Check("error", "ledger", str(error), error.hint or "move it away, or give another place with --out")
    return Check("ok", "ledger", f"{len(runs)} runs are recorded")
