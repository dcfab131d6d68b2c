"""What `onbrief doctor` looks at, one finding for each thing. It pays for nothing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, cast

from onbrief.config import Settings, load
from onbrief.errors import ConfigError, OnbriefError, Unlisted
from onbrief.ports import Model

State = Literal["ok", "warning", "error"]
_ROLES = ("image_model", "judge", "reviser")


@dataclass(frozen=True, slots=True)
class Checked:
    """One finding. `about` is what was looked at, `advice` what to do about it."""

    state: State
    about: str
    told: str
    advice: str = ""


async def check(flags: Mapping[str, object]) -> list[Checked]:
    """All findings, in the order in which they matter."""
    try:
        settings, _ = load(flags)
    except OnbriefError as error:
        return [Checked("error", "settings", str(error), "mend it; `onbrief config` shows where each setting comes from")]
    findings = [Checked("ok", "settings", f"a run makes {settings.max_images} pictures at most")]
    if any(_provider(name) == "bedrock" for name in _names(settings).values()) or settings.out.startswith("s3://"):
        findings += await asyncio.to_thread(list, _aws(settings))
    for role, name in _names(settings).items():
        findings += await asyncio.to_thread(list, _model(role, name, settings))
    findings.append(await _place(settings.out, settings.bucket_region))
    findings.append(await asyncio.to_thread(_ledger, settings.out, settings.bucket_region))
    return findings


def _names(settings: Settings) -> dict[str, str]:
    return {role: str(getattr(settings, role)) for role in _ROLES}


def _provider(name: str) -> str:
    return name.partition(":")[0]


def _region(settings: Settings, role: str) -> str | None:
    """Where a role's models are asked: pictures have a region of their own."""
    if role == "image_model":
        return settings.image_region
    return settings.judge_region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")


def _aws(settings: Settings) -> Iterator[Checked]:
    """Credentials and regions."""
    if find_spec("boto3") is None:
        yield Checked("error", "credentials", "boto3 is not installed", 'pip install "onbrief[aws]"')
        return
    from boto3.session import Session
    from botocore.exceptions import BotoCoreError

    try:
        session = cast("Any", Session())  # boto3-stubs is no dependency: nothing of it has types
        found = session.get_credentials()
    except BotoCoreError as error:
        yield Checked("error", "credentials", str(error), "check AWS_PROFILE, or get new ones with `aws sso login`")
        return
    if found is None:
        yield Checked("error", "credentials", "none were found", "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and its secret")
    else:
        yield Checked("ok", "credentials", f"found in {found.method}")
    region = _region(settings, "judge") or session.region_name
    if region:
        yield Checked("ok", "region", f"{region}; pictures are made in {settings.image_region}")
    else:
        yield Checked("error", "region", "none is set", "set AWS_REGION, such as us-west-2")


def _model(role: str, name: str, settings: Settings) -> Iterator[Checked]:
    """Whether it can be made, what it costs, and where it stands."""
    from onbrief.providers import registry

    makers: dict[str, Callable[[], Model]] = {
        "image_model": lambda: registry.image_model(name, settings.image_region),
        "judge": lambda: registry.judge(name, settings.judge_region),
        "reviser": lambda: registry.reviser(name, settings.judge_region),
    }
    try:
        model = makers[role]()
    except OnbriefError as error:
        yield Checked("error", role, str(error), error.hint or "mend the name or the settings; `onbrief models` lists some")
        return
    if model.price is None:
        yield Checked("warning", role, f"the price of {name} is not known", "a limit in dollars (--max-usd) will be refused")
    if _provider(name) != "bedrock":
        yield Checked("ok", role, name)
        return
    yield from _standing(role, name, model.name.partition(":")[2].partition("?")[0], _region(settings, role))


def _standing(role: str, name: str, id_: str, region: str | None) -> Iterator[Checked]:
    """Where a model of Bedrock stands: as Bedrock says, or where it cannot be asked, as the catalogue has it."""
    from onbrief.providers.bedrock.availability import standing
    from onbrief.providers.bedrock.catalogue import lifecycle_note

    known = f", {said}" if (said := lifecycle_note(id_)) else ""
    stand_in = os.environ.get("AWS_ENDPOINT_URL_BEDROCK_RUNTIME")
    if stand_in and not (os.environ.get("AWS_ENDPOINT_URL_BEDROCK") or os.environ.get("AWS_ENDPOINT_URL")):
        yield Checked("ok", role, f"{name}, by {stand_in} instead of Amazon Bedrock")
        return
    if region is None:
        yield Checked("error", role, f"{name}: there is no region to ask in", "set AWS_REGION, such as us-west-2")
        return
    try:
        at = standing(id_, region)
    except OnbriefError as error:
        advice = error.hint or "allow bedrock:ListFoundationModels and GetFoundationModelAvailability to have it checked"
        state = "error" if isinstance(error, ConfigError) and "AccessDenied" not in str(error) else "warning"
        yield Checked(state, role, f"{name}{known}; Bedrock could not be asked: {error}", advice)
        return
    if not at.status:
        yield Checked("error", role, f"{region} does not offer {name}{known}", "name another model or region")
    elif at.refused:
        advice = "have an administrator of the account subscribe to the model in the console of Bedrock"
        yield Checked("error", role, f"{name}: {', '.join(at.refused)}", advice)
    elif at.status == "ACTIVE":
        yield Checked("ok", role, f"{name}, active in {region}")
    else:
        until = f", there until {at.ends}" if at.ends else ""
        yield Checked("warning", role, f"{name} is {at.status.lower()}{until}", "move to an active model; see `onbrief models`")


async def _place(out: str, region: str | None) -> Checked:
    """Whether pictures can be written. A folder that is not there is not made for this."""
    from onbrief.store import is_bucket, open_store

    if not is_bucket(out) and (missing := await asyncio.to_thread(_missing, Path(out))):
        return missing
    try:
        store = await asyncio.to_thread(open_store, out, region)
        await store.require_writable()
        await store.require_room()
    except OnbriefError as error:
        return Checked(
            "error", "out", str(error), error.hint or "check that it exists, its region, and that you may write there"
        )
    return Checked("ok", "out", f"{out} can be written")


def _missing(folder: Path) -> Checked | None:
    """What there is to say of a folder that is not there yet."""
    if folder.exists():
        return None
    above = next(parent for parent in folder.absolute().parents if parent.exists())
    if above.is_dir() and os.access(above, os.W_OK | os.X_OK):
        return Checked("ok", "out", f"{folder} will be made")
    return Checked("error", "out", f"{folder} cannot be made in {above}", "give another folder with --out")


def _ledger(out: str, region: str | None) -> Checked:
    """Whether the ledger can be read."""
    from onbrief.pursuit import LEDGER_FILE, Workspace
    from onbrief.store import is_bucket

    if not is_bucket(out) and not Path(out, LEDGER_FILE).is_file():
        return Checked("ok", "ledger", f"{Path(out, LEDGER_FILE)} will be made")
    try:
        with open_ledger(out, region) as ledger:
            runs = ledger.runs()
    except Unlisted as error:
        return Checked("warning", "ledger", str(error), "without it, an interrupted run is found by its id only")
    except OnbriefError as error:
        return Checked("error", "ledger", str(error), error.hint or "move it away, or give another place with --out")
    return Checked("ok", "ledger", f"{len(runs)} runs are recorded")
