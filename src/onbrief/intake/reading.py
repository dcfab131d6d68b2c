"""Turns a brief as people give it into the brief of an order: one way for the command line, files, the library and events."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from onbrief.brief import DEFAULT_SIZE, Brief, Requirement, Size, parse_size, size_for_aspect
from onbrief.documents import brief_of
from onbrief.errors import UsageError
from onbrief.intake import shape
from onbrief.intake.shape import Shape
from onbrief.intake.source import content_of, is_file_name
from onbrief.intake.statements import requirements_of, things_to_avoid
from onbrief.intake.syntax import Pasted, take_apart
from onbrief.questions.measures import measure

_ALIASES = {"prompt": "text", "negative_prompt": "avoid"}
GENERATOR_SETTINGS = frozenset(
    {
        "steps", "num_inference_steps", "sampler", "sampler_name", "sampler_index", "scheduler", "cfg", "cfg_scale",
        "guidance_scale", "seed", "model", "n", "num_images", "batch_size", "n_iter", "quality", "style_preset",
        "output_format", "response_format", "denoising_strength", "clip_skip", "restore_faces", "tiling", "user",
    }
)  # fmt: skip
_MOST_SHOWN = 8  # of what was left out
_LONGEST_SHOWN = 60  # characters of each
_FENCED = re.compile(r"\s*(?:```(?:json)?[ \t]*\n)?(?P<json>\{.*\})\s*(?:```)?\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Given:
    """A brief as it was given, and what to tell the user about how it was read."""

    brief: Brief
    warnings: tuple[str, ...] = ()


def read(
    given: str | Path | Brief | Mapping[str, object],
    *,
    size: Size | None = None,
    usual: Size = DEFAULT_SIZE,
    requirements: Sequence[Mapping[str, object]] = (),
    avoid: Sequence[str] = (),
    draws: bool = True,
) -> Given:
    """Read a brief: a text, the file at a path, a document as in a file, or a Brief, whose size counts as given if it is not
    the default.

    `requirements`, as in a file, and `avoid` are added to what it has. `size` is that of the picture if the user says one, and
    `usual` the one where nobody does. Without `draws`, the pictures exist, and their shape is not settled.

    Raises:
        UsageError: something in the brief is not allowed, or it states a shape that `size` does not have.
    """
    if isinstance(given, Brief):
        untyped = [n for n, requirement in enumerate(given.requirements) if requirement.kind == "whole"]
        own = size or (None if given.size == DEFAULT_SIZE else given.size)
        return settled(given, untyped=untyped, size=own, draws=draws)
    content, where = content_of(given) if isinstance(given, Path) else (given, "brief")
    document, warnings = _fields(content if isinstance(content, Mapping) else _document_in(content), where)
    own = document.pop("size", None)
    names = cast("dict[str, str]", document.pop("names"))
    listed = document.get("requirements")
    for field, more in (("requirements", requirements), ("avoid", avoid)):
        if more:
            document[field] = [*cast("list[Any]", document.get(field) or ()), *more]
    if isinstance(listed := document.get("requirements"), list | tuple):
        listed = [{"text": item} if isinstance(item, str) else item for item in cast("list[Any]", listed)]
        document["requirements"] = listed
    brief = brief_of({**document, **({"size": own} if own is not None else {})}, where, names)
    untyped = [n for n, item in enumerate(cast("list[Any]", listed or ())) if isinstance(item, Mapping) and "kind" not in item]
    found = settled(
        brief,
        untyped=untyped,
        size=size or (brief.size if own is not None else None),
        usual=usual,
        draws=draws,
        field=f"{names.get('text', 'text')} in {where}",
    )
    return replace(found, warnings=(*warnings, *found.warnings))


def settled(
    brief: Brief,
    *,
    untyped: Collection[int] = (),
    size: Size | None = None,
    usual: Size = DEFAULT_SIZE,
    draws: bool = True,
    field: str = "brief.text",
) -> Given:
    """Settle what a brief says in the words of people and generators: what to avoid, the shape, the kinds of its requirements
    at the places `untyped`. See `read` for the rest; `field` names the text in errors.

    Raises:
        UsageError: as `read`.
    """
    if is_file_name(brief.text):
        raise UsageError.of(
            field, brief.text, "a description of the picture, not the name of a file", hint="put lettering in quotation marks"
        )
    pasted = take_apart(brief.text)
    if not pasted.text.strip():
        raise UsageError.of(field, brief.text, "a description of the picture")
    requirements = tuple(
        one
        for place, requirement in enumerate(brief.requirements)
        for one in (requirements_of(requirement) if place in untyped and requirement.text != brief.text else (requirement,))
    )
    requirements = tuple(replace(r, text=pasted.text) if r.text == brief.text else r for r in requirements)
    if draws:
        settled_size, told = shape.settled([*pasted.shapes, *_required(requirements)], size, usual, field)
    else:
        settled_size, told = size or usual, []
        if pasted.shapes:
            told = [f"the brief states “{pasted.shapes[0].words}”: the shape of pictures that exist is not checked"]
    avoid = things_to_avoid((*brief.avoid, *pasted.avoid))
    ready = replace(brief, text=pasted.text, requirements=requirements, avoid=avoid, size=settled_size)
    return Given(ready, (*told, *_told(pasted)))


def _required(requirements: Sequence[Requirement]) -> Iterator[Shape]:
    """Yield the shapes that the user's own musts state in a form that is measured: no other size can ever meet them."""
    for requirement in requirements:
        if requirement.must and (found := Shape.measured(measure(requirement), requirement.text)):
            yield found


