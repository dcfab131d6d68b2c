"""Puts an answer into the form that the client wants: a tool call, JSON, or a continuation of text that the client began."""

from __future__ import annotations

import json
from typing import cast

from onbrief_sandbox.server.conversation import Answer, Conversation, Tool
from onbrief_sandbox.server.mind import schemas

Document = dict[str, object]


def fitted(conversation: Conversation, document: Document) -> Answer | None:
    """Return the document as a call of a matching tool, as JSON for a matching schema, or as plain JSON; None if nothing
    matches.
    """
    for tool in offered(conversation):
        if (arguments := _wrapped(document, tool.schema)) is not None:
            return Answer(tool=tool.name, arguments=arguments)
    if conversation.forced:
        return None
    if conversation.schema is not None:
        wrapped = _wrapped(document, conversation.schema)
        return None if wrapped is None else Answer(text=_json(wrapped))
    return Answer(text=continued(conversation, document))


def nothing(conversation: Conversation, text: str) -> Answer:
    """Return the answer to a request that was not understood, in the form that the client requires."""
    tools = offered(conversation)
    if conversation.forced and tools:
        return Answer(tool=tools[0].name, arguments=cast("Document", schemas.least(_object(tools[0].schema))))
    if conversation.schema is not None:
        return Answer(text=_json(schemas.least(_object(conversation.schema))))
    return Answer(text=text)


def offered(conversation: Conversation) -> tuple[Tool, ...]:
    """Return the tools that may be used."""
    if conversation.forced in (None, "*"):
        return conversation.tools
    return tuple(tool for tool in conversation.tools if tool.name == conversation.forced)


def continued(conversation: Conversation, document: Document) -> str:
    """Return the document as JSON; if the client prefilled its beginning as the assistant, return the rest."""
    last = conversation.turns[-1] if conversation.turns else None
    if last is None or last.role != "assistant" or not last.text.strip():
        return _json(document)
    begun = last.text.rstrip()
    fence = "\n```" if "```" in begun and begun.count("```") % 2 else ""
    start = begun.find("{")
    if start < 0:
        return ("\n" if fence else "") + _json(document) + fence
    rest = _rest(begun[start:], _json(_ordered(document, begun[start:])))
    return (_json(document) if rest is None else rest) + fence


def _rest(begun: str, text: str) -> str | None:
    """Return the rest of `text` after the prefix `begun`, ignoring whitespace; None if it is not a prefix."""
    at = 0
    for character in begun:
        if character.isspace():
            continue
        while at < len(text) and text[at].isspace():
            at += 1
        if at == len(text) or text[at] != character:
            return None
        at += 1
    return text[at:]


def _ordered(document: Document, begun: str) -> Document:
    """Return the document with the fields in the order in which `begun` names them, and the others after them."""
    place = {name: begun.find(json.dumps(name, ensure_ascii=False)) for name in document}
    return {name: document[name] for name in sorted(document, key=lambda n: (place[n] < 0, place[n]))}


def _wrapped(document: Document, schema: schemas.Schema) -> Document | None:
    """Return the document if the schema accepts it, else wrapped in a single field if the schema accepts that, else None."""
    if schemas.fits(document, schema) and document.keys() & schemas.properties(schema).keys():
        return document
    for name, part in schemas.properties(schema).items():
        inner = schemas.properties(schemas.resolved(part, schema))
        if document.keys() & inner.keys() and schemas.fits({name: document}, schema):
            return {name: document}
    return None


def _object(schema: schemas.Schema) -> schemas.Schema:
    return schema or {"type": "object"}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
