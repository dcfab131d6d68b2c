"""Read catalogue.toml beside this file: Bedrock's image models, editing services and Claude models."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from onbrief.providers.catalogue import (
    Catalogue,
    Change,
    EditingFacts,
    ImageModelFacts,
    LanguageModelFacts,
    language_model_facts,
    tuples,
)

_CATALOGUE = Catalogue("onbrief.providers.bedrock")
_ARN = re.compile(r"arn:aws(?:-[a-z]+)*:bedrock:([a-z0-9-]+):(?:[0-9]{12})?:(?:foundation-model|inference-profile)/")
_PROFILE = re.compile(r"(?:global|us|eu|jp|au|apac)\.")


def image_models() -> Mapping[str, ImageModelFacts]:
    """Return all image models by id, the active ones first."""
    return _CATALOGUE.image_models


@cache
def language_models() -> Mapping[str, LanguageModelFacts]:
    """Return all language models by id without a prefix, the newest first."""
    return {
        identifier: language_model_facts(identifier, table)
        for identifier, table in _CATALOGUE.document["language_models"].items()
    }


def lifecycle_note(identifier: str) -> str:
    """Return the state of a model, by id, inference profile or ARN, and its date; empty if it is not in the catalogue."""
    plain = parse_model_id(identifier)[0]
    facts = image_models().get(plain) or language_models().get(plain)
    return f"{facts.state} as of {as_of()}" if facts else ""


def as_of() -> str:
    """Return the month of the catalogue's data."""
    return _CATALOGUE.as_of


@cache
def editing_services() -> Mapping[Change, EditingFacts]:
    """Return the editing services by the kind of change."""
    return {change: EditingFacts(**tuples(table)) for change, table in _CATALOGUE.document["editing"].items()}


def option_names() -> frozenset[str]:
    """Return the names of all options of all image models."""
    return _CATALOGUE.option_names


def parse_model_id(identifier: str) -> tuple[str, str]:
    """Return the plain id of an id, an inference profile or the ARN of either, and the region in an ARN, else ""."""
    arn = _ARN.match(identifier)
    plain = identifier[arn.end() :] if arn else identifier
    return _PROFILE.sub("", plain, count=1), arn[1] if arn else ""
