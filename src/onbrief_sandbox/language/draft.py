"""The scene under construction while a text is parsed, phrase by phrase."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from onbrief_sandbox.language import words
from onbrief_sandbox.language.phrases import Phrase
from onbrief_sandbox.scene import Colour, Group, Place, Relation, Scene

MAX_GROUPS = 12  # more do not fit into one picture
MAX_WORDS = 4
MAX_LETTERS = 32
MAX_CHARACTERS = 80  # characters
_EDGES = " .,;:!?"
MAX_PASSED = 460  # characters
_MAX_UNREAD = 200


@dataclass(frozen=True, slots=True)
class Unread:
    """Words that a scene cannot represent, about the group with index `subject`: that a cat is "fluffy", or "next to" the
    groups `objects`. Without a subject, they describe a landscape: "misty mountains". `loose`: they only say where in a
    landscape something is, or refer to nothing in particular; the words themselves are then among those that were passed over.
    `places` are those of their tokens.
    """

    text: str
    kind: Literal["attribute", "relation", "action", "object", "text", "absence", "format", "style", "whole"]
    subject: int | None = None
    objects: tuple[int, ...] = ()
    loose: bool = False
    places: frozenset[int] = field(default=frozenset(), compare=False)


@dataclass(frozen=True, slots=True)
class Reading:
    """The parsed part of a text, and the parts that were not understood.

    `passed` are words that the scene and `unread` leave out, `vague` absent things of which only some must be absent ("no big
    dogs") and lettering that is incomplete, `carried` lettering and what it is on.
    """

    scene: Scene
    unread: tuple[Unread, ...] = ()
    passed: tuple[Unread, ...] = ()
    vague: frozenset[str] = frozenset()
    carried: tuple[tuple[str, str], ...] = ()


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
    named: dict[str, str] = field(default_factory=dict[str, str])
    passed: list[Unread] = field(default_factory=list[Unread])
    vague: set[str] = field(default_factory=set[str])
    carried: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    heard: set[int] = field(default_factory=set[int])  # places of the tokens that the scene or a note represents
    owners: dict[int, int] = field(default_factory=dict[int, int])  # the groups that they belong to

    def claim(self, phrase: Phrase, index: int | None = None) -> None:
        """Record that a phrase is represented, by the group with this index if it is about one, except what it drops."""
        self.heard |= phrase.places
        if index is not None:
            self.owners |= dict.fromkeys(phrase.places, index)
        if phrase.elements and phrase.dropped:
            self.pass_over(Unread(" ".join(phrase.words), "attribute", index))
            return
        apart = [word for word in phrase.dropped if word in words.DEBATABLE or word in words.NARROWER]
        rest = [word for word in phrase.dropped if word not in apart]
        for text in (*apart, " ".join(rest)):
            self.pass_over(Unread(text, "attribute", index))

    def pass_over(self, unread: Unread) -> None:
        """Record words that neither the scene nor a note represents."""
        unread = replace(unread, text=unread.text[:MAX_PASSED].strip())
        self.heard |= unread.places
        if unread.text and unread not in self.passed:
            self.passed.append(unread)

    def add(self, phrase: Phrase, place: Place | None, *, bare: bool = False) -> int | None:
        """Add a group, or more details to one that was named before. Return its index, or None if the picture is full."""
        named_again = phrase.definite or not (phrase.determined or phrase.plural)
        index = self._known(phrase) if named_again else None
        if index is None:
            if len(self.groups) >= MAX_GROUPS:
                noun = words.plural(phrase.said or phrase.noun) if phrase.plural else phrase.said or phrase.noun
                number = "" if phrase.count is None else words.numeral(phrase.count)
                full = " ".join(part for part in (number, *phrase.unread, phrase.colour or "", noun) if part)
                self.pass_over(Unread(full, "object"))
                self.claim(phrase)
                return None
            index = len(self.groups)
            count = phrase.count or phrase.amount or (3 if phrase.plural else 1)
            numbered = phrase.count is not None
            self.groups.append(Group(phrase.noun, count, phrase.colour, place, numbered, phrase.said, phrase.counted))
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
            if phrase.count is not None and phrase.count != self.groups[index].count:
                self.pass_over(Unread(str(phrase.count), "attribute", index))
            if phrase.said not in ("", group.said, phrase.noun):
                self.pass_over(Unread(words.article(phrase.said), "attribute", index))
        self.claim(phrase, index)
        for text in phrase.unread:
            self.note(Unread(text, "attribute", index))
        return index

    def amend(self, topic: int, phrase: Phrase) -> None:
        """Add a count or colour to a group ("the circle is red"). If it already has another colour, both are requested."""
        group = self.groups[topic]
        if (phrase.count and group.numbered and group.count != phrase.count) or (
            phrase.colour and group.colour not in (None, phrase.colour) and len(self.groups) >= MAX_GROUPS
        ):
            return
        self.claim(phrase, topic)
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

    def relate(self, relation: Relation, places: frozenset[int]) -> None:
        """Add a relation between two groups, which these tokens express."""
        if relation.subject == relation.object:
            return
        self.heard |= places
        if relation not in self.relations:
            self.relations.append(relation)

    def forbid(self, phrase: Phrase) -> None:
        """Add something that must be absent. Anything else about it except a colour is not understood."""
        absent = set(self.absent)
        if phrase.lettering and not phrase.noun.count(" "):
            self.absent.add("text")
        elif phrase.noun:
            self.absent.add(f"{phrase.colour} {phrase.noun}" if phrase.colour else phrase.noun)
        elif phrase.colour == "orange":
            self.absent.add("orange")
        self.absent |= {"star" if name == "stars" else name for name in phrase.elements}
        for text in phrase.unread:
            self.note(Unread(f"no {text}", "attribute", loose=True))
        new = {noun for noun in self.absent if noun not in absent}
        if new:
            self.heard |= phrase.places
        if new and (phrase.unread or phrase.dropped or phrase.count):
            self.vague |= new
            said = words.plural(phrase.noun) if phrase.plural else phrase.noun
            more = () if phrase.count is None else (words.numeral(phrase.count),)
            tail = () if set(phrase.dropped) & words.NARROWER else (phrase.colour or "", said or " ".join(phrase.elements))
            full = " ".join(part for part in ("no", *more, *phrase.unread, *phrase.dropped, *tail) if part)
            self.pass_over(Unread(full, "absence"))
        elif len(new) == 1 and phrase.said not in ("", phrase.noun) and not phrase.colour:
            self.named[next(iter(new))] = f"no {words.plural(phrase.said) if phrase.plural else phrase.said}"

    def letter(self, text: str) -> None:
        """Add words to be lettered. A sign that carries them is painted as the banner, not as a separate thing."""
        letters = _letters(text)
        known = {word.casefold() for word in self.words}
        if not fits(text) or (len(known) >= MAX_WORDS and letters.casefold() not in known):
            self.pass_over(Unread(" ".join(text.split()), "text"))
            self.vague.add(letters)
        if letters and letters.casefold() not in known and len(self.words) < MAX_WORDS:
            self.words.append(letters)

    def note(self, unread: Unread) -> None:
        """Record words that were not understood."""
        unread = replace(unread, text=unread.text[:MAX_CHARACTERS].strip())
        if unread.text and not unread.loose:
            self.heard |= unread.places
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
            relations=tuple(Relation(number[r.subject], r.direction, number[r.object], r.said) for r in self.relations),
            background=self.background,
            elements=frozenset(self.elements),
            words=tuple(self.words),
            absent=frozenset(self.absent),
            styles=frozenset(self.styles),
            named=tuple(self.named.items()),
        )

        def numbered(unread: Unread) -> Unread:
            return replace(
                unread,
                subject=None if unread.subject is None else number.get(unread.subject),
                objects=tuple(number[o] for o in unread.objects if o in number),
            )

        return Reading(
            scene,
            tuple(map(numbered, self.unread)),
            tuple(map(numbered, self.passed)),
            frozenset(self.vague),
            tuple(self.carried),
        )

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


def fits(text: str) -> bool:
    """Return whether all of a text can be lettered."""
    return _letters(text) == " ".join(text.split()).strip(_EDGES)


def _letters(text: str) -> str:
    return " ".join("".join(c for c in text if " " <= c <= "~").split())[:MAX_LETTERS].strip(_EDGES)
