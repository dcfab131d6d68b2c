"""Streamed answers of Claude: their events, and the two encodings for them, AWS event streams and server-sent events."""

from __future__ import annotations

import base64
import json
import re
import struct
import zlib
from collections.abc import Iterable, Iterator

EVENT_STREAM = "application/vnd.amazon.eventstream"
SERVER_SENT = "text/event-stream; charset=utf-8"

_PIECE = re.compile(r"(?:\S+\s*){1,4}|\s+")
_STRING = 7  # the type of a header's value

Event = tuple[str, dict[str, object]]
"""The type of an event, and its document."""


def of_message(message: dict[str, object], latency: float) -> Iterator[Event]:
    """Yield the events of an answer in the format of the Messages API; `latency` is in seconds."""
    usage = _object(message["usage"])
    begun: dict[str, object] = {
        **message,
        "content": list[object](),
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {**usage, "output_tokens": 1},
    }
    yield _typed("message_start", message=begun)
    for index, block in enumerate(_objects(message["content"])):
        used = block["type"] == "tool_use"
        empty: dict[str, object] = {"input": dict[str, object]()} if used else {"text": ""}
        yield _typed("content_block_start", index=index, content_block=block | empty)
        for piece in _pieces(block):
            delta = {"type": "input_json_delta", "partial_json": piece} if used else {"type": "text_delta", "text": piece}
            yield _typed("content_block_delta", index=index, delta=delta)
        yield _typed("content_block_stop", index=index)
    ended = {name: message[name] for name in ("stop_reason", "stop_sequence")}
    yield _typed("message_delta", delta=ended, usage={"output_tokens": usage["output_tokens"]})
    milliseconds = round(latency * 1000)
    metrics = {
        "inputTokenCount": usage["input_tokens"],
        "outputTokenCount": usage["output_tokens"],
        "invocationLatency": milliseconds,
        "firstByteLatency": milliseconds,
    }
    yield _typed("message_stop", **{"amazon-bedrock-invocationMetrics": metrics})


def of_converse(reply: dict[str, object]) -> Iterator[Event]:
    """Yield the events of an answer in the format of Converse."""
    message = _object(_object(reply["output"])["message"])
    yield "messageStart", {"role": message["role"]}
    for index, block in enumerate(_objects(message["content"])):
        use = _object(block.get("toolUse", {}))
        if use:
            start = {"toolUse": {name: use[name] for name in ("toolUseId", "name")}}
            yield "contentBlockStart", {"start": start, "contentBlockIndex": index}
        for piece in _pieces(use or block):
            delta = {"toolUse": {"input": piece}} if use else {"text": piece}
            yield "contentBlockDelta", {"delta": delta, "contentBlockIndex": index}
        yield "contentBlockStop", {"contentBlockIndex": index}
    yield "messageStop", {"stopReason": reply["stopReason"]}
    yield "metadata", {"usage": reply["usage"], "metrics": reply["metrics"]}


def as_chunks(events: Iterable[Event]) -> Iterator[bytes]:
    """Yield events as InvokeModelWithResponseStream sends them: in base64, in messages of the type `chunk`."""
    for _, document in events:
        yield _message("chunk", {"bytes": base64.b64encode(_json(document)).decode()})


def as_messages(events: Iterable[Event]) -> Iterator[bytes]:
    """Yield events as ConverseStream sends them: each in a message of its type."""
    for kind, document in events:
        yield _message(kind, document)


def as_server_sent(events: Iterable[Event]) -> Iterator[bytes]:
    """Yield events as the Messages API sends them."""
    for kind, document in events:
        yield f"event: {kind}\ndata: ".encode() + _json(document) + b"\n\n"


def _typed(kind: str, **fields: object) -> Event:
    return kind, {"type": kind, **fields}


def _pieces(block: dict[str, object]) -> list[str]:
    """Return the text of a block, or the arguments of a tool as JSON, in pieces of a few words."""
    text = json.dumps(block["input"], ensure_ascii=False) if "input" in block else str(block["text"])
    return _PIECE.findall(text)


def _message(kind: str, document: dict[str, object]) -> bytes:
    """Return a message of an AWS event stream: lengths, headers and payload, each part with its checksum."""
    headers = b"".join(
        struct.pack("!B", len(name)) + name + struct.pack("!BH", _STRING, len(value)) + value
        for name, value in (
            (b":event-type", kind.encode()),
            (b":content-type", b"application/json"),
            (b":message-type", b"event"),
        )
    )
    payload = _json(document)
    prelude = struct.pack("!II", 16 + len(headers) + len(payload), len(headers))
    begun = prelude + struct.pack("!I", zlib.crc32(prelude)) + headers + payload
    return begun + struct.pack("!I", zlib.crc32(begun))


def _json(document: dict[str, object]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _object(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return value  # pyright: ignore[reportUnknownVariableType]


def _objects(value: object) -> list[dict[str, object]]:
    assert isinstance(value, list)
    return value  # pyright: ignore[reportUnknownVariableType]
