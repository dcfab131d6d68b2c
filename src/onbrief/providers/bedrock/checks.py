"""The checks of `onbrief doctor` for Bedrock: credentials, regions and each model's availability. They cost nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, cast

from onbrief.errors import ConfigError, OnbriefError
from onbrief.ports import Check, ModelName, Role, Values
from onbrief.providers.bedrock import CLAUDE
from onbrief.providers.bedrock.availability import standing
from onbrief.providers.bedrock.catalogue import lifecycle_note
from onbrief.providers.bedrock.client import stand_in
from onbrief.providers.bedrock.invocation_log import RIGHTS, place_of


def check(models: Mapping[Role, ModelName], values: Values) -> Iterator[Check]:
    """Yield the findings on credentials and regions, then on each model, and whether lost pictures can be found."""
    yield from _account(values)
    for role, name in models.items():
        region = _region(role, name, values)
        yield from _model(role, name, region)
        if role == "image_model" and region and not stand_in():
            yield _log(region)


def _log(region: str) -> Check:
    """Return the finding on the log in which lost pictures are found."""
    about, lost = "lost pictures", "a picture whose answer is lost stays unknown"
    try:
        place = place_of(region)
    except OnbriefError as error:
        advice = f"to find lost pictures in the log, allow {RIGHTS}"
        return Check("warning", about, f"{lost}: whether Bedrock logs invocations could not be asked: {error}", advice)
    turn_on = "turn on model invocation logging to S3, with images, in the settings of Bedrock; see docs/recovery.md"
    if place is None:
        return Check("ok", about, f"{lost}: Bedrock's log of invocations to S3 is off in {region}", turn_on)
    if not place.pictures:
        return Check("warning", about, f"{lost}: Bedrock's log in {place.url} has no images", turn_on)
    return Check(
        "ok", about, f"are looked for in Bedrock's log in {place.url}; this needs s3:ListBucket and s3:GetObject there"
    )


def _region(role: Role, name: ModelName, values: Values) -> str | None:
    """Return the region of a model; image models have a separate setting."""
    if "region" in name.options:
        return name.options["region"]
    if role in ("image_model", "editor"):
        return values["image_region"]
    return values.get("region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")


def _account(values: Values) -> Iterator[Check]:
    """Yield the findings on credentials and regions."""
    from boto3.session import Session
    from botocore.exceptions import BotoCoreError

    try:
        session = cast("Any", Session())  # boto3 has no types: boto3-stubs is not a dependency
        found = session.get_credentials()
    except BotoCoreError as error:
        yield Check("error", "credentials", str(error), "check AWS_PROFILE, or get new ones with `aws sso login`")
        return
    if found is None:
        yield Check("error", "credentials", "none were found", "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and its secret")
    else:
        yield Check("ok", "credentials", f"found in {found.method}")
    region = values.get("region") or os.environ.get("AWS_REGION") or session.region_name
    if region:
        yield Check("ok", "region", f"{region}; pictures are made in {values['image_region']}")
    else:
        yield Check("error", "region", "none is set", "set AWS_REGION, such as us-west-2")


def _model(role: Role, name: ModelName, region: str | None) -> Iterator[Check]:
    """Yield the finding on a model: its availability from Bedrock, or else its state in the catalogue."""
    model = name.model or CLAUDE
    known = f", {note}" if (note := lifecycle_note(model)) else ""
    if address := stand_in():
        yield Check("ok", role, f"{name}, by {address} instead of Amazon Bedrock")
        return
    if region is None:
        yield Check("error", role, f"{name}: no region is set", "set AWS_REGION, such as us-west-2")
        return
    try:
        at = standing(model, region)
    except OnbriefError as error:
        advice = error.hint or "allow bedrock:ListFoundationModels and GetFoundationModelAvailability so that it can be checked"
        state = "error" if isinstance(error, ConfigError) and "AccessDenied" not in str(error) else "warning"
        yield Check(state, role, f"{name}{known}; Bedrock could not be asked: {error}", advice)
        return
    if not at.status:
        missing = f"{region} does not offer {name}{known}"
        yield Check("error", role, missing, "name another model or region", hopeless=at.hopeless)
    elif at.refused:
        advice = "have an administrator of the account subscribe to the model in the console of Bedrock"
        yield Check("error", role, f"{name}: {', '.join(at.refused)}", advice, hopeless=at.hopeless)
    elif at.status == "ACTIVE":
        yield Check("ok", role, f"{name}, active in {region}")
    else:
        until = f", available until {at.ends}" if at.ends else ""
        yield Check("warning", role, f"{name} is {at.status.lower()}{until}", "move to an active model; see `onbrief models`")
