"""The envelopes in which services of AWS deliver events: SQS, SNS, EventBridge and S3, one in another too.

    SQS ─┬─ a message                  S3 ─► a brief that was put into a bucket
         ├─ SNS ─► a message, or S3    EventBridge ─► its detail, or S3's "Object Created"
         ├─ EventBridge
         └─ S3

Each record has a run id that is made of what stays the same when AWS delivers it again: the id of the innermost message, or the
place and the content of an object. So a second delivery is the same run, whichever way it comes.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal, cast
from urllib.parse import unquote_plus

from onbrief.errors import UsageError

Source = Literal["SQS", "SNS", "EventBridge", "S3"]
Fields = Mapping[str, object]

_DEPTH = 4  # of envelopes in envelopes: S3 in SNS in SQS is the deepest that AWS makes
_NAMES: Mapping[str, Source] = {"aws:sqs": "SQS", "aws:sns": "SNS", "aws:s3": "S3"}
_CREATED = "ObjectCreated:"
_LONGEST_STEM = 40  # characters of an object's name in a run id


@dataclass(frozen=True, slots=True)
class StoredBrief:
    """A brief that was put into a bucket. `keys` are those that it may have there, the likeliest first, and `etag` is that of
    its content; it is empty if the event lacks it. `size` is in bytes, None if unknown.
    """

    bucket: str
    keys: tuple[str, ...]
    etag: str
    region: str | None
    size: int | None

    @property
    def url(self) -> str:
        """The S3 URI of the brief."""
        return f"s3://{self.bucket}/{self.keys[0]}"


@dataclass(frozen=True, slots=True)
class Record:
    """One order in an envelope: the text of a message, the object of an event, or a brief in a bucket. `id` names it in the log
    and in errors. Of a message that only looks like an envelope, the content is what is wrong with it.
    """

    id: str
    run_id: str
    content: str | Fields | StoredBrief | UsageError


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """What AWS delivers again as one: a message of a queue, which may have several records, or the whole event. Items with the
    same `group` must be carried out in their order.
    """

    id: str
    records: tuple[Record, ...]
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """What one invocation brings."""

    source: Source
    items: tuple[Item, ...]

    @property
    def in_parts(self) -> bool:
        """Whether AWS can be asked to deliver some of the items again, rather than all of them."""
        return self.source == "SQS"


def envelope_of(event: object) -> Envelope | None:
    """Return the envelope of an event, or None if it is an event of another kind, such as a direct invocation.

    Raises:
        UsageError: it is an envelope that is not understood.
    """
    if not isinstance(event, dict):
        return None
    outer = cast("dict[str, object]", event)
    if _is_bridged(outer):
        records = tuple(_bridged(outer))
        return Envelope("EventBridge", (Item(_text(outer, "id"), records),))
    listed = _records(outer)
    if not listed:
        return None
    source = _source(listed[0])
    if source == "SQS":
        return Envelope(source, tuple(_item(record) for record in listed))
    records = tuple(found for record in listed for found in (_notified(record) if source == "SNS" else _stored(record)))
    return Envelope(source, (Item(source, records),))


def _records(outer: Fields) -> list[Fields]:
    """Return the records of an event as services send them; an empty list if it has none."""
    listed = outer.get("Records")
    if not isinstance(listed, list) or "prompt" in outer:
        return []
    return [cast("Fields", record) for record in cast("list[object]", listed) if isinstance(record, dict)]


def _source(record: Fields) -> Source:
    name = str(record.get("eventSource", record.get("EventSource", "")))
    if name not in _NAMES:
        raise UsageError.of("eventSource", name, " or ".join(_NAMES))
    return _NAMES[name]


def _item(message: Fields) -> Item:
    """Return a message of a queue. Only a FIFO queue promises an order: in others, a group only shares the queue fairly."""
    message_id = _text(message, "messageId")
    attributes = _fields(message, "attributes")
    fifo = str(message.get("eventSourceARN", "")).endswith(".fifo")
    group = str(attributes.get("MessageGroupId", "")) if fifo else None
    try:
        records = tuple(_opened(_text(message, "body"), message_id, "sqs"))
    except UsageError as error:  # the other messages are carried out all the same
        records = (Record(message_id, _run_id("sqs", message_id), error),)
    return Item(message_id, records, group)


def _notified(record: Fields) -> Iterator[Record]:
    notification = _fields(record, "Sns")
    yield from _opened(_text(notification, "Message"), _text(notification, "MessageId"), "sns")


def _opened(text: str, message_id: str, prefix: str, depth: int = 1) -> Iterator[Record]:
    """Yield the records of a message: those of the envelope in it, or itself."""
    inner = _envelope_in(text) if depth < _DEPTH else None
    if inner is None:
        yield Record(message_id, _run_id(prefix, message_id), text)
    elif inner.get("Type") == "Notification":
        yield from _opened(_text(inner, "Message"), _text(inner, "MessageId"), "sns", depth + 1)
    elif _is_bridged(inner):
        yield from _bridged(inner)
    else:
        for record in _records(inner):
            yield from _stored(record)


def _envelope_in(text: str) -> Fields | None:
    """Return the envelope that is the text of a message, or None if it is none. S3 sends a test message without records."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    inner = cast("dict[str, object]", document)
    notification = inner.get("Type") == "Notification" and {"Message", "MessageId", "TopicArn"} <= inner.keys()
    stored = any(record.get("eventSource") == "aws:s3" for record in _records(inner))
    test = inner.get("Event") == "s3:TestEvent"
    return inner if notification or stored or test or _is_bridged(inner) else None


