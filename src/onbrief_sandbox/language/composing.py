"""Writes a Scene as well-formed English that the grammar parses as the same Scene, with stress on selected claims.

Stress on one claim lowers the chances of the others (see world.toml), so nothing is stressed by accident: relations are part
of the list of things, and absent things and the style get a separate clause only if they are stressed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from onbrief_sandbox.language import claims, stressing, words
from onbrief_sandbox.language.claims import Absent, Claim, Counted, Lettered, Related, Styled
from onbrief_sandbox.scene import ELEMENTS, Relation, Scene

_PICTURES = ("picture", "image", "view", "illustration", "scene", "composition")
_LIGHTS = ("Soft even light", "Clear light", "Bright even light", "Gentle light", "Natural light", "Clean bright lighting")
_FINISHES = (
    "sharp focus", "clean edges", "high contrast", "simple shapes", "bold colours", "high quality", "clear outlines",
    "crisp detail", "good composition", "high resolution",
)  # fmt: skip

_ELEMENTS = {
    "day": "daylight",
    "night": "a night sky",
    "sunset": "a sunset",
    "sun": "a sun",
    "sunrise": "the sun on the horizon",
    "moon": "the moon",
    "stars": "a starry sky",
    "aurora": "an aurora",
    "meteors": "meteors",
    "clouds": "clouds",
    "rainbow": "a rainbow",
    "mountains": "mountains",
    "hills": "hills",
    "forest": "a forest",
    "lake": "a lake",
    "sea": "the sea",
    "ice": "drifting ice",
}


@dataclass(frozen=True, slots=True)
class Ask:
    """The content of a prompt: a scene, the claims to stress (the first one most), and texts that could not be parsed."""

    scene: Scene
    stressed: tuple[Claim, ...] = ()
    unread: tuple[str, ...] = ()


def compose(ask: Ask, wording: int) -> str:
    """Return the prompt in the wording with this number. Different numbers give different texts."""
    scene = ask.scene
    picture, light, finish = _worded(wording)
    parts: list[str] = []
    first = stressing.lead(ask.stressed[0], scene, alone=len(ask.stressed) == 1) if ask.stressed else None
    known = stressing.stressed_groups(scene, ask.stressed[:1] if first else ())
    parts += [first] if first else []
    parts.append(_whole(scene, known, picture))
    parts += _relations(ask, stated=ask.stressed[0] if first else None)
    parts += [clause for claim in ask.stressed[bool(first) :] if (clause := _clause(claim)) is not None]
    parts += [place for claim in ask.stressed if isinstance(claim, Related) and (place := stressing.layout(claim, scene))]
    parts += [stressing.own(claim) for word in scene.words if (claim := Lettered(word)) not in ask.stressed]
    parts.append(f"{light}, {finish}" if finish else light)
    parts = [*map(_capital, parts), *ask.unread]
    return ". ".join(part.rstrip(". ") for part in parts) + "."


def negative(scene: Scene) -> str:
    """Return the negative text: the names of all things that must be absent."""
    return ", ".join(_forbidden(noun) for noun in sorted(scene.absent))


def _worded(wording: int) -> tuple[str, str, str]:
    """Return the noun for the picture, the light and the finishes that the digits of the number select."""
    rest, picture = divmod(wording, len(_PICTURES))
    rest, light = divmod(rest + picture, len(_LIGHTS))  # both change at once, so that consecutive texts differ in two places
    return _PICTURES[picture], _LIGHTS[light], ", ".join(f for bit, f in enumerate(_FINISHES) if rest >> bit & 1)


def _whole(scene: Scene, known: set[int], picture: str) -> str:
    """Return the clause that names everything: "A serene picture of a clock above a cat, three dogs on a red background"."""
    styled = " ".join((*sorted(scene.styles), picture))
    listing = _things(scene, known) + [_ELEMENTS[name] for name in ELEMENTS if name in scene.elements]
    listing += [f"on a {scene.background} background"] if scene.background else []
    absent = [_forbidden(noun) for noun in sorted(scene.absent)]
    if absent:
        listed = f"{', '.join(absent[:-1])} or {absent[-1]}" if absent[1:] else absent[0]
        listing.append(f"without {listed}")
    opening = words.article(styled)
    return f"{opening} of {', '.join(listing)}" if listing else opening


def _things(scene: Scene, known: set[int]) -> list[str]:
    """Return a phrase per group; two groups share a phrase if they are related and have no other relation or place."""
    names = [_named(scene, index, known=index in known) for index in range(len(scene.groups))]
    joined = _inline(scene)
    objects = {r.object for r in joined.values()}
    return [
        f"{name} {stressing.DIRECTIONS[joined[index].direction]} {names[joined[index].object]}" if index in joined else name
        for index, name in enumerate(names)
        if index not in objects
    ]


def _named(scene: Scene, index: int, *, known: bool) -> str:
    """Return the name of a group, as first mentioned or (`known`) as mentioned before."""
    group = scene.groups[index]
    noun = words.plural(group.noun) if group.count != 1 else group.noun
    coloured = f"{group.colour} {noun}" if group.colour else noun
    number = f"{words.numeral(group.count)} " if group.numbered else ""
    if known:
        shown = f"the {number}{coloured}"
    elif number:
        shown = f"{number}{coloured}"
    else:
        shown = f"some {coloured}" if group.count != 1 else words.article(coloured)
    return f"{shown} {stressing.PLACES[group.place]}" if group.place else shown


def _inline(scene: Scene) -> dict[int, Relation]:
    """Return, by subject, the relations in which neither end has another relation or a place."""
    busy = Counter(end for r in scene.relations for end in (r.subject, r.object))
    return {
        r.subject: r
        for r in scene.relations
        if busy[r.subject] == busy[r.object] == 1 and not (scene.groups[r.subject].place or scene.groups[r.object].place)
    }


def _relations(ask: Ask, stated: Claim | None) -> list[str]:
    """Return a clause for each relation that no other clause states."""
    scene, inline = ask.scene, _inline(ask.scene)
    left = [r for r in scene.relations if inline.get(r.subject) != r]
    found = [
        Related(claims.which(scene, r.subject), r.direction, claims.which(scene, r.object))
        for r in left
        if not any(stressing.is_of(r, claim, scene) for claim in (stated, *ask.stressed) if claim)
    ]
    return [stressing.own(claim) for claim in found]


def _clause(claim: Claim) -> str | None:
    """Return a clause for a stressed claim other than the first."""
    match claim:
        case Counted() | Related() | Styled():
            return stressing.own(claim)
        case Absent(noun):
            return f"there are no {_forbidden(noun)}"
        case _:
            return stressing.weighted(stressing.own(claim))


def _forbidden(noun: str) -> str:
    return "text" if noun == "text" else words.plural(words.singular(noun)) if noun not in ELEMENTS else noun


def _capital(text: str) -> str:
    start = text.startswith("(")
    return text[:start] + text[start : start + 1].upper() + text[start + 1 :]
