"""Claims: the typed meaning of a requirement's text. Each can be written as a sentence, parsed back, and checked on a Sight.

scene ── of ──► claims ── sentence ──► text ── read ──► claims ── check ──► yes or no, and evidence
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from onbrief.brief import Kind
from onbrief_sandbox.scene import Colour, Direction, Group, Place, Relation, Scene


@dataclass(frozen=True, slots=True)
class Which:
    """The things that a claim is about: all circles, or all red circles if circles of several colours are requested.

    `many` selects the grammatical plural; it makes no claim about the count. `said` is another word for the noun.
    """

    noun: str
    colour: Colour | None = None
    many: bool = field(default=False, compare=False)
    said: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Present:
    """At least one of these is in the picture."""

    which: Which


@dataclass(frozen=True, slots=True)
class Counted:
    """Exactly `number` of these are in the picture. `said` is a noun for the number: "pair"."""

    which: Which
    number: int
    said: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Coloured:
    """Each of these has this colour."""

    which: Which
    colour: Colour


@dataclass(frozen=True, slots=True)
class Placed:
    """The centre of each of these is in this third of the picture."""

    which: Which
    place: Place


@dataclass(frozen=True, slots=True)
class Related:
    """Each of these is in this direction from each of the others. `said` are other words for the direction."""

    which: Which
    direction: Direction
    other: Which
    said: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Ground:
    """The background has this colour."""

    colour: Colour


@dataclass(frozen=True, slots=True)
class ElementThere:
    """This element of a landscape is in the picture. `said` is another word for it."""

    name: str
    said: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Lettered:
    """These words can be read. `on` names what carries them."""

    text: str
    on: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Absent:
    """Nothing of this kind is in the picture: a noun, a noun with its colour ("red circle"), an element, or "text". `said` is
    another word for it.
    """

    noun: str
    said: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Styled:
    """The picture has this style. `said` is another word for it."""

    style: str
    said: str = field(default="", compare=False)


Claim = Present | Counted | Coloured | Placed | Related | Ground | ElementThere | Lettered | Absent | Styled


def kind(claim: Claim) -> Kind:
    """Return the kind of the requirement that makes this claim."""
    match claim:
        case Present() | ElementThere():
            return "object"
        case Counted():
            return "count"
        case Coloured() | Ground():
            return "attribute"
        case Placed() | Related():
            return "relation"
        case Lettered():
            return "text"
        case Absent():
            return "absence"
        case Styled():
            return "style"


def parents(claim: Claim) -> tuple[Claim, ...]:
    """Return the claims that this one presupposes: a red circle presupposes a circle."""
    match claim:
        case Present(which):
            return (Present(Which(which.noun, None, which.many, which.said)),) if which.colour else ()
        case Counted(which) | Coloured(which) | Placed(which):
            return (Present(which),)
        case Related(which, _, other):
            return (Present(which), Present(other))
        case _:
            return ()


def of(scene: Scene, *, apart: bool = False) -> tuple[Claim, ...]:
    """Return all claims of a scene, parents first, without duplicates.

    Colours are separate claims ("there is a circle", "the circle is red") unless things with the same noun differ in colour.
    With `apart`, colours are never separate, so that each claim is complete by itself ("there is a red circle").
    """
    whiches = [which(scene, index, apart=apart) for index in range(len(scene.groups))]
    claims: list[Claim] = []
    for group, those in zip(scene.groups, whiches, strict=True):
        claims += [*parents(Present(those)), Present(those)]
        if group.numbered:
            alike = (g for g, w in zip(scene.groups, whiches, strict=True) if w == those and g.numbered)
            claims.append(Counted(those, sum(g.count for g in alike), group.counted))
        if group.colour and not those.colour:
            claims.append(Coloured(those, group.colour))
        if group.place:
            claims.append(Placed(those, group.place))
    claims += [Related(whiches[r.subject], r.direction, whiches[r.object], r.said) for r in scene.relations]
    if scene.background:
        claims.append(Ground(scene.background))
    named = dict(scene.named)
    claims += [ElementThere(name, named.get(name, "")) for name in sorted(scene.elements)]
    claims += [Lettered(text) for text in scene.words]
    claims += [Absent(noun, named.get(noun, "")) for noun in sorted(scene.absent)]
    claims += [Styled(style, named.get(style, "")) for style in sorted(scene.styles)]
    return tuple(dict.fromkeys(claims))


def scene(claims: Iterable[Claim]) -> Scene:
    """Return the scene that makes all of these claims: the inverse of `of`, as far as the claims determine it."""
    claims = tuple(claims)
    colours = _colours(claims)
    groups: dict[tuple[str, Colour | None], Group] = {}

    def at(those: Which, **known: object) -> int | None:
        """Return the index of the group that these belong to; None if "the circles" are groups of several colours."""
        its_colours = colours.get(those.noun, set())
        if those.colour is None and len(its_colours) > 1:
            return None
        key = (those.noun, those.colour or next(iter(its_colours), None))
        group = groups.setdefault(key, Group(those.noun, 3 if those.many else 1, key[1], numbered=False))
        groups[key] = replace(group, **known)
        return list(groups).index(key)

    background: Colour | None = None
    relations: list[Relation] = []
    for claim in claims:
        match claim:
            case Present(those):
                at(those)
            case Counted(those, number, _):
                at(those, count=number, numbered=True)
            case Coloured(those, colour):
                at(Which(those.noun, colour, those.many))
            case Placed(those, place):
                at(those, place=place)
            case Related(those, direction, other, _):
                ends = at(those), at(other)
                if ends[0] is not None and ends[1] is not None and ends[0] != ends[1]:
                    relations.append(Relation(ends[0], direction, ends[1]))
            case Ground(colour):
                background = colour
            case _:
                pass
    return Scene(
        groups=tuple(groups.values()),
        relations=tuple(dict.fromkeys(relations)),
        background=background,
        elements=frozenset(claim.name for claim in claims if isinstance(claim, ElementThere)),
        words=tuple(claim.text for claim in claims if isinstance(claim, Lettered)),
        absent=frozenset(claim.noun for claim in claims if isinstance(claim, Absent)),
        styles=frozenset(claim.style for claim in claims if isinstance(claim, Styled)),
    )


def _colours(claims: tuple[Claim, ...]) -> dict[str, set[Colour]]:
    """Return the requested colours for each noun."""
    colours: dict[str, set[Colour]] = {}
    for claim in claims:
        match claim:
            case Coloured(those, colour):
                colours.setdefault(those.noun, set()).add(colour)
            case Related(those, _, other, _):
                for end in (those, other):
                    if end.colour:
                        colours.setdefault(end.noun, set()).add(end.colour)
            case Present(those) | Counted(those) | Placed(those):
                if those.colour:
                    colours.setdefault(those.noun, set()).add(those.colour)
            case _:
                pass
    return colours


def which(scene: Scene, index: int, *, apart: bool = False) -> Which:
    """Return the description of one group that distinguishes it from groups with the same noun."""
    group = scene.groups[index]
    namesakes = {g.colour for g in scene.groups if g.noun == group.noun}
    many = sum(g.count for g in scene.groups if (g.noun, g.colour) == (group.noun, group.colour)) != 1
    return Which(group.noun, group.colour if apart or len(namesakes) > 1 else None, many, group.said)
