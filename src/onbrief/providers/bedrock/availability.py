"""Ask Bedrock about a model at no cost: whether a region offers it, until when, and whether this account may use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from onbrief.providers.bedrock.catalogue import parse_model_id
from onbrief.providers.bedrock.client import client
from onbrief.providers.bedrock.outcomes import classify

TIMEOUT = 10.0  # seconds for each of the two calls


@dataclass(frozen=True, slots=True)
class Availability:
    """The availability of a model. `status` is that of Bedrock, ACTIVE or LEGACY, or empty if the region does not offer the
    model. `ends` is the end-of-life date as YYYY-MM-DD, or empty. `refused` lists what the account lacks.
    """

    status: str
    ends: str = ""
    refused: tuple[str, ...] = ()


def standing(model: str, region: str) -> Availability:
    """Return the availability in a region of the model of an id, an inference profile or the ARN of either. Costs nothing.

    Raises:
        CallError, ConfigError: Bedrock could not be asked.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    from onbrief.providers.bedrock.connections import in_time

    plain, of_arn = parse_model_id(model)
    bedrock = client("bedrock", of_arn or region, TIMEOUT)
    try:
        listed = cast("list[dict[str, Any]]", in_time(bedrock.list_foundation_models, TIMEOUT)["modelSummaries"])
        cycle = next((one.get("modelLifecycle", {}) for one in listed if one["modelId"] == plain), None)
        if cycle is None:
            return Availability("")
        asked = partial(bedrock.get_foundation_model_availability, modelId=plain)
        may = cast("Mapping[str, Any]", in_time(asked, TIMEOUT))
    except (BotoCoreError, ClientError, OSError) as error:
        raise classify(error) from error
    finally:
        bedrock.close()
    statuses = {
        "authorization": may.get("authorizationStatus"),
        "entitlement": may.get("entitlementAvailability"),
        "agreement": may.get("agreementAvailability", {}).get("status"),
        "region": may.get("regionAvailability"),
    }
    refused = tuple(f"{name} {word}" for name, word in statuses.items() if word not in {"AUTHORIZED", "AVAILABLE", None})
    ends = cycle.get("endOfLifeTime")
    return Availability(str(cycle.get("status", "ACTIVE")), f"{ends:%Y-%m-%d}" if ends else "", refused)
