"""Workflows: read a file in API format, find its placeholders and its save node, and fill it in for one picture."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from onbrief.errors import UsageError
from onbrief.ports import ModelName

SAVE = "SaveImage"
"""The class of nodes whose files have names that are known before they are written."""

_USUAL: Mapping[str, tuple[str, ...]] = {
    "prompt": ("text", "prompt", "clip_l", "t5xxl", "value", "string"),
    "negative_prompt": ("text", "negative_prompt", "value", "string"),
    "seed": ("seed", "noise_seed"),
    "width": ("width",),
    "height": ("height",),
    "image": ("image",),
    "mask": ("image", "mask"),
    "instruction": ("prompt", "text", "value", "string"),
}
"""The placeholders, each with the names of the inputs where it usually stands."""

_ANY = re.compile("%(" + "|".join(_USUAL) + ")%")
_WHOLE = re.compile(r"%[a-z_]+%")
_CHOSEN = "onbrief"  # the title that marks one of several save nodes
_LONGEST = 16 * 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow in API format. `save` is the id of the node whose picture counts, `holes` are the placeholders that it has,
    and `digest` is the SHA-256 of its content, whatever the order and the spaces in its file.
    """

    nodes: Mapping[str, Mapping[str, Any]] = field(repr=False)
    save: str
    holes: frozenset[str]
    digest: str

    @classmethod
    def read(cls, name: ModelName) -> Workflow:
        """Return the workflow in the file that a model's name has.

        Raises:
            UsageError: there is none, or it is not a workflow in API format with one node that saves.
        """
        nodes = _nodes(name, _document(name))
        for node, given, text in _texts(nodes):
            if _WHOLE.fullmatch(text) and not _ANY.fullmatch(text) and given != "filename_prefix":
                known = " ".join(f"%{hole}%" for hole in _USUAL)
                raise _wrong(name, f"one of the placeholders {known}, or a value, not {text} in {node}, input {given}")
        holes = frozenset(hole for _, _, text in _texts(nodes) for hole in _ANY.findall(text))
        whole = json.dumps(nodes, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return cls(nodes, _save_node(name, nodes), holes, hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest())

    def require(self, name: ModelName, needed: Collection[str]) -> None:
        """Check that it has these placeholders.

        Raises:
            UsageError: one is missing; the hint says where it probably belongs.
        """
        missing = [hole for hole in needed if hole not in self.holes]
        if not missing:
            return
        places = (place for hole in missing if (place := self._place(hole)))
        words = " and ".join(f"%{hole}%" for hole in missing)
        raise _wrong(name, f"a workflow with {words}, which this one lacks", "; ".join(places))

    def refuse(self, name: ModelName, others: Collection[str]) -> None:
        """Check that it has none of these placeholders.

        Raises:
            UsageError: it has one.
        """
        if found := [hole for hole in others if hole in self.holes]:
            words = " and ".join(f"%{hole}%" for hole in found)
            raise _wrong(name, f"a workflow that draws; this one, with {words}, edits a picture")

    def filled(self, values: Mapping[str, str | int], prefix: str) -> dict[str, Any]:
        """Return the nodes with these values in place of the placeholders, which saves its picture under this prefix. A text
        that is a placeholder and nothing else becomes the value itself, so that a number is a number.
        """

        def fill(value: Any) -> Any:
            match value:
                case str():
                    whole = _ANY.fullmatch(value)
                    return values[whole[1]] if whole else _ANY.sub(lambda found: str(values[found[1]]), value)
                case list():
                    return [fill(one) for one in cast("list[Any]", value)]
                case dict():
                    return {key: fill(one) for key, one in cast("dict[str, Any]", value).items()}
                case _:
                    return value

        nodes = {key: {**node, "inputs": fill(node["inputs"])} for key, node in self.nodes.items()}
        nodes[self.save]["inputs"]["filename_prefix"] = prefix
        return nodes

    def described(self, node: str) -> str:
        """Return a node as people know it: its id, its class, and its title if that differs from the usual one."""
        return _described(node, self.nodes.get(node, {}))

    def constants(self) -> Iterator[tuple[str, str, Any]]:
        """Yield the node, the name and the value of each input that is neither a link nor has a placeholder."""
        for key, node in self.nodes.items():
            for given, value in node["inputs"].items():
                if not isinstance(value, (list, dict)) and not (isinstance(value, str) and _ANY.search(value)):
                    yield key, given, value

    def _place(self, hole: str) -> str:
        """Return where a missing placeholder probably belongs, or an empty text."""
        for key, given, value in self.constants():
            if given in _USUAL[hole] and key != self.save:
                shown = json.dumps(value, ensure_ascii=False)
                shown = shown if len(shown) <= 40 else f"{shown[:40]}…"
                return f'write "%{hole}%" in place of {shown} in {self.described(key)}, input {given}'
        return ""


def _document(name: ModelName) -> Any:
    if not name.model:
        raise _wrong(name, f"{name.provider}:FILE with the file of a workflow in API format")
    path = Path(name.model).expanduser()
    try:
        data = path.read_bytes() if path.stat().st_size <= _LONGEST else b""
        return json.loads(data.decode("utf-8-sig"))
    except OSError as error:
        raise _wrong(name, f"{name.provider}:FILE with a file that can be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise _wrong(name, f"a file of JSON with a workflow ({error})") from error


def _nodes(name: ModelName, document: Any) -> Mapping[str, Mapping[str, Any]]:
    if not isinstance(document, dict) or not document:
        raise _wrong(name, "a workflow in API format, which is a JSON object of nodes")
    about = cast("dict[str, Any]", document)
    if isinstance(about.get("nodes"), list):
        hint = "in ComfyUI, open it and choose Workflow, then Export (API)"
        raise _wrong(name, "a workflow in API format; this one is in the format of the editor", hint)
    for key, node in about.items():
        entry = cast("dict[str, Any]", node) if isinstance(node, dict) else {}
        if not isinstance(entry.get("class_type"), str) or not isinstance(entry.get("inputs"), dict):
            raise _wrong(name, f"a workflow in API format; {key[:40]!r} in it is not a node with class_type and inputs")
    return about


def _save_node(name: ModelName, nodes: Mapping[str, Mapping[str, Any]]) -> str:
    saving = [key for key, node in nodes.items() if "filename_prefix" in node["inputs"]]
    for better in (
        [key for key in saving if nodes[key]["class_type"] == SAVE],
        [key for key in saving if _title(nodes[key]) == _CHOSEN],
    ):
        saving = better if len(saving) > 1 and better else saving
    if len(saving) == 1:
        return saving[0]
    if not saving:
        raise _wrong(name, f"a workflow with a node {SAVE}; this one saves nothing")
    several = ", ".join(_described(key, nodes[key]) for key in saving)
    raise _wrong(name, f"a workflow with one node that saves, not {several}", f"give the one that counts the title {_CHOSEN}")


def _texts(nodes: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """Yield each text in the inputs, with the node and the input where it is."""

    def within(value: Any) -> Iterator[str]:
        match value:
            case str():
                yield value
            case list() | dict():
                more = cast("dict[str, Any] | list[Any]", value)
                for one in list(more.values()) if isinstance(more, dict) else more:
                    yield from within(one)
            case _:
                pass

    for key, node in nodes.items():
        for given, value in node["inputs"].items():
            yield from ((_described(key, node), given, text) for text in within(value))


def _described(key: str, node: Mapping[str, Any]) -> str:
    kind, title = str(node.get("class_type", "")), _title(node)
    return f"node {key} ({kind}, “{title[:40]}”)" if title and title != kind else f"node {key} ({kind})"


def _title(node: Mapping[str, Any]) -> str:
    meta = node.get("_meta")
    return str(cast("dict[str, Any]", meta).get("title", "")) if isinstance(meta, dict) else ""


def _wrong(name: ModelName, allowed: str, hint: str = "") -> UsageError:
    return UsageError.of(name.setting, str(name), allowed, hint=hint)