def _is_bridged(outer: Fields) -> bool:
    return {"detail-type", "source", "detail", "id"} <= outer.keys()


def _bridged(event: Fields) -> Iterator[Record]:
    """Yield the record of an event of EventBridge. Of those of S3, only new objects have one."""
    event_id, detail = _text(event, "id"), event["detail"]
    if event.get("source") != "aws.s3":
        yield Record(event_id, _run_id("eventbridge", event_id), cast("Fields", detail) if isinstance(detail, dict) else {})
    elif event.get("detail-type") == "Object Created" and isinstance(detail, dict):
        # AWS does not say whether these keys are encoded, and readers differ: both are tried.
        about = cast("Fields", detail)
        yield from _brief(about, _fields(about, "object"), event.get("region"), decoded=False)


def _stored(record: Fields) -> Iterator[Record]:
    """Yield the record of an object that was created, or nothing for what else may happen to objects."""
    if str(record.get("eventName", "")).removeprefix("s3:").startswith(_CREATED):
        stored = _fields(record, "s3")
        yield from _brief(stored, _fields(stored, "object"), record.get("awsRegion"), decoded=True)


def _brief(about: Fields, stored: Fields, region: object, *, decoded: bool) -> Iterator[Record]:
    bucket, raw = _text(_fields(about, "bucket"), "name"), _text(stored, "key")
    keys = (unquote_plus(raw),) if decoded else tuple(dict.fromkeys((raw, unquote_plus(raw))))
    etag, size = str(stored.get("etag", stored.get("eTag", ""))).strip('"'), stored.get("size")
    brief = StoredBrief(
        bucket, keys, etag, region if isinstance(region, str) else None, size if isinstance(size, int) else None
    )
    state = etag or stored.get("version-id") or stored.get("versionId") or stored.get("sequencer")
    digest = hashlib.sha256(json.dumps([bucket, keys[0], state]).encode()).hexdigest()[:16]
    stem = _plain(PurePosixPath(keys[0]).stem)[:_LONGEST_STEM].strip("-") or "brief"
    yield Record(brief.url, f"{stem}-{digest}", brief)


def _run_id(prefix: str, message_id: str) -> str:
    """Return the run id for the id of a message: that id itself if it is like those of AWS, else its hash."""
    plain = _plain(message_id)
    return f"{prefix}-{plain if plain == message_id else hashlib.sha256(message_id.encode()).hexdigest()[:32]}"[:64]


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _fields(outer: object, name: str) -> Fields:
    value = cast("Fields", outer).get(name)
    if not isinstance(value, dict):
        raise UsageError.of(name, value, "an object, as AWS sends it")
    return cast("Fields", value)


def _text(outer: Fields, name: str) -> str:
    value = outer.get(name)
    if not isinstance(value, str):
        raise UsageError.of(name, value, "a text, as AWS sends it")
    return value
