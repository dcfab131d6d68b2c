"""The nodes of a ComfyUI server: what it says of them, and what it objects to in a workflow."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, cast

Workflow = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Node:
    """A class of nodes. `ends`: its results are what a workflow is run for."""

    name: str
    inputs: Mapping[str, Mapping[str, Any]]
    outputs: tuple[str, ...]
    optional: tuple[str, ...] = ()
    ends: bool = False

    def rule(self, given: str, uploads: list[str]) -> list[Any]:
        """Return what the server says of an input."""
        about = self.inputs[given]
        if "one_of" in about:
            return [about["one_of"], {}]
        if about["type"] == "FILE":
            return [uploads, {"image_upload": True}]
        return [about["type"], {name: value for name, value in about.items() if name != "type"}]

    def described(self, uploads: list[str]) -> dict[str, Any]:
        """Return the entry of `object_info`."""
        parts = {
            "required": {name: self.rule(name, uploads) for name in self.inputs if name not in self.optional},
            "optional": {name: self.rule(name, uploads) for name in self.optional},
        }
        return {
            "input": parts,
            "input_order": {part: list(names) for part, names in parts.items()},
            "output": list(self.outputs),
            "output_name": list(self.outputs),
            "name": self.name,
            "display_name": self.name,
            "description": "",
            "output_node": self.ends,
        }


def _read() -> dict[str, Node]:
    tables = tomllib.loads(files(__package__ or "").joinpath("comfyui.toml").read_text("utf-8"))["nodes"]
    return {
        name: Node(name, about["inputs"], tuple(about["outputs"]), tuple(about.get("optional", ())), about.get("ends", False))
        for name, about in tables.items()
    }


NODES = _read()


@dataclass(frozen=True, slots=True)
class Checked:
    """A workflow that was looked at: the nodes to run it for, or what is wrong with it."""

    ends: tuple[str, ...] = ()
    error: Mapping[str, Any] | None = None
    node_errors: Mapping[str, Any] | None = None


def checked(workflow: Workflow, exists: Callable[[str], bool], *, old: bool) -> Checked:
    """Look at a workflow as the server does. `exists` says whether it has an uploaded file; `old` servers word it otherwise."""
    for key, node in workflow.items():
        about = cast("dict[str, Any]", node) if isinstance(node, dict) else {}
        if about.get("class_type") not in NODES:
            return Checked(error=_unknown(key, about, old=old))
    ends = [key for key, node in workflow.items() if NODES[node["class_type"]].ends]
    if not ends:
        return Checked(error=_error("prompt_no_outputs", "Prompt has no outputs"))
    if any(_circular(workflow, key, ()) for key in ends):
        kind = "exception_during_inner_validation" if old else "dependency_cycle"
        return Checked(error=_error(kind, "Dependency cycle detected"))
    wrong = {key: found for key, node in workflow.items() if (found := _wrong(workflow, node, exists, old=old))}
    sound = tuple(end for end in ends if not _above(workflow, end) & wrong.keys())
    reached = {key for end in ends for key in _above(workflow, end)}
    errors = {
        key: {
            "errors": found,
            "dependent_outputs": [end for end in ends if key in _above(workflow, end)],
            "class_type": workflow[key]["class_type"],
        }
        for key, found in wrong.items()
        if key in reached
    }
    if not sound:
        return Checked((), _error("prompt_outputs_failed_validation", "Prompt outputs failed validation"), errors)
    return Checked(sound, None, errors)


def _unknown(key: str, node: Mapping[str, Any], *, old: bool) -> dict[str, Any]:
    kind: Any = node.get("class_type")
    if old:
        words = f"Cannot execute because node {kind} does not exist." if kind else "Cannot execute because a node is missing."
        return _error("invalid_prompt", words, f"Node ID '#{key}'")
    title: Any = node.get("_meta", {}).get("title", kind)
    more: dict[str, Any] = {"node_id": key, "class_type": kind, "node_title": title}
    return {
        **_error("missing_node_type", f"Node '{title}' not found. The custom node may not be installed."),
        "extra_info": more,
    }


def _error(kind: str, message: str, details: str = "") -> dict[str, Any]:
    return {"type": kind, "message": message, "details": details, "extra_info": {}}


def links(node: Mapping[str, Any]) -> dict[str, tuple[str, int]]:
    """Return the links of a node by input: the node where each begins, and the number of its result."""
    inputs = cast("dict[str, Any]", node.get("inputs") or {})
    lists = {name: cast("list[Any]", value) for name, value in inputs.items() if isinstance(value, list)}
    return {name: (str(value[0]), int(value[1])) for name, value in lists.items() if len(value) == 2}


def _circular(workflow: Workflow, key: str, path: tuple[str, ...]) -> bool:
    if key in path:
        return True
    return any(_circular(workflow, other, (*path, key)) for other, _ in links(workflow[key]).values() if other in workflow)


def _above(workflow: Workflow, key: str) -> set[str]:
    """Return a node and all nodes that it depends on."""
    found = {key}
    for other, _ in links(workflow[key]).values():
        found |= _above(workflow, other) if other in workflow else set()
    return found


def _wrong(workflow: Workflow, node: Mapping[str, Any], exists: Callable[[str], bool], *, old: bool) -> list[dict[str, Any]]:
    """Return the errors of a node's inputs."""
    kind, inputs, linked = NODES[node["class_type"]], cast("dict[str, Any]", node.get("inputs") or {}), links(node)
    found: list[dict[str, Any]] = []
    for name, about in kind.inputs.items():
        config = kind.rule(name, [])
        if name not in inputs:
            if name not in kind.optional:
                found.append(_of(name, config, "required_input_missing", "Required input is missing", name))
        elif name in linked:
            source, place = linked[name]
            if source not in workflow:
                trace = 'Traceback (most recent call last):\n  File "/srv/ComfyUI/execution.py", line 800, in validate_inputs\n'
                found.append(
                    _of(name, config, "exception_during_validation", "Exception when validating", f"{trace}{source!r}")
                )
                continue
            outputs = NODES[workflow[source]["class_type"]].outputs
            got, wanted = outputs[place] if place < len(outputs) else "", about.get("type", "COMBO")
            if got != wanted and wanted != "*":
                words = f"{name}, received_type({got}) mismatch input_type({wanted})"
                found.append(_of(name, config, "return_type_mismatch", "Return type mismatch between linked nodes", words))
        elif error := _value(name, about, config, inputs[name], exists, old=old):
            found.append(error)
    return found


