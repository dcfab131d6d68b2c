"""How the painter understands a prompt: English text becomes a Scene, read once from left to right.

Nothing is ever refused. What cannot be understood is passed over, as image models do, and a text that contradicts itself
becomes a scene that no picture can meet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from onbrief.sandbox.language import foreign, passing, phrases, placing, words
from onbrief.sandbox.language.draft import MAX_WORDS, Draft, Reading, Unread
from onbrief.sandbox.language.phrases import Phrase
from onbrief.sandbox.language.placing import Layout
from onbrief.sandbox.language.tokens import END, Token, sentences
from onbrief.sandbox.scene import Direction, Place, Relation, Scene

_SUN_UP = frozenset({"rising", "rises", "rise", "coming", "comes"})
_SUN_DOWN = frozenset({"setting", "sets", "sinking", "sinks"})
_PRONOUNS = frozenset({"it", "they", "it's"})


def parse(text: str, negative: str = "") -> Scene:
    """The scene that an English prompt asks for; `negative` names what must be absent.

    Words of other languages are not seen. A noun without a drawing becomes a group of cards with that name.
    """
    return read(text, negative).scene


def read(text: str, negative: str = "") -> Reading:
    """The scene, and what the text says besides that no scene can hold."""
    reader = _Reader()
    for sentence in sentences(foreign.legible(text)):
        reader.read(sentence)
    for sentence in sentences(negative):
        reader.read_negative(sentence)
    return reader.draft.reading()


@dataclass(slots=True)
class _Clause:
    """Where the reader is within a sentence. Numbers are those of groups."""

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
    pending: tuple[Phrase, ...] = ()  # "three red and …", which wait for their name
    unread: Unread | None = None  # said of the topic, and not yet all read
    element: bool = False  # an element of a landscape was named last
    sun: bool = False
    new_sun: bool = False  # no sun was asked for before this clause
    horizon: bool = False


class _Reader:
    """Gathers a scene from sentences."""

    def __init__(self) -> None:
        self.draft = Draft()
        self.clause = _Clause()

    # -- sentences -----------------------------------------------------------------------------------------------------

    def read(self, tokens: list[Token]) -> None:
        """One sentence."""
        last = len(self.draft.groups) - 1 if self.draft.groups else None
        self.clause = _Clause(topic=last if tokens[0].text in _PRONOUNS else None)
        index = 0
        while index < len(tokens):
            index = self._step(tokens, index)
        self._end_clause()

    def read_negative(self, tokens: list[Token]) -> None:
        """A list of what must not be there."""
        index = 0
        while index < len(tokens):
            if tokens[index].text in words.NOBODY:
                self.draft.absent.add("person")
            elif phrases.content(tokens[index]) or tokens[index].text in words.OPENINGS:
                phrase = phrases.read(tokens, index)
                self.draft.forbid(phrase)
                index = phrase.end
                continue
            index += 1

    def _step(self, tokens: list[Token], index: int) -> int:
        """Reads what begins at `index`; answers where the next thing begins."""
        clause, token = self.clause, tokens[index]
        word = token.text
        if token.kind == "comma":
            return self._comma(tokens, index)
        if token.kind == "quote":
            self.draft.letter("" if clause.absent else word)
            return index + 1
        if found := placing.find(tokens, index):
            return self._lay_out(tokens, index, found)
        if word in words.NOBODY or (word == "no" and _text(tokens, index + 1) == "one"):
            self.draft.absent.add("person")
            clause.noun = True
            return index + (1 if word in words.NOBODY else 2)
        if word in words.NEGATORS or (word == "free" and _text(tokens, index + 1) in ("of", "from")):
            clause.absent, clause.noun, clause.copula = True, True, False
            return index + (1 if word != "free" else 2)
        if word == "not" or word.endswith("n't"):
            return self._not(tokens, index)
        named = word in ("word", "words", "text") and _text(tokens, index + 1).isalpha()
        if not clause.absent and (named or word in words.LETTERING):
            spoken = self._spoken(tokens, index)
            if spoken > index:
                return spoken
        if word in words.COPULAS:
            clause.copula = index > 0 and tokens[index - 1].text != "there" and clause.ahead is None
            clause.noun = not clause.copula
            return index + 1
        if (passed := passing.find(tokens, index)) and not clause.absent and self._wait(passed.said, passed.kind):
            clause.noun = True
            return passed.end
        if word in words.BREAKS:
            return self._connect(tokens, index)
        return self._name(tokens, index)

    def _end_clause(self) -> None:
        """The sun of this clause is where the clause says that it is."""
        clause = self.clause
        if clause.sun and clause.horizon:
            self._move_sun("sunrise")
        clause.sun = clause.new_sun = clause.horizon = False
        for phrase in clause.pending:
            self._add(replace(phrase, noun="orange") if phrase.colour == "orange" else phrase)
        clause.pending = ()
        self._settle()

    # -- what stands between names -------------------------------------------------------------------------------------

    def _comma(self, tokens: list[Token], index: int) -> int:
        clause = self.clause
        self._end_clause()
        if clause.absent:
            clause.absent = self._list_goes_on(tokens, index + 1)
        clause.relations = ()
        clause.copula = clause.ground = clause.element = False
        clause.noun = clause.fresh = True
        return index + 1

    def _list_goes_on(self, tokens: list[Token], index: int) -> bool:
        """Whether "no cats, dogs or birds" still lists what is absent: a bare name, then a comma or "or"."""
        if not (index < len(tokens) and phrases.content(tokens[index])):
            return False
        end = phrases.read(tokens, index).end
        following = _text(tokens, end)
        return following in ("or", "nor") or (following == "," and self._or_follows(tokens, end))

    def _or_follows(self, tokens: list[Token], index: int) -> bool:
        near = [token.text for token in tokens[index : index + 6]]
        return "or" in near or "nor" in near

    def _connect(self, tokens: list[Token], index: int) -> int:
        clause, word = self.clause, tokens[index].text
        if not (word == "and" and clause.unread and clause.unread.said.endswith("between")):
            self._settle()
        if word in ("and", "but", "or"):
            after = tokens[index + 1] if index + 1 < len(tokens) else END
            bare = phrases.content(after) and after.text not in words.COLOUR_WORDS
            clause.absent = clause.absent and (word == "or" or (word == "and" and bare and not clause.noun))
            clause.copula = False
        elif word == "there":
            clause.topic, clause.ground = None, False
        elif word in _SUN_UP and clause.sun:
            self._move_sun("sunrise")
        elif word in _SUN_DOWN and clause.sun:
            self._move_sun("sunset")
        elif word == "on" and clause.topic is not None and not clause.absent:
            clause.relations = ((clause.topic, "above"),)
        clause.noun = True
        return index + 1

    def _not(self, tokens: list[Token], index: int) -> int:
        """What "there are not any cats" forbids; "the circle is not red" says nothing that a painter could use."""
        clause = self.clause
        if clause.topic is None:
            clause.absent = clause.noun = True
            return index + 1
        start = index
        index += 1
        while index < len(tokens) and tokens[index].kind != "comma" and tokens[index].text not in ("and", "but"):
            index += 1
        said = " ".join(token.text for token in tokens[start + 1 : index])
        self.draft.note(Unread(f"not {said}".strip(), "attribute", clause.topic))
        return index

    def _lay_out(self, tokens: list[Token], index: int, found: Layout) -> int:
        clause = self.clause
        if found.place:
            after = _text(tokens, found.end)
            behind = index > 0 and clause.topic is not None and (not clause.fresh or after in ("", ",", "and"))
            if behind and clause.topic is not None:
                self.draft.put(clause.topic, found.place)
            elif clause.element:
                self.draft.note(Unread(f"at the {found.place}", "relation", loose=True))
            else:
                clause.place = found.place
        elif found.direction:
            self._settle()
            subject = clause.topic
            if index > 0 and tokens[index - 1].text == "and" and clause.chief is not None:
                subject = clause.chief
            if subject is None:
                clause.ahead = (found.direction, None)
            else:
                joined = index > 0 and tokens[index - 1].text == "and"  # "to the left of and above a square"
                clause.relations = (*(clause.relations if joined else ()), (subject, found.direction))
                clause.chief = subject
        clause.noun, clause.copula = True, False
        return found.end

    # -- lettering -----------------------------------------------------------------------------------------------------

    def _spoken(self, tokens: list[Token], index: int) -> int:
        """Words to be lettered that stand without quotation marks: "a sign that says OPEN LATE"."""
        end = index + 1
        while end < len(tokens) and end - index <= MAX_WORDS and phrases.content(tokens[end]):
            end += 1
        if tokens[index].text not in words.LETTERING and end - index > 2:
            return index
        if end > index + 1 and _text(tokens, end) not in words.LETTERING:
            self.draft.letter(" ".join(token.text.upper() for token in tokens[index + 1 : end]))
            return end
        return index

    # -- names ---------------------------------------------------------------------------------------------------------

    def _name(self, tokens: list[Token], index: int) -> int:
        clause = self.clause
        phrase = phrases.read(tokens, index, named=clause.absent)
        self.draft.sky |= phrase.sky
        clause.horizon |= phrase.horizon
        if not clause.noun and not phrase.determined and not clause.copula:
            clause.noun = True
            for said in passing.meaning((tokens[index].text,)):
                self._wait(said, "action")
            return index + 1  # a verb that the vocabulary lacks: "a moon hangs …"
        clause.noun = False
        if clause.absent:
            self.draft.forbid(phrase)
            clause.absent = _text(tokens, phrase.end) in ("or", "nor", "and", ",")
            return phrase.end
        self.draft.styles |= phrase.styles
        if phrase.background:
            self.draft.background = phrase.colour or self.draft.background
            clause.ground, clause.topic, clause.relations = True, None, ()
        elif phrase.elements:
            self._landscape(phrase)
        elif phrase.lettering and self._letters_follow(tokens, phrase.end):
            pass
        elif phrase.noun and not (clause.copula and not phrase.determined):
            for waiting in clause.pending:
                self._add(replace(waiting, noun=phrase.noun, plural=True))
            clause.pending = ()
            self._add(phrase, bare=phrase.noun == "star" and phrase.plural and not phrase.determined)
        elif phrase.colour or phrase.count is not None:
            self._describe(phrase, tokens)
        if clause.copula or not (phrase.noun or phrase.elements):
            self._say(phrase)
        return phrase.end

    def _letters_follow(self, tokens: list[Token], end: int) -> bool:
        near = tokens[end : end + 6]
        return any(token.kind == "quote" or token.text in words.LETTERING for token in near)

    def _landscape(self, phrase: Phrase) -> None:
        clause = self.clause
        clause.sun |= "sun" in phrase.elements
        clause.new_sun |= "sun" in phrase.elements and "sun" not in self.draft.elements
        self.draft.elements |= phrase.elements
        if clause.relations or clause.ahead:
            self.draft.note(Unread("somewhere", "relation", loose=True))
        self._settle(setting=True)
        for said in phrase.unread:
            self.draft.note(Unread(said, "attribute"))
        clause.relations, clause.topic, clause.fresh, clause.element = (), None, False, True
        if clause.ahead and clause.ahead[1] is None:
            clause.ahead = None  # "over green hills, …": elements have no place of their own

    def _move_sun(self, name: str) -> None:
        """The sun of this clause is not up in the sky after all."""
        self.draft.elements.add(name)
        if self.clause.new_sun:
            self.draft.elements.discard("sun")

    def _describe(self, phrase: Phrase, tokens: list[Token]) -> None:
        """A colour or a number without a name of its own."""
        clause = self.clause
        following = [token.text for token in tokens[phrase.end : phrase.end + 2]]
        joined = following[:1] == ["and"] and following[1:] != [] and following[1] not in words.DETERMINERS
        if clause.ground and clause.copula:
            self.draft.background = phrase.colour or self.draft.background
        elif clause.copula and clause.topic is not None:
            self.draft.amend(clause.topic, phrase)
        elif joined and (phrase.count or 2) > 1 and not (phrase.determined and phrase.count is None):
            clause.pending = (*clause.pending, phrase)
        elif phrase.colour == "orange" and phrase.determined:
            self._add(replace(phrase, noun="orange", colour=None))
        elif clause.topic is not None and not phrase.determined:
            self.draft.amend(clause.topic, phrase)

    def _add(self, phrase: Phrase, *, bare: bool = False) -> None:
        """A group, or more about one that was named before."""
        clause = self.clause
        if not phrase.noun:
            return
        if phrase.count == 0:
            self.draft.forbid(phrase)
            return
        index = self.draft.add(phrase, clause.place, bare=bare)
        if index is None:
            return
        self._relate(index)
        self._pass_over(index)
        clause.place, clause.topic = None, index
        clause.ground = clause.fresh = clause.copula = clause.element = False

    def _relate(self, index: int) -> None:
        clause = self.clause
        for subject, direction in clause.relations:
            self.draft.relate(Relation(subject, direction, index))
        clause.relations = ()
        if clause.ahead:
            direction, other = clause.ahead
            if other is None:
                clause.ahead = (direction, index)
            else:
                self.draft.relate(Relation(index, direction, other))
                clause.ahead = None

    # -- what no scene can hold ----------------------------------------------------------------------------------------

    def _pass_over(self, index: int) -> None:
        """The group that words like "next to" were waiting for."""
        waiting = self.clause.unread
        if waiting is None or index == waiting.subject:
            return
        waiting = replace(waiting, objects=(*waiting.objects, index))
        enough = 2 if waiting.said.endswith("between") else 1
        self.clause.unread = waiting
        if len(waiting.objects) >= enough:
            self._settle()

    def _wait(self, said: str, kind: Literal["relation", "action"]) -> bool:
        """Something that is said of the topic, and may have an object; whether there is a topic."""
        clause = self.clause
        if clause.topic is None:
            return False
        if clause.unread and not clause.unread.objects:
            clause.unread = replace(clause.unread, said=f"{clause.unread.said} {said}")
        else:
            self._settle()
            clause.unread = Unread(said, kind, clause.topic)
        return True

    def _say(self, phrase: Phrase) -> None:
        """What a phrase says of the topic and no picture here can show: "the cat is fluffy"."""
        clause = self.clause
        said = [word for word in (*phrase.unread, *passing.meaning(phrase.noun.split())) if word]
        if said:
            loose = clause.topic is None or not clause.copula
            self.draft.note(Unread(" ".join(said), "attribute", clause.topic, loose=loose))

    def _settle(self, *, setting: bool = False) -> None:
        """Notes what was said and not understood, now that all of it was read."""
        waiting, self.clause.unread = self.clause.unread, None
        if waiting and (waiting.kind == "action" or waiting.objects or setting):
            self.draft.note(replace(waiting, loose=setting))


def _text(tokens: list[Token], index: int) -> str:
    return tokens[index].text if index < len(tokens) else ""
