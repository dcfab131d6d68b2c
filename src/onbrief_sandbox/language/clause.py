"""The state of the parser within a clause: what was named last, and which words still wait for the thing they refer to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from onbrief_sandbox.language import passing
from onbrief_sandbox.language.draft import Draft, Unread
from onbrief_sandbox.language.phrases import Phrase
from onbrief_sandbox.scene import Direction, Place, Relation

_IN_THE_SKY = frozenset({"sun", "moon", "stars", "aurora", "meteors", "clouds", "rainbow"})
_ON_THE_HORIZON = " on the horizon"

Places = frozenset[int]
"""The places of tokens."""

Way = tuple[Direction, str]
"""A direction, and the words for it."""


@dataclass(slots=True)
class Clause:
    """The state of the parser within a sentence. Group numbers are indices into the draft's groups."""

    draft: Draft
    topic: int | None = None  # the group that was named last
    chief: int | None = None  # the subject of the last relation
    fresh: bool = True  # nothing was named since the last comma
    place: tuple[Place, Places] | None = None  # a place that precedes its thing
    relations: tuple[tuple[int, Way, Places], ...] = ()  # relations that wait for their object
    ahead: tuple[Way, int | None, Places] | None = None  # "above the square, …" waits for its subject
    copula: bool = False
    ground: bool = False  # the background is the current topic
    noun: bool = True  # a noun phrase may begin here
    absent: bool = False
    negator: Places = frozenset()  # the word that denies what follows
    mixed: Phrase | None = None  # "a black and …" waits for another colour and a noun
    lettered: str = ""  # lettering that was named last
    upon: tuple[str, Places] | None = None  # lettering and its place ("on") wait for the thing
    last: str = ""  # the element that was named last
    earlier: int | None = None  # the group that was named before the topic
    pending: tuple[Phrase, ...] = ()  # "three red and …" wait for their noun
    unread: Unread | None = None  # words about the topic that are not complete yet
    element: bool = False  # an element of a landscape was named last
    sun: bool = False
    new_sun: bool = False  # the sun was first mentioned in this clause
    horizon: Places = frozenset()
    sky: Places = frozenset()  # "in the sky, …" waits for what is there

    def comma(self) -> None:
        """Handle a comma: the sentence continues, possibly about the same topic."""
        self.end()
        self.relations = ()
        self.copula = self.ground = self.element = False
        self.noun = self.fresh = True

    def end(self) -> None:
        """Finish the clause: resolve everything that is waiting, as far as possible, and place this clause's sun."""
        if self.sun and self.horizon:
            self.move_sun("sunrise")
            self.draft.heard |= self.horizon
            if said := self.draft.named.get("sunrise", "").removesuffix(_ON_THE_HORIZON):
                self.draft.named["sunrise"] = f"{said}{_ON_THE_HORIZON}"
        self.sun = self.new_sun = False
        self.horizon = frozenset()
        for phrase in self.pending:
            self.add(replace(phrase, noun="orange") if phrase.colour == "orange" else phrase)
        self.pending, self.mixed = (), None
        self.settle()

    def move_sun(self, name: Literal["sunrise", "sunset"], said: str = "") -> None:
        """Make this clause's sun a sunrise or sunset instead of one high in the sky. `said` is a verb that says so."""
        self.draft.elements.add(name)
        if said:
            self.draft.named[name] = f"sun is {said}"
        if self.new_sun:
            self.draft.elements.discard("sun")

    # -- noun phrases --------------------------------------------------------------------------------------------------

    def name(self, phrase: Phrase) -> None:
        """Add a thing; phrases that wait for a noun get the same one: "three red and two blue circles"."""
        if self.mixed and phrase.colour:
            mixed = f"{self.mixed.colour} and {phrase.colour}"
            places = phrase.places | self.mixed.places
            phrase = replace(phrase, colour=None, determined=True, unread=(mixed, *phrase.unread), places=places)
        self.mixed = None
        for waiting in self.pending:
            self.add(replace(waiting, noun=phrase.noun, plural=True, said=phrase.said))
        self.pending = ()
        self.add(phrase, bare=phrase.noun == "star" and phrase.plural and not phrase.determined)

    def add(self, phrase: Phrase, *, bare: bool = False) -> None:
        """Add a group, or more details to one that was named before."""
        if not phrase.noun:
            return
        if phrase.count == 0:
            self.draft.forbid(replace(phrase, count=None))
            return
        index = self.draft.add(phrase, self.place[0] if self.place else None, bare=bare)
        if index is None:
            return
        if self.place and self.draft.groups[index].place == self.place[0]:
            self.draft.heard |= self.place[1]
        self._relate(index)
        self._pass_over(index)
        self._letter_upon(index)
        self.lettered = ""
        if index != self.topic:
            self.earlier = self.topic
        self.place, self.topic = None, index
        self.ground = self.fresh = self.copula = self.element = False

    def landscape(self, phrase: Phrase) -> None:
        """Add elements of a landscape. They have no place, and other things cannot be placed relative to them."""
        self.sun |= "sun" in phrase.elements
        self.new_sun |= "sun" in phrase.elements and "sun" not in self.draft.elements
        self.draft.elements |= phrase.elements
        self.draft.claim(phrase)
        self.last = next((name for name, _ in reversed(phrase.named)), "")
        for name, said in phrase.named:
            self.draft.named.setdefault(name, said)
            if self.sky and name in _IN_THE_SKY:
                self.draft.heard |= self.sky
                self.draft.named[name] = f"{self.draft.named[name]} in the sky"
                self.sky = frozenset()
        if self.relations or self.ahead:
            self.draft.note(Unread("somewhere", "relation", loose=True))
        self.settle(setting=True)
        for text in phrase.unread:
            self.draft.note(Unread(text, "attribute"))
        self.relations, self.topic, self.fresh, self.element = (), None, False, True
        if self.ahead and self.ahead[1] is None:
            self.ahead = None  # "over green hills, …"

    def in_the_sky(self, phrase: Phrase) -> None:
        """Say of what was named last that it is in the sky, if it can be nowhere else: "a rainbow in the sky"."""
        if self.topic in self.draft.bare:
            self.draft.heard |= phrase.places
        elif self.last in _IN_THE_SKY and self.topic is None:
            self.draft.heard |= phrase.places
            self.draft.named[self.last] = f"{self.draft.named.get(self.last, self.last)} in the sky"
        elif not self.last and self.topic is None:
            self.sky = phrase.places

    def ground_is(self, phrase: Phrase) -> None:
        """Set the background and make it the current topic."""
        if phrase.colour or self.draft.background:
            self.draft.claim(phrase)
        self.draft.background = phrase.colour or self.draft.background
        self.ground, self.topic, self.relations = True, None, ()

    def describe(self, phrase: Phrase, *, joined: bool, mixed: bool) -> None:
        """Handle a colour or number without a noun. `joined`: "and" and another name follow; `mixed`: "and" and a colour."""
        if self.mixed and phrase.colour:
            text, places = f"{self.mixed.colour} and {phrase.colour}", self.mixed.places | phrase.places
            self.draft.note(Unread(text, "attribute", self.topic, loose=self.topic is None, places=places))
            self.mixed = None
        elif self.copula and self.topic is not None and mixed:
            self.mixed = phrase
        elif self.ground and self.copula:
            if self.draft.background in (None, phrase.colour):
                self.draft.claim(phrase)
            self.draft.background = phrase.colour or self.draft.background
        elif self.copula and self.topic is not None:
            self.draft.amend(self.topic, phrase)
        elif joined and (phrase.count or 2) > 1 and not (phrase.determined and phrase.count is None):
            self.pending = (*self.pending, phrase)
        elif mixed and phrase.determined and phrase.count in (None, 1):
            self.mixed = phrase
        elif phrase.colour == "orange" and phrase.determined:
            self.add(replace(phrase, noun="orange", colour=None))
        elif self.topic is not None and not phrase.determined:
            self.draft.amend(self.topic, phrase)
        elif phrase.colour:  # "two dogs, one black and one white"
            text, loose = f"in part {phrase.colour}", self.topic is None
            self.draft.note(Unread(text, "attribute", self.topic, loose=loose, places=phrase.places))

    # -- positions -----------------------------------------------------------------------------------------------------

    def put(self, place: Place, places: Places, *, behind: bool) -> None:
        """Apply a place in the picture to the topic if it follows the topic, otherwise to the next thing."""
        if behind and self.topic is not None:
            self.draft.put(self.topic, place)
            if self.draft.groups[self.topic].place == place:
                self.draft.heard |= places
        elif self.element:
            self.draft.note(Unread(f"at the {place}", "relation", loose=True))
        else:
            self.place = place, places

    def direct(self, direction: Way, places: Places, *, after_and: bool) -> None:
        """Start a relation to the next thing, from the topic or, after "and" ("and above …"), the last relation's subject."""
        self.settle()
        subject = self.chief if after_and and self.chief is not None else self.topic
        if subject is None:
            self.ahead = (direction, None, places)
        else:
            self.relations = (*(self.relations if after_and else ()), (subject, direction, places))
            self.chief = subject

    def _relate(self, index: int) -> None:
        for subject, direction, places in self.relations:
            self.draft.relate(Relation(subject, direction[0], index, direction[1]), places)
        self.relations = ()
        if self.ahead:
            direction, other, places = self.ahead
            if other is None:
                self.ahead = (direction, index, places)
            else:
                self.draft.relate(Relation(index, direction[0], other, direction[1]), places)
                self.ahead = None

    def refer(self) -> None:
        """Let "it" stand for the thing that was named before the topic: "a towel with a cat on it"."""
        if self.upon and self.topic is not None:
            self._letter_upon(self.topic)
        if self.earlier is None or self.earlier == self.topic:
            return
        if self.unread and not self.unread.objects:
            self._pass_over(self.earlier)
        for subject, direction, places in self.relations:
            self.draft.relate(Relation(subject, direction[0], self.earlier, direction[1]), places)
        self.relations = ()

    def _letter_upon(self, index: int) -> None:
        if self.upon:
            text, places = self.upon
            self.draft.note(Unread(text, "relation", None, (index,), places=places))
            self.upon = None

    # -- what a scene cannot represent ---------------------------------------------------------------------------------

    @property
    def between(self) -> bool:
        """Whether "and" introduces the second object of "between"."""
        return self.unread is not None and self.unread.text.endswith("between")

    def wait(self, text: str, kind: Literal["relation", "action"], places: Places) -> bool:
        """Record words about the topic that may still get an object. Return whether there is a topic."""
        if self.topic is None:
            return False
        if self.unread and not self.unread.objects:
            self.unread = replace(self.unread, text=f"{self.unread.text} {text}", places=self.unread.places | places)
        else:
            self.settle()
            self.unread = Unread(text, kind, self.topic, places=places)
        return True

    def say(self, phrase: Phrase) -> None:
        """Record what a phrase says about the topic that the sandbox cannot draw: "the cat is fluffy"."""
        unread = [word for word in (*phrase.unread, *passing.meaning(phrase.noun.split())) if word]
        if unread:
            loose = self.topic is None or not self.copula
            self.draft.note(Unread(" ".join(unread), "attribute", self.topic, loose=loose, places=phrase.places))
            if not loose:
                left = tuple(word for word in phrase.dropped if word not in unread)
                self.draft.claim(replace(phrase, dropped=left), self.topic)

    def settle(self, *, setting: bool = False) -> None:
        """Add the pending words that were not understood to the draft."""
        waiting, self.unread = self.unread, None
        if waiting and (waiting.kind == "action" or waiting.objects or setting):
            self.draft.note(replace(waiting, loose=setting))

    def _pass_over(self, index: int) -> None:
        """Attach the group that words like "next to" were waiting for."""
        if self.unread is None or index == self.unread.subject:
            return
        self.unread = replace(self.unread, objects=(*self.unread.objects, index))
        if len(self.unread.objects) >= (2 if self.between else 1):
            self.settle()
