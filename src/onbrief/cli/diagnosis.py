"""The checks of `onbrief doctor`, with one finding for each. They cost nothing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from onbrief import telemetry
from onbrief.config import load
from onbrief.errors import ConfigError, OnbriefError, Unlisted
from onbrief.ports import Check, Model, ModelName, Role
from onbrief.providers import registry
from onbrief.settings import Settings
from onbrief.store import region_of

_OTHERS: tuple[Role, ...] = ("judge", "reviser")


async def check(flags: Mapping[str, object]) -> list[Check]:
    """Return all findings, the most fundamental first."""
    try:
        settings, _ = load(flags)
    except OnbriefError as error:
        return [Check("error", "settings", str(error), "fix it; `onbrief config` shows where each setting comes from")]
    findings = [Check("ok", "settings", f"a run makes at most {settings.max_images} pictures")]
    findings += await asyncio.to_thread(list, _models(settings))
    region = region_of(settings.tables)
    findings.append(await _place(settings.out, region))
    findings.append(await asyncio.to_thread(_ledger, settings))
    findings.append(_ocr(settings))
    if settings.tables.get("detector"):
        findings.append(await asyncio.to_thread(_detector, settings))
    if traced := await asyncio.to_thread(telemetry.check):
        findings.append(traced)
    return findings


def _ocr(settings: Settings) -> Check:
    """Tell whether lettering is read on this machine."""
    from onbrief.pictures import ocr

    if settings.tables.get("ocr", {}).get("use") == "never":
        return Check("ok", "ocr", "lettering is not read here (ocr.use = never)")
    if not ocr.installed():
        return Check("ok", "ocr", f"lettering is read by the judge alone; with {ocr.EXTRA} it is read here too")
    return Check("ok", "ocr", "lettering of pictures that may pass is read here too")


def _detector(settings: Settings) -> Check:
    """Tell whether the detector can be used."""
    try:
        detector = settings.detector
    except OnbriefError as error:
        return Check(
            "error", "detector", str(error), error.hint or "fix the settings of [detector], or set detector.path empty"
        )
    if detector is None:
        return Check("ok", "detector", "nothing is counted here (detector.path is empty)")
    return Check("ok", "detector", f"{detector.name} counts things of {len(detector.names)} classes")


def _models(settings: Settings) -> Iterator[Check]:
    """Yield a warning for each provider that cannot be loaded, then what each provider in use finds about its models."""
    for name, error in registry.broken().items():
        yield Check("warning", name, str(error), error.hint)
    in_use: dict[tuple[str, int], dict[Role, ModelName]] = {}  # by provider, and by the place of an image model on the ladder
    drawing: list[tuple[Role, str]] = [("image_model", name) for name in settings.image_models]
    others: list[tuple[Role, str]] = [(role, str(getattr(settings, role))) for role in _OTHERS]
    for number, (role, name) in enumerate((*drawing, *others)):
        if not name and role != "image_model":  # its default depends on the image model, and none is set
            continue
        try:
            settings.require_models()
            model = _made(role, name, settings)
        except OnbriefError as error:
            yield Check("error", role, str(error), error.hint or "fix the name or the settings; `onbrief models` lists some")
            model = None
        else:
            if model.price is None:
                advice = "a limit in dollars (--max-usd) will be refused"
                yield Check("warning", role, f"the price of {name} is unknown", advice)
        covering = _covering(name.partition(":")[0], role)
        of_provider = in_use.setdefault((covering, number if role == "image_model" else 0), {})
        if model is not None:
            of_provider[role] = ModelName.parse(name, role)
    for (word, _), models in in_use.items():
        yield from _provider(word, models, settings)


def _covering(word: str, role: Role) -> str:
    """Return the name of the provider whose model this is in this role, or the word itself if there is none."""
    try:
        found = registry.provider(word, role)
    except ConfigError:
        return word
    return found.name if found else word


def _made(role: Role, name: str, settings: Settings) -> Model:
    makers: dict[str, Callable[[], Model]] = {
        "image_model": lambda: registry.image_model(name, settings.tables),
        "judge": lambda: registry.judge(name, settings.tables),
        "reviser": lambda: registry.reviser(name, settings.tables),
    }
    return makers[role]()


def _provider(word: str, models: Mapping[Role, ModelName], settings: Settings) -> Iterator[Check]:
    """Yield the findings of a provider; none if it is missing or lacks a requirement, as its models' findings say so."""
    try:
        found = registry.provider(word)
        if found is None or found.missing:
            return
        values = found.values(settings.tables.get(found.name, {}))
    except ConfigError:
        return
    yield from found.check(models, values)


async def _place(out: str, region: str | None) -> Check:
    """Check that pictures can be written. Do not create a missing folder."""
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
    """Return the finding for a folder that does not exist yet, or None if it exists."""
    if folder.exists():
        return None
    above = next(parent for parent in folder.absolute().parents if parent.exists())
    if above.is_dir() and os.access(above, os.W_OK | os.X_OK):
        return Check("ok", "out", f"{folder} will be created")
    return Check("error", "out", f"{folder} cannot be created in {above}", "choose another folder with --out")


def _ledger(settings: Settings) -> Check:
    """Check that the ledger can be read."""
    from onbrief.pursuit import Workspace, future_ledger

    try:
        if future := future_ledger(settings):
            return Check("ok", "ledger", f"{future} will be created")
        with Workspace.existing(settings) as workspace:
            runs = workspace.ledger.runs()
    except Unlisted as error:
        return Check("warning", "ledger", str(error), "without it, an interrupted run can only be found by its id")
    except OnbriefError as error:
        return Check("error", "ledger", str(error), error.hint or "move it away, or choose another place with --out")
    if broken := [run for run in runs if run.broken]:
        return Check("error", "ledger", broken[0].broken, f"{len(broken)} of {len(runs)} runs cannot be read; see onbrief list")
    return Check("ok", "ledger", f"{len(runs)} runs are recorded")