def _value(
    name: str, about: Mapping[str, Any], config: list[Any], value: Any, exists: Callable[[str], bool], *, old: bool
) -> dict[str, Any] | None:
    """Return the error of an input that is no link, or None."""
    kind = about.get("type", "COMBO")
    match kind:
        case "INT" | "FLOAT":
            try:
                number = int(value) if kind == "INT" and not isinstance(value, str) else float(value)
            except (TypeError, ValueError) as error:
                words = f"{name}, {value}, {error}"
                return _of(
                    name, config, "invalid_input_type", f"Failed to convert an input value to a {kind} value", words, value
                )
            if number < about["min"]:
                words = f"Value {value} smaller than min of {about['min']}"
                return _of(name, config, "value_smaller_than_min", words, name, value)
            if number > about["max"]:
                words = f"Value {value} bigger than max of {about['max']}"
                return _of(name, config, "value_bigger_than_max", words, name, value)
        case "STRING" | "*":
            pass
        case "FILE":
            if not isinstance(value, str) or not exists(value):
                words = f"{name} - Invalid image file: {value}"
                return _of(name, config, "custom_validation_failed", "Custom validation failed for node", words, value)
        case "COMBO":
            if value not in about["one_of"]:
                words = f"{name}: '{value}' not in {about['one_of']}"
                return _of(name, [] if old else config, "value_not_in_list", "Value not in list", words, value)
        case _:
            return _of(
                name, config, "bad_linked_input", "Bad linked input, must be a length-2 list of [node_id, slot_index]", name
            )
    return None


def _of(name: str, config: list[Any], kind: str, message: str, details: str, value: Any = None) -> dict[str, Any]:
    more = {"input_name": name, "input_config": config, **({} if value is None else {"received_value": value})}
    return {"type": kind, "message": message, "details": details, "extra_info": more}
