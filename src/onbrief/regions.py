"""Regions of AWS, as far as they can be told from other words."""

from __future__ import annotations

import re

from onbrief.errors import UsageError

_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]{1,2}")


def check_region(field: str, region: str) -> str:
    """The region, if it can be one.

    Raises:
        UsageError: it cannot.
    """
    if not _REGION.fullmatch(region):
        raise UsageError.of(field, region, "a region of AWS, such as us-west-2")
    return region
