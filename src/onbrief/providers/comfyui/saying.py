"""What the server says of a workflow, in words that may be kept: no prompt, no path and no traceback of the server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, cast

from onbrief.errors import CallError, ConfigError
from onbrief.providers import wire
from onbrief.providers.comfyui.workflow import Workflow
from onbrief.providers.wire import Reply

_UNKNOWN = ("missing_node_type", "invalid_prompt")
_NUMBER = re.compile(r"#([\w:.-]+)")
_PATH = re.compile(r"(?:[A-Za-z]:)?(?:[\\/][\w.@~ -]*\w){2,}[\\/]?")
_WINDOW = 12  # characters of a prompt in a message that make it unfit to be kept
_LONGEST = 200  # characters
_SHOWN = 3  # values of a list that are named
_HINTS = {
    401: "the server asks for credentials, which are not supported",
    403: "the server, or a proxy before it, does not let this client in",
    404: "check that base_url is the address of a ComfyUI server",
    405: "check that base_url is the address of a ComfyUI server",
    413: "start ComfyUI with a larger --max-upload-size",
}


def outcome(workflow: Workflow, reply: Reply) -> CallError | ConfigError:
    """Return the outcome of an error response. Nothing has been queued if it is a ConfigError."""
    about = _object(reply.body)
    if reply.status == 400:
        words = "; ".join(objections(workflow, about)) or "the server does not accept the workflow"
        return ConfigError(words, hint="`onbrief doctor` says what the server lacks")
    if 300 <= reply.status < 500 and reply.status != 429:
        return ConfigError(f"the server answered with HTTP {reply.status}", hint=_HINTS.get(reply.status, _HINTS[404]))
    return wire.outcome(reply)


def objections(workflow: Workflow, about: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the server objects to, each with its node and its input."""
    nodes = table(about.get("node_errors"))
    for node, entry in nodes.items():
        for error in rows(table(entry).get("errors")):
            yield f"{workflow.described(node)}{_objection(workflow, node, table(error))}"
    error = about.get("error")
    if nodes or not error:
        return
    kind, more = str(table(error).get("type", "")), table(table(error).get("extra_info"))
    number = _NUMBER.search(str(table(error).get("details", "")))
    node = str(more.get("node_id") or (number[1] if number else ""))
    if kind in _UNKNOWN and node in workflow.nodes:
        yield f"{workflow.described(node)}: the server has no node of this class"
    elif re.fullmatch(r"\w{1,60}", kind):
        yield f"the server does not accept the workflow: {kind}"


def _objection(workflow: Workflow, node: str, error: Mapping[str, Any]) -> str:
    more = table(error.get("extra_info"))
    given, kind = str(more.get("input_name", "")), str(error.get("type", ""))
    value = table(table(workflow.nodes.get(node)).get("inputs")).get(given)  # that of the file, with its placeholders
    where, shown = f", input {given}" if given else "", json.dumps(value, ensure_ascii=False)[:60]
    config = rows(more.get("input_config"))
    limits = table(config[1] if len(config) > 1 else None)
    match kind:
        case "required_input_missing":
            return f"{where}: it is missing"
        case "value_not_in_list":
            has = near(str(value), [str(one) for one in rows(config[0] if config else None)])
            return f"{where}: the server has no {shown}{has}"
        case "value_smaller_than_min" if "min" in limits:
            return f"{where}: {_number(more, shown)} is below {limits['min']}"
        case "value_bigger_than_max" if "max" in limits:
            return f"{where}: {_number(more, shown)} is above {limits['max']}"
        case _:
            return f"{where}: {kind if re.fullmatch(r'[a-z_]{1,60}', kind) else 'not accepted'}"


def near(value: str, known: Sequence[str]) -> str:
    """Return which of the known values are meant, as the end of a sentence; empty if there are none."""
    names = get_close_matches(value, known, _SHOWN, 0.5) or list(known[:_SHOWN])
    return f"; it has {', '.join(names)}{' and others' if len(known) > len(names) else ''}" if names else ""


def failure(workflow: Workflow, messages: object, texts: Sequence[str]) -> tuple[str, bool]:
    """Return why a run of the workflow ended, from the messages of its history, and whether it was interrupted. `texts` are the
    prompts, which must not be kept.
    """
    for message in reversed(rows(messages)):
        kind, about = (*rows(message), None, None)[:2]
        more = table(about)
        node = str(more.get("node_id", ""))
        at = f" at {workflow.described(node)}" if node in workflow.nodes else ""
        if kind == "execution_interrupted":
            return f"it was interrupted{at}", True
        if kind == "execution_error":
            said = str(more.get("exception_type", ""))[:_LONGEST], _kept(more.get("exception_message"), texts)
            return ": ".join(filter(None, (f"the workflow failed{at}", *said))), False
    return "the workflow failed", False


def _kept(message: object, texts: Sequence[str]) -> str:
    """Return the first line of a message without paths; nothing of it if it quotes a prompt."""
    line = next((line.strip() for line in str(message or "").splitlines() if line.strip()), "")
    if any(part in line for text in texts for part in _parts(text)):
        return "see the log of the server"
    line = _PATH.sub("…", line)
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _parts(text: str) -> Iterator[str]:
    text = text.strip()
    return (text[at : at + _WINDOW] for at in range(max(1, len(text) - _WINDOW + 1))) if text else iter(())


def _number(more: Mapping[str, Any], shown: str) -> str:
    value = more.get("received_value")
    return str(value) if isinstance(value, (int, float)) else shown


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        return table(json.loads(body))
    except (ValueError, RecursionError):
        return {}


def table(value: object) -> Mapping[str, Any]:
    """Return a value that should be an object; an empty one if it is not."""
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def rows(value: object) -> list[Any]:
    """Return a value that should be a list; an empty one if it is not."""
    return cast("list[Any]", value) if isinstance(value, list) else []
