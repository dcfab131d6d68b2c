"""What a server answers to a request for a picture: the picture or its address, its cost, and what else it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from onbrief.errors import Blocked, Failed
from onbrief.ports import Picture, hear
from onbrief.providers import wire
from onbrief.providers.encoding import decoded
from onbrief.providers.openai.catalogue import TokenPrices
from onbrief.providers.wire import Reply

_FACTS = ("revised_prompt", "quality", "size", "background", "output_format")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: the `item` of its picture, which is a `text` in base64, or a `url` until `data` has its bytes."""

    document: Mapping[str, Any]
    item: Mapping[str, Any]
    request_id: str = ""
    text: str = ""
    url: str = ""
    data: bytes = field(default=b"", repr=False)

    @classmethod
    def of(cls, reply: Reply) -> Answer:
        """Return the answer in a response.

        Raises:
            Unknown: it may be incomplete. Blocked, Failed: it has no picture.
        """
        document = reply.object()
        if document.get("error"):  # some gateways answer with status 200
            error = wire.outcome(replace(reply, status=0))
            raise error if isinstance(error, Blocked) else Failed(str(error))
        items: Any = document.get("data") or document.get("images")
        first: Any = cast("list[Any]", items)[0] if isinstance(items, list) and items else None
        item = cast("dict[str, Any]", first) if isinstance(first, dict) else {}
        text, url = _text(item, "b64_json"), _text(item, "url")
        if url.startswith("data:"):
            text, url = url, ""
        return cls(document, item, reply.headers.get("x-request-id", ""), text, "" if text else url)

    def with_data(self, data: bytes) -> Answer:
        """Return the answer with the bytes of its picture."""
        return replace(self, data=data)

    def picture(self, name: str, prices: TokenPrices | None, warnings: tuple[str, ...]) -> Picture:
        """Return the picture, with its cost if its model is paid for like this and the answer has its tokens.

        Raises:
            Failed: there is none, or it cannot be read.
        """
        usage = _fields(self.document.get("usage"))
        hear(tokens=(_count(usage, "input_tokens") or 0) + (_count(usage, "output_tokens") or 0))
        usd = None if prices is None else self.usd(prices)
        if not (self.text or self.data):
            raise Failed(f"{name} answered without a picture", usd=usd)
        try:
            data = self.data or decoded(self.text)
        except ValueError as error:
            raise Failed(f"{name} answered with a picture that is not valid base64: {error}", usd=usd) from error
        facts = {fact: text for fact in _FACTS if (text := _text({**self.document, **self.item}, fact))}
        return Picture(data, {"request_id": self.request_id, **facts}, warnings, usd)

    def usd(self, prices: TokenPrices) -> float | None:
        """Return the cost in US dollars, or None if the answer does not have its tokens."""
        usage = _fields(self.document.get("usage"))
        sent, drawn = _count(usage, "input_tokens"), _count(usage, "output_tokens")
        if sent is None or drawn is None:
            return None
        originals = _count(_fields(usage.get("input_tokens_details")), "image_tokens") or 0
        return prices.usd(max(0, sent - originals), originals, drawn)


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _fields(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _count(fields: Mapping[str, Any], name: str) -> int | None:
    value = fields.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
