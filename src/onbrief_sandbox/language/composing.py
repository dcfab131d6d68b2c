"""A Scene in well-formed English that the grammar reads as the same Scene, with stress where it is wanted.

What stress costs the rest is in sandbox's world.toml, so nothing is stressed by accident: relations stand inside the list of
things, and what is absent and the style have no clause of their own, unless they are stressed.
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
    """What a prompt must say: a scene, which of its claims to stress, the first most, and texts that nobody could read."""

    scene: Scene
    stressed: tuple[Claim, ...] = ()
    unread: tuple[str, ...] = ()


def compose(ask: Ask, wording: int) -> str:
    """The prompt, in the wording of this number; other numbers give other texts."""
    scene = ask.scene
    picture, light, finish = _worded(wording)
    parts: list[str] = []
    first = stressing.lead(ask.stressed[0], scene, alone=len(ask.stressed) == 1) if ask.stressed else None
    known = stressing.stressed_groups(scene, ask.stressed[:1] if first else ())
    parts += [first] if first else []
    parts.append(_whole(scene, known, picture))
    parts += _relations(ask, told=ask.stressed[0] if first else None)
    parts += [clause for claim in ask.stressed[bool(first) :] if (clause := _clause(claim)) is not None]
    parts += [place for claim in ask.stressed if isinstance(claim, Related) and (place := stressing.layout(claim, scene))]
    parts += [stressing.own(claim) for word in scene.words if (claim := Lettered(word)) not in ask.stressed]
    parts.append(f"{light}, {finish}" if finish else light)
    parts = [*map(_capital, parts), *ask.unread]
    return ". ".join(part.rstrip(". ") for part in parts) + "."


def negative(scene: Scene) -> str:
    """The negative text: names of all that must be absent."""
    return ", ".join(_forbidden(noun) for noun in sorted(scene.absent))


def _worded(wording: int) -> tuple[str, str, str]:
    """The number's digits choose a name for the picture, a light, and which finishes to name."""
    rest, picture = divmod(wording, len(_PICTURES))
    rest, light = divmod(rest + picture, len(_LIGHTS))  # both change at once, so that neighbours differ at two places
    return _PICTURES[picture], _LIGHTS[light], ", ".join(f for bit, f in enumerate(_FINISHES) if rest >> bit & 1)


def _whole(scene: Scene, known: set[int], picture: str) -> str:
    """The clause that names all there is: "A serene picture of a clock above a cat, three dogs on a red background"."""
    styled = " ".join((*sorted(scene.styles), picture))
    said = _things(scene, known) + [_ELEMENTS[name] for name in ELEMENTS if name in scene.elements]
    said += [f"on a {scene.background} background"] if scene.background else []
    absent = [_forbidden(noun) for noun in sorted(scene.absent)]
    if absent:
        listed = f"{', '.join(absent[:-1])} or {absent[-1]}" if absent[1:] else absent[0]
        said.append(f"without {listed}")
    opening = words.article(styled)
    return f"{opening} of {', '.join(said)}" if said else opening


def _things(scene: Scene, known: set[int]) -> list[str]:
    """Every group once; where two are related and nothing else is said of where they are, in one phrase."""
    names = [_named(scene, index, known=index in known) for index in range(len(scene.groups))]
    joined = _inline(scene)
    objects = {r.object for r in joined.values()}
    return [
        f"{name} {stressing.DIRECTIONS[joined[index].direction]} {names[joined[index].object]}" if index in joined else name
        for index, name in enumerate(names)
        if index not in objects
    ]


def _named(scene: Scene, index: int, *, known: bool) -> str:
    """A group as it is first named, or named again."""
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
    """Relations by their subjects, of which neither end has another relation or a place of its own."""
    busy = Counter(end for r in scene.relations for end in (r.subject, r.object))
    return {
        r.subject: r
        for r in scene.relations
        if busy[r.subject] == busy[r.object] == 1 and not (scene.groups[r.subject].place or scene.groups[r.object].place)
    }


def _relations(ask: Ask, told: Claim | None) -> list[str]:
    """A clause for each relation that was not said so far."""
    scene, inline = ask.scene, _inline(ask.scene)
    left = [r for r in scene.relations if inline.get(r.subject) != r]
    found = [
        Related(claims.which(scene, r.subject), r.direction, claims.which(scene, r.object))
        for r in left
        if not any(stressing.is_of(r, claim, scene) for claim in (told, *ask.stressed) if claim)
    ]
    return [stressing.own(claim) for claim in found]


def _clause(claim: Claim) -> str | None:
    """A clause for what is stressed besides the first claim."""
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
