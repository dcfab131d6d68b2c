"""Briefs that are put into a bucket: which objects are briefs, and the event that each of them stands for."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any, Final, cast

from obstore.exceptions import BaseError

from onbrief import intake
from onbrief.aws_lambda.sources import StoredBrief
from onbrief.documents import MAX_BYTES, decoded
from onbrief.errors import ConfigError, StoreError, UsageError
from onbrief.store import open_bucket
from onbrief.store.refusals import explain, is_denied, is_missing

_OWN: Final = re.compile(r"(.*/)?(\.[^/]*(/.*)?|(run|labels|summary)\.json|calls/[^/]*)")
"""The keys of what runs and batches write. Their pictures, tables and pages have other endings than briefs."""

_PARSERS: Final[Mapping[str, Callable[[str], object]]] = {
    ".txt": lambda text: {"prompt": text.strip()},
    ".md": lambda text: {"prompt": text.strip()},
    ".json": json.loads,
    ".toml": tomllib.loads,
}


def is_brief(stored: StoredBrief) -> bool:
    """Return whether an object is a brief by its name: one that a run writes itself never is, so that none starts another."""
    return all(PurePosixPath(key).suffix.lower() in _PARSERS and not _OWN.fullmatch(key) for key in stored.keys)


def document_in(stored: StoredBrief) -> dict[str, Any] | None:
    """Return the fields of the event that a brief stands for; None if it has been deleted or replaced since, as there is an
    event for the object that replaces it. Blocks.

    Raises:
        UsageError: it is too long, or broken.
        ConfigError: it may not be read, or there is no such bucket.
        StoreError: it cannot be read.
    """
    if stored.size is not None and stored.size > MAX_BYTES:
        raise UsageError(f"{stored.url} cannot be read: it has more than {MAX_BYTES} bytes")
    data = _read(stored)
    return None if data is None else _fields(decoded(data, stored.url), stored)


def _read(stored: StoredBrief) -> bytes | None:
    objects, refusal = open_bucket(f"s3://{stored.bucket}", stored.region).objects, None
    for key in stored.keys:
        try:
            found = objects.versioned(key)
        except (OSError, BaseError) as error:
            settled = is_denied(error) or is_missing(error)
            refusal = (ConfigError if settled else StoreError)(f"{stored.url} cannot be read: {explain(error)}")
            continue
        if found:
            now = found[1].get("e_tag", "").strip('"')
            return found[0] if not stored.etag or now == stored.etag else None
    if refusal:
        raise refusal
    return None


def _fields(text: str, stored: StoredBrief) -> dict[str, Any]:
    """Return the fields in the text of a brief: those of an event, or of a brief's file."""
    ending = PurePosixPath(stored.keys[0]).suffix.lower()
    try:
        document = _PARSERS[ending](text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{stored.url} is not valid {ending[1:].upper()}: {error}") from error
    if not isinstance(document, dict):
        raise UsageError.of(stored.url, document, "an object with the fields of an event or of a brief")
    fields = cast("dict[str, Any]", document)
    if "text" not in fields or "prompt" in fields:
        return fields
    try:
        size = intake.take_size(fields, stored.url)
    except UsageError as error:
        raise UsageError(f"{stored.url}: {error}") from error
    sides = {"sdxl_width": size[0], "sdxl_height": size[1]} if isinstance(size, list | tuple) and len(size) == 2 else {}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return {"prompt": fields.pop("text"), **fields, **sides}
