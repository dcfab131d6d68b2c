"""The syntax of AWS region names."""

from __future__ import annotations

import re

from onbrief.errors import UsageError

_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]{1,2}")


def check_region(field: str, region: str) -> str:
    """Return the region, if it has the form of a region name.

    Raises:
        UsageError: it has another form.
    """
    if not _REGION.fullmatch(region):
        raise UsageError.of(field, region, "a region of AWS, such as us-west-2")
    return region
