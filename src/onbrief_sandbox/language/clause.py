"""A clause while it is read: what was named last, and what waits for its thing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from onbrief_sandbox.language import passing
from onbrief_sandbox.language.draft import Draft, Unread
from onbrief_sandbox.language.phrases import Phrase
from onbrief_sandbox.scene import Colour, Direction, Place, Relation


@dataclass(slots=True)
class Clause:
    """Where the reader is within a sentence. Numbers are those of the draft's groups."""

    draft: Draft
    topic: int | None = None  # what was named last
    chief: int | None = None  # what stood on the left of the last relation
    fresh: bool = True  # nothing was named since the last comma
    place: Place | None = None  # said before its thing
    relations: tuple[tuple[int, Direction], ...] = ()  # wait for their object
    ahead: tuple[Direction, int | None] | None = None  # "above the square, …" waits for its subject
    copula: bool = False
    ground: bool = False  # the background is what is spoken of
    noun: bool = True  # a name may begin here
    absent: bool = False
    mixed: Colour | None = None  # "a black and …", which waits for another colour and a name
    pending: tuple[Phrase, ...] = ()  # "three red and …", which wait for their name
    unread: Unread | None = None  # said of the topic, and not yet all read
    element: bool = False  # an element of a landscape was named last
    sun: bool = False
    new_sun: bool = False  # no sun was asked for before this clause
    horizon: bool = False

    def comma(self) -> None:
        """The sentence goes on with something else, perhaps about the same topic."""
        self.end()
        self.relations = ()
        self.copula = self.ground = self.element = False
        self.noun = self.fresh = True

    def end(self) -> None:
        """What waited gets what it can have. The sun of this clause is where the clause says that it is."""
        if self.sun and self.horizon:
            self.move_sun("sunrise")
        self.sun = self.new_sun = self.horizon = False
        for phrase in self.pending:
            self.add(replace(phrase, noun="orange") if phrase.colour == "orange" else phrase)
        self.pending, self.mixed = (), None
        self.settle()

    def move_sun(self, name: Literal["sunrise", "sunset"]) -> None:
        """The sun of this clause is not up in the sky after all."""
        self.draft.elements.add(name)
        if self.new_sun:
            self.draft.elements.discard("sun")

    # -- what is named -------------------------------------------------------------------------------------------------

    def name(self, phrase: Phrase) -> None:
        """A thing, which what waits for a name has too: "three red and two blue circles"."""
        if self.mixed and phrase.colour:
            said = f"{self.mixed} and {phrase.colour}"
            phrase = replace(phrase, colour=None, determined=True, unread=(said, *phrase.unread))
        self.mixed = None
        for waiting in self.pending:
            self.add(replace(waiting, noun=phrase.noun, plural=True))
        self.pending = ()
        self.add(phrase, bare=phrase.noun == "star" and phrase.plural and not phrase.determined)

    def add(self, phrase: Phrase, *, bare: bool = False) -> None:
        """A group, or more about one that was named before."""
        if not phrase.noun:
            return
        if phrase.count == 0:
            self.draft.forbid(phrase)
            return
        index = self.draft.add(phrase, self.place, bare=bare)
        if index is None:
            return
        self._relate(index)
        self._pass_over(index)
        self.place, self.topic = None, index
        self.ground = self.fresh = self.copula = self.element = False

    def landscape(self, phrase: Phrase) -> None:
        """Elements of a landscape. They have no place of their own, and nothing has one from them."""
        self.sun |= "sun" in phrase.elements
        self.new_sun |= "sun" in phrase.elements and "sun" not in self.draft.elements
        self.draft.elements |= phrase.elements
        if self.relations or self.ahead:
            self.draft.note(Unread("somewhere", "relation", loose=True))
        self.settle(setting=True)
        for said in phrase.unread:
            self.draft.note(Unread(said, "attribute"))
        self.relations, self.topic, self.fresh, self.element = (), None, False, True
        if self.ahead and self.ahead[1] is None:
            self.ahead = None  # "over green hills, …"

    def ground_is(self, phrase: Phrase) -> None:
        """The background, of which something may be said next."""
        self.draft.background = phrase.colour or self.draft.background
        self.ground, self.topic, self.relations = True, None, ()

    def describe(self, phrase: Phrase, *, joined: bool, mixed: bool) -> None:
        """A colour or a number without a name of its own. `joined`: "and" and another name follow; `mixed`: another colour."""
        if self.mixed and phrase.colour:
            self.draft.note(Unread(f"{self.mixed} and {phrase.colour}", "attribute", self.topic, loose=self.topic is None))
            self.mixed = None
        elif self.copula and self.topic is not None and mixed:
            self.mixed = phrase.colour
        elif self.ground and self.copula:
            self.draft.background = phrase.colour or self.draft.background
        elif self.copula and self.topic is not None:
            self.draft.amend(self.topic, phrase)
        elif joined and (phrase.count or 2) > 1 and not (phrase.determined and phrase.count is None):
            self.pending = (*self.pending, phrase)
        elif mixed and phrase.determined and phrase.count in (None, 1):
            self.mixed = phrase.colour
        elif phrase.colour == "orange" and phrase.determined:
            self.add(replace(phrase, noun="orange", colour=None))
        elif self.topic is not None and not phrase.determined:
            self.draft.amend(self.topic, phrase)
        elif phrase.colour:  # "two dogs, one black and one white"
            self.draft.note(Unread(f"in part {phrase.colour}", "attribute", self.topic, loose=self.topic is None))

    # -- where it is ---------------------------------------------------------------------------------------------------

    def put(self, place: Place, *, behind: bool) -> None:
        """A place in the picture: of the topic if it stands behind that, otherwise of what comes next."""
        if behind and self.topic is not None:
            self.draft.put(self.topic, place)
        elif self.element:
            self.draft.note(Unread(f"at the {place}", "relation", loose=True))
        else:
            self.place = place

    def direct(self, direction: Direction, *, after_and: bool) -> None:
        """A direction from what comes next: of the topic, or of what the last direction was said of ("and above …")."""
        self.settle()
        subject = self.chief if after_and and self.chief is not None else self.topic
        if subject is None:
            self.ahead = (direction, None)
        else:
            self.relations = (*(self.relations if after_and else ()), (subject, direction))
            self.chief = subject

    def _relate(self, index: int) -> None:
        for subject, direction in self.relations:
            self.draft.relate(Relation(subject, direction, index))
        self.relations = ()
        if self.ahead:
            direction, other = self.ahead
            if other is None:
                self.ahead = (direction, index)
            else:
                self.draft.relate(Relation(index, direction, other))
                self.ahead = None

    # -- what no scene can hold ----------------------------------------------------------------------------------------

    @property
    def between(self) -> bool:
        """Whether "and" leads to the second of two things that something is between."""
        return self.unread is not None and self.unread.said.endswith("between")

    def wait(self, said: str, kind: Literal["relation", "action"]) -> bool:
        """Something that is said of the topic, and may have an object; whether there is a topic."""
        if self.topic is None:
            return False
        if self.unread and not self.unread.objects:
            self.unread = replace(self.unread, said=f"{self.unread.said} {said}")
        else:
            self.settle()
            self.unread = Unread(said, kind, self.topic)
        return True

    def say(self, phrase: Phrase) -> None:
        """What a phrase says of the topic and no picture here can show: "the cat is fluffy"."""
        said = [word for word in (*phrase.unread, *passing.meaning(phrase.noun.split())) if word]
        if said:
            loose = self.topic is None or not self.copula
            self.draft.note(Unread(" ".join(said), "attribute", self.topic, loose=loose))

    def settle(self, *, setting: bool = False) -> None:
        """Notes what was said and not understood, now that all of it was read."""
        waiting, self.unread = self.unread, None
        if waiting and (waiting.kind == "action" or waiting.objects or setting):
            self.draft.note(replace(waiting, loose=setting))

    def _pass_over(self, index: int) -> None:
        """The group that words like "next to" were waiting for."""
        if self.unread is None or index == self.unread.subject:
            return
        self.unread = replace(self.unread, objects=(*self.unread.objects, index))
        if len(self.unread.objects) >= (2 if self.between else 1):
            self.settle()
