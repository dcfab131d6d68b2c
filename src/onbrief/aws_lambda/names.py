"""The names of an event's fields: in the errors of what an event starts, and for those who misspell them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

_FIELDS = {
    "judge": "judge_model",
    "reviser": "reviser_model",
    "out": "output_s3_bucket_name",
    "run id": "run_id",
    "run-id": "run_id",
    "seed": "sdxl_seed",
    "size": "sdxl_width and sdxl_height",
    "brief.text": "prompt",
    "brief.avoid": "avoid and negative_prompt",
    "brief.requirements": "requirements and avoid",
    "requirement": "requirements",
    "parents of": "requirements: parents of",
    "max-usd": "max_usd",
}
"""The names of settings, parts of a brief and flags, and the fields of an event that say the same."""

_SYNONYMS = {
    "text": "prompt",
    "brief": "prompt",
    "description": "prompt",
    "budget": "max_usd",
    "max_cost": "max_usd",
    "size": "sdxl_width and sdxl_height",
    "aspect_ratio": "sdxl_width and sdxl_height",
    "max_images": "max_retry_attempts and max_prompt_revisions",
    "validation_model": "judge_model",
    "revision_model": "reviser_model",
}
_MOST_SUGGESTED = 3
_IN_FIELD = re.compile("|".join(rf"(?<![\w.]){re.escape(name)}(?!\w)" for name in sorted(_FIELDS, key=len, reverse=True)))
_FLAG = re.compile(r"--([a-z][a-z-]+)")


def in_words_of_events(message: str) -> str:
    """Return the message of an error with the names of the event's fields for those of settings and flags."""
    field, colon, rest = message.partition(": ")
    if colon:
        field = _IN_FIELD.sub(lambda found: _FIELDS[found[0]], field)
    return _FLAG.sub(lambda found: _FIELDS.get(found[1], found[0]), field + colon + rest)


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return "did you mean …?" for a name that is none of the `known` ones; empty if nothing is similar.

    Names of other functions' events have the same words in another style, fewer of them, or more.
    """
    known = list(known)
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().replace("-", "_").replace(" ", "_")
    words = set(plain.split("_"))
    found = [plain] if plain in known else []
    found = found or [said for said in [_SYNONYMS.get(plain)] if said and said.split()[0] in known]
    found = found or [other for other in known if words <= set(other.split("_"))]
    found = found or difflib.get_close_matches(plain, known, 1, 0.75)
    found = found or [other for other in known if set(other.split("_")) <= words]
    found = found or difflib.get_close_matches(plain, known, _MOST_SUGGESTED, 0.6)
    return f"did you mean {' or '.join(found[:_MOST_SUGGESTED])}?" if found else ""