def _told(pasted: Pasted) -> Iterator[str]:
    if pasted.left_out:
        shown = [words if len(words) <= _LONGEST_SHOWN else f"{words[: _LONGEST_SHOWN - 1]}…" for words in pasted.left_out]
        more = f" and {len(shown) - _MOST_SHOWN} more" if len(shown) > _MOST_SHOWN else ""
        listed = ", ".join(f"“{words}”" for words in shown[:_MOST_SHOWN])
        yield f"left out of the brief, as only other image generators understand it: {listed}{more}"


def _document_in(text: str) -> Mapping[str, object]:
    """Return the document of a text: the fields of a JSON object that is pasted whole, or the text itself."""
    if match := _FENCED.fullmatch(text):
        try:
            document = json.loads(match["json"])
        except (ValueError, RecursionError):
            document = None
        if isinstance(document, dict) and isinstance(document.get("text", document.get("prompt")), str):  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
            return cast("dict[str, object]", document)
    return {"text": text}


def _fields(given: Mapping[str, object], where: str) -> tuple[dict[str, Any], list[str]]:
    """Return the fields of a document under our own names, what they are called in it as `names`, and warnings.

    Raises:
        UsageError: two fields say the same, or a size is none.
    """
    document = dict(given)
    names, warnings = dict[str, str](), list[str]()
    if "prompt" in document:
        if ignored := sorted(GENERATOR_SETTINGS & document.keys()):
            warnings.append(f"{where}: left out, as only other image generators understand it: {', '.join(ignored)}")
        document = {name: value for name, value in document.items() if name not in ignored}
        if "text" in document:
            raise UsageError(f"{where}: one of text and prompt is allowed, not both")
        document["text"], names["text"] = document.pop("prompt"), "prompt"
    for name in ("avoid", "negative_prompt"):
        if name in document and (document[name] is None or isinstance(document[name], str)):
            text = document[name] or ""
            document[name] = [text] if name == "avoid" or str(text).strip() else []
    if "negative_prompt" in document:
        negative = document.pop("negative_prompt")
        if "avoid" not in document:
            names["avoid"] = "negative_prompt"
        elif isinstance(negative, list) and isinstance(document["avoid"], list):
            negative = [*cast("list[Any]", document["avoid"]), *cast("list[Any]", negative)]
        document["avoid"] = negative
    if isinstance(document.get("requirements"), str):
        document["requirements"] = [document["requirements"]]
    document["size"] = take_size(document, where)
    return {**document, "names": names}, warnings


def take_size(document: dict[str, Any], where: str) -> object:
    """Take the size out of a document, in whichever of its forms it has, and return it; None if there is none.

    Raises:
        UsageError: there are two, or it is none.
    """
    found = [name for name in ("size", "aspect", "aspect_ratio", "width", "height") if document.get(name) is not None]
    values = {name: document.pop(name, None) for name in ("size", "aspect", "aspect_ratio", "width", "height")}
    if found == ["width", "height"]:
        return values["width"], values["height"]
    if len(found) > 1 or found in (["width"], ["height"]):
        raise UsageError.of(f"{' and '.join(found)} in {where}", [values[name] for name in found], "one size")
    if not found:
        return None
    value = values[found[0]]
    if found == ["size"]:
        return parse_size(value) if isinstance(value, str) else value
    if not isinstance(value, str):
        raise UsageError.of(f"{found[0]} in {where}", value, "a ratio such as 16:9")
    return size_for_aspect(value)
