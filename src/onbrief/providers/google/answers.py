"""Read an answer of generateContent: its picture, what it cost, or why there is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from onbrief.errors import Blocked, Failed
from onbrief.ports import NO_TOKENS, Picture, hear
from onbrief.providers.encoding import decoded
from onbrief.providers.google.catalogue import Rates, Usage
from onbrief.providers.http import short, speaks_of_content

_BLOCKING = frozenset(
    {
        *("SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "RECITATION", "MODEL_ARMOR", "JAILBREAK", "LANGUAGE"),
        *("IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"),
    }
)
"""The reasons that concern the content: the same request would end so again."""

_SHOWN = 300  # characters of a model's text that are quoted in errors


def picture(name: str, rates: Rates, document: Mapping[str, Any], warnings: tuple[str, ...]) -> Picture:
    """Return the picture in an answer.

    Raises:
        Blocked: a filter objects to the prompt or the picture.
        Failed: there is no picture for another reason.
    """
    usage = _usage(document)
    usd = rates.usd(usage) if usage else None
    tokens = usage.tokens if usage else NO_TOKENS
    hear(tokens=tokens.input + tokens.output)
    candidates = _objects(document.get("candidates"))
    candidate = candidates[0] if candidates else {}
    reason = str(_object(document.get("promptFeedback")).get("blockReason") or "")
    if reason:
        raise Blocked(f"{name}: the prompt is blocked: {short(reason)}", usd=usd, tokens=tokens)
    reason, about = str(candidate.get("finishReason") or ""), str(candidate.get("finishMessage") or "")
    parts = _objects(_object(candidate.get("content")).get("parts"))
    said = " ".join(part["text"] for part in parts if isinstance(part.get("text"), str) and not part.get("thought")).strip()
    stopped = short(": ".join(filter(None, (reason, about, said[:_SHOWN]))) or "no reason is given")
    if reason in _BLOCKING:
        raise Blocked(f"{name}: {stopped}", usd=usd, tokens=tokens)
    texts = list(_pictures(parts))
    if not texts:
        kind = Blocked if speaks_of_content(said) else Failed
        raise kind(f"{name} answered without a picture: {stopped}", usd=usd, tokens=tokens)
    try:
        data = decoded(texts[-1])
    except ValueError as error:
        message = f"{name} answered with a picture that is not valid base64: {error}"
        raise Failed(message, usd=usd, tokens=tokens) from error
    if len(texts) > 1:
        warnings += (f"{name} answered with {len(texts)} pictures: the last one is used",)
    facts = {fact: document[key] for fact, key in _FACTS.items() if isinstance(document.get(key), str)}
    return Picture(data, facts, warnings, usd)


_FACTS = {"request_id": "responseId", "model_version": "modelVersion"}


def _pictures(parts: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the pictures in base64. Drafts, which are thoughts, count only if there is nothing else: the last one is final."""
    found = [(part, _object(part.get("inlineData", part.get("inline_data"))).get("data")) for part in parts]
    pictures = [(bool(part.get("thought")), data) for part, data in found if isinstance(data, str) and data]
    final = [data for thought, data in pictures if not thought]
    yield from final or [data for _, data in pictures][-1:]


def _usage(document: Mapping[str, Any]) -> Usage | None:
    """Return the tokens that an answer counts, or None if it does not say. If it does not say either how many are those of a
    picture, all are.
    """
    about = _object(document.get("usageMetadata"))
    prompt, out = _count(about.get("promptTokenCount")), _count(about.get("candidatesTokenCount"))
    if not prompt:
        return None
    details = _objects(about.get("candidatesTokensDetails"))
    drawn = sum(_count(detail.get("tokenCount")) for detail in details if detail.get("modality") == "IMAGE") if details else out
    thoughts, tools = _count(about.get("thoughtsTokenCount")), _count(about.get("toolUsePromptTokenCount"))
    return Usage(prompt + tools, max(0, out - drawn) + thoughts, drawn)


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _object(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _objects(value: object) -> list[dict[str, Any]]:
    return list(filter(None, map(_object, cast("list[object]", value)))) if isinstance(value, list) else []
