"""The scene under construction while a text is parsed, phrase by phrase."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from onbrief_sandbox.language.phrases import Phrase
from onbrief_sandbox.scene import Colour, Group, Place, Relation, Scene

MAX_GROUPS = 12  # more do not fit into one picture
MAX_WORDS = 4
MAX_LETTERS = 32
MAX_CHARACTERS = 80  # characters
_MAX_UNREAD = 12


@dataclass(frozen=True, slots=True)
class Unread:
    """Words that a scene cannot represent, about the group with index `subject`: that a cat is "fluffy", or "next to" the
    groups `objects`. Without a subject, they describe a landscape: "misty mountains". `loose`: they only say where in a
    landscape something is, or refer to nothing in particular; a lenient reader may ignore them.
    """

    text: str
    kind: Literal["attribute", "relation", "action"]
    subject: int | None = None
    objects: tuple[int, ...] = ()
    loose: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """The parsed part of a text, and the parts that were not understood."""

    scene: Scene
    unread: tuple[Unread, ...] = ()


@dataclass(slots=True)
class Draft:
    """A scene under construction. Groups are identified by their index, in the order in which they were named."""

    groups: list[Group] = field(default_factory=list[Group])
    bare: set[int] = field(default_factory=set[int])  # "stars" without number or article: in the sky, if there is one
    relations: list[Relation] = field(default_factory=list[Relation])
    background: Colour | None = None
    elements: set[str] = field(default_factory=set[str])
    words: list[str] = field(default_factory=list[str])
    absent: set[str] = field(default_factory=set[str])
    styles: set[str] = field(default_factory=set[str])
    unread: list[Unread] = field(default_factory=list[Unread])
    sky: bool = False

    def add(self, phrase: Phrase, place: Place | None, *, bare: bool = False) -> int | None:
        """Add a group, or more details to one that was named before. Return its index, or None if the picture is full."""
        named_again = phrase.definite or not (phrase.determined or phrase.plural)
        index = self._known(phrase) if named_again else None
        if index is None:
            if len(self.groups) >= MAX_GROUPS:
                return None
            index = len(self.groups)
            count = phrase.count or phrase.amount or (3 if phrase.plural else 1)
            self.groups.append(Group(phrase.noun, count, phrase.colour, place, numbered=phrase.count is not None))
            if bare and not phrase.colour and not place:
                self.bare.add(index)
        else:
            group = self.groups[index]
            numbered = phrase.count is not None
            self.groups[index] = replace(
                group,
                count=phrase.count if numbered and phrase.count else group.count,
                numbered=group.numbered or numbered,
                colour=group.colour or phrase.colour,
                place=group.place or place,
            )
        for text in phrase.unread:
            self.note(Unread(text, "attribute", index))
        return index

    def amend(self, topic: int, phrase: Phrase) -> None:
        """Add a count or colour to a group ("the circle is red"). If it already has another colour, both are requested."""
        group = self.groups[topic]
        if phrase.count and not group.numbered:
            group = replace(group, count=phrase.count, numbered=True)
        if phrase.colour and group.colour in (None, phrase.colour):
            group = replace(group, colour=phrase.colour)
        elif phrase.colour and len(self.groups) < MAX_GROUPS:
            self.groups.append(replace(group, colour=phrase.colour))
        self.groups[topic] = group

    def put(self, topic: int, place: Place) -> None:
        """Set the place of a group, unless it already has one."""
        group = self.groups[topic]
        self.groups[topic] = replace(group, place=group.place or place)

    def relate(self, relation: Relation) -> None:
        """Add a relation between two groups."""
        if relation not in self.relations and relation.subject != relation.object:
            self.relations.append(relation)

    def forbid(self, phrase: Phrase) -> None:
        """Add something that must be absent. Anything else about it except a colour is not understood."""
        if phrase.lettering and not phrase.noun.count(" "):
            self.absent.add("text")
        elif phrase.noun:
            self.absent.add(f"{phrase.colour} {phrase.noun}" if phrase.colour else phrase.noun)
        elif phrase.colour == "orange":
            self.absent.add("orange")
        self.absent |= {"star" if name == "stars" else name for name in phrase.elements}
        for text in phrase.unread:
            self.note(Unread(f"no {text}", "attribute", loose=True))

    def letter(self, text: str) -> None:
        """Add words to be lettered. A sign that carries them is painted as the banner, not as a separate thing."""
        letters = " ".join("".join(c for c in text if " " <= c <= "~").split())[:MAX_LETTERS].strip(" .,;:!?")
        known = {word.casefold() for word in self.words}
        if letters and letters.casefold() not in known and len(self.words) < MAX_WORDS:
            self.words.append(letters)

    def note(self, unread: Unread) -> None:
        """Record words that were not understood."""
        unread = replace(unread, text=unread.text[:MAX_CHARACTERS].strip())
        if unread.text and unread not in self.unread and len(self.unread) < _MAX_UNREAD:
            self.unread.append(unread)

    def reading(self) -> Reading:
        """Return the scene that all sentences together request."""
        kept = list(range(len(self.groups)))
        if self.elements or self.sky:
            related = {number for relation in self.relations for number in (relation.subject, relation.object)}
            in_the_sky = {i for i in self.bare if i not in related and self.groups[i].colour is None}
            if in_the_sky:
                self.elements.add("stars")
                kept = [index for index in kept if index not in in_the_sky]
        number = {old: new for new, old in enumerate(kept)}
        scene = Scene(
            groups=tuple(self.groups[index] for index in kept),
            relations=tuple(Relation(number[r.subject], r.direction, number[r.object]) for r in self.relations),
            background=self.background,
            elements=frozenset(self.elements),
            words=tuple(self.words),
            absent=frozenset(self.absent),
            styles=frozenset(self.styles),
        )
        unread = tuple(
            replace(
                u,
                subject=None if u.subject is None else number.get(u.subject),
                objects=tuple(number[o] for o in u.objects if o in number),
            )
            for u in self.unread
        )
        return Reading(scene, unread)

    def _known(self, phrase: Phrase) -> int | None:
        """Return the index of the group that "the red circles" refers to: the last one that the phrase does not contradict."""
        fitting = [
            index
            for index, group in enumerate(self.groups)
            if group.noun == phrase.noun
            and (phrase.colour is None or group.colour in (None, phrase.colour))
            and (phrase.count is None or not group.numbered or group.count == phrase.count)
        ]
        exact = [index for index in fitting if self.groups[index].colour == phrase.colour]
        return (exact or fitting or [None])[-1]
