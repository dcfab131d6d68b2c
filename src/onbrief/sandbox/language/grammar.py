"""How the painter understands a prompt: English text becomes a Scene, read once from left to right.

Nothing is ever refused. What cannot be understood is passed over, as image models do, and a text that contradicts itself
becomes a scene that no picture can meet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from onbrief.sandbox.language import phrases, placing, words
from onbrief.sandbox.language.phrases import Phrase
from onbrief.sandbox.language.placing import Layout
from onbrief.sandbox.language.tokens import END, Token, sentences
from onbrief.sandbox.scene import Colour, Direction, Group, Place, Relation, Scene

MAX_GROUPS = 12  # what still fits into one picture
MAX_WORDS = 4
MAX_LETTERS = 32
_SUN_UP = frozenset({"rising", "rises", "rise", "coming", "comes"})
_SUN_DOWN = frozenset({"setting", "sets", "sinking", "sinks"})
_PRONOUNS = frozenset({"it", "they", "it's"})


def parse(text: str, negative: str = "") -> Scene:
    """The scene that an English prompt asks for; `negative` names what must be absent.

    Words in other scripts are not seen. A noun without a drawing becomes a group of cards with that name.
    """
    reader = _Reader()
    for sentence in sentences(text):
        reader.read(sentence)
    for sentence in sentences(negative):
        reader.read_negative(sentence)
    return reader.scene()


@dataclass(slots=True)
class _Clause:
    """Where the reader is within a sentence. Numbers are those of groups."""

    topic: int | None = None  # what was named last
    chief: int | None = None  # what stood on the left of the last relation
    fresh: bool = True  # nothing was named since the last comma
    place: Place | None = None  # said before its thing
    relation: tuple[int, Direction] | None = None  # waits for its object
    ahead: tuple[Direction, int | None] | None = None  # "above the square, …" waits for its subject
    copula: bool = False
    ground: bool = False  # the background is what is spoken of
    noun: bool = True  # a name may begin here
    absent: bool = False
    pending: tuple[Phrase, ...] = ()  # "three red and …", which wait for their name
    sun: bool = False
    new_sun: bool = False  # no sun was asked for before this clause
    horizon: bool = False


class _Reader:
    """Gathers a scene from sentences."""

    def __init__(self) -> None:
        self.groups: list[Group] = []
        self.bare: set[int] = set()  # "stars", said without a number or article: of the sky if there is one
        self.relations: list[Relation] = []
        self.background: Colour | None = None
        self.elements: set[str] = set()
        self.words: list[str] = []
        self.absent: set[str] = set()
        self.styles: set[str] = set()
        self.sky = False
        self.clause = _Clause()

    # -- sentences -----------------------------------------------------------------------------------------------------

    def read(self, tokens: list[Token]) -> None:
        """One sentence."""
        last = len(self.groups) - 1 if self.groups else None
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
                self.absent.add("person")
            elif phrases.content(tokens[index]) or tokens[index].text in words.OPENINGS:
                phrase = phrases.read(tokens, index)
                self._forbid(phrase)
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
            self._letter(word, tokens, index)
            return index + 1
        if found := placing.find(tokens, index):
            return self._lay_out(tokens, index, found)
        if word in words.NOBODY or (word == "no" and _text(tokens, index + 1) == "one"):
            self.absent.add("person")
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

    # -- what stands between names -------------------------------------------------------------------------------------

    def _comma(self, tokens: list[Token], index: int) -> int:
        clause = self.clause
        self._end_clause()
        if clause.absent:
            clause.absent = self._list_goes_on(tokens, index + 1)
        clause.relation, clause.copula, clause.ground = None, False, False
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
            clause.relation = (clause.topic, "above")
        clause.noun = True
        return index + 1

    def _not(self, tokens: list[Token], index: int) -> int:
        """What "there are not any cats" forbids; "the circle is not red" says nothing that a painter could use."""
        clause = self.clause
        if clause.topic is None:
            clause.absent = clause.noun = True
            return index + 1
        index += 1
        while index < len(tokens) and tokens[index].kind != "comma" and tokens[index].text not in ("and", "but"):
            index += 1
        return index

    def _lay_out(self, tokens: list[Token], index: int, found: Layout) -> int:
        clause = self.clause
        if found.place:
            after = _text(tokens, found.end)
            behind = index > 0 and clause.topic is not None and (not clause.fresh or after in ("", ",", "and"))
            if behind and clause.topic is not None:
                topic = self.groups[clause.topic]
                self.groups[clause.topic] = replace(topic, place=topic.place or found.place)
            else:
                clause.place = found.place
        elif found.direction:
            subject = clause.topic
            if index > 0 and tokens[index - 1].text == "and" and clause.chief is not None:
                subject = clause.chief
            if subject is None:
                clause.ahead = (found.direction, None)
            else:
                clause.relation = (subject, found.direction)
                clause.chief = subject
        clause.noun, clause.copula = True, False
        return found.end

    # -- lettering -----------------------------------------------------------------------------------------------------

    def _letter(self, text: str, tokens: list[Token], index: int) -> None:
        """Words to be lettered; the sign that bears them is the banner itself."""
        letters = " ".join("".join(c for c in text if " " <= c <= "~").split())[:MAX_LETTERS].strip(" .,;:!?")
        known = {word.casefold() for word in self.words}
        if letters and letters.casefold() not in known and len(self.words) < MAX_WORDS and not self.clause.absent:
            self.words.append(letters)

    def _spoken(self, tokens: list[Token], index: int) -> int:
        """Words to be lettered that stand without quotation marks: "a sign that says OPEN LATE"."""
        end = index + 1
        while end < len(tokens) and end - index <= MAX_WORDS and phrases.content(tokens[end]):
            end += 1
        if tokens[index].text not in words.LETTERING and end - index > 2:
            return index
        if end > index + 1 and _text(tokens, end) not in words.LETTERING:
            self._letter(" ".join(token.text.upper() for token in tokens[index + 1 : end]), tokens, index)
            return end
        return index

    # -- names ---------------------------------------------------------------------------------------------------------

    def _name(self, tokens: list[Token], index: int) -> int:
        clause = self.clause
        phrase = phrases.read(tokens, index, named=clause.absent)
        self.sky |= phrase.sky
        clause.horizon |= phrase.horizon
        if not clause.noun and not phrase.determined and not clause.copula:
            clause.noun = True
            return index + 1  # a verb that the vocabulary lacks: "a moon hangs …"
        clause.noun = False
        if clause.absent:
            self._forbid(phrase)
            clause.absent = _text(tokens, phrase.end) in ("or", "nor", "and", ",")
            return phrase.end
        self.styles |= phrase.styles
        if phrase.background:
            self.background = phrase.colour or self.background
            clause.ground, clause.topic, clause.relation = True, None, None
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
        return phrase.end

    def _letters_follow(self, tokens: list[Token], end: int) -> bool:
        near = tokens[end : end + 6]
        return any(token.kind == "quote" or token.text in words.LETTERING for token in near)

    def _landscape(self, phrase: Phrase) -> None:
        clause = self.clause
        clause.sun |= "sun" in phrase.elements
        clause.new_sun |= "sun" in phrase.elements and "sun" not in self.elements
        self.elements |= phrase.elements
        clause.relation, clause.topic, clause.fresh = None, None, False
        if clause.ahead and clause.ahead[1] is None:
            clause.ahead = None  # "over green hills, …": elements have no place of their own

    def _move_sun(self, name: str) -> None:
        """The sun of this clause is not up in the sky after all."""
        self.elements.add(name)
        if self.clause.new_sun:
            self.elements.discard("sun")

    def _describe(self, phrase: Phrase, tokens: list[Token]) -> None:
        """A colour or a number without a name of its own."""
        clause = self.clause
        following = [token.text for token in tokens[phrase.end : phrase.end + 2]]
        joined = following[:1] == ["and"] and following[1:] != [] and following[1] not in words.DETERMINERS
        if clause.ground and clause.copula:
            self.background = phrase.colour or self.background
        elif clause.copula and clause.topic is not None:
            self._amend(clause.topic, phrase)
        elif joined and (phrase.count or 2) > 1 and not (phrase.determined and phrase.count is None):
            clause.pending = (*clause.pending, phrase)
        elif phrase.colour == "orange" and phrase.determined:
            self._add(replace(phrase, noun="orange", colour=None))
        elif clause.topic is not None and not phrase.determined:
            self._amend(clause.topic, phrase)

    def _amend(self, topic: int, phrase: Phrase) -> None:
        """Gives a group what it lacks ("the circle is red"); if it is of another colour already, both are asked for."""
        group = self.groups[topic]
        if phrase.count and not group.numbered:
            group = replace(group, count=phrase.count, numbered=True)
        if phrase.colour and group.colour in (None, phrase.colour):
            group = replace(group, colour=phrase.colour)
        elif phrase.colour and len(self.groups) < MAX_GROUPS:
            self.groups.append(replace(group, colour=phrase.colour))
        self.groups[topic] = group

    def _add(self, phrase: Phrase, *, bare: bool = False) -> None:
        """A group, or more about one that was named before."""
        clause = self.clause
        if not phrase.noun:
            return
        if phrase.count == 0:
            self._forbid(phrase)
            return
        named_again = phrase.definite or not (phrase.determined or phrase.plural)
        index = self._known(phrase) if named_again else None
        if index is None:
            if len(self.groups) >= MAX_GROUPS:
                return
            index = len(self.groups)
            count = phrase.count or phrase.amount or (3 if phrase.plural else 1)
            self.groups.append(Group(phrase.noun, count, phrase.colour, clause.place, numbered=phrase.count is not None))
            if bare and not phrase.colour and not clause.place:
                self.bare.add(index)
        else:
            group = self.groups[index]
            numbered = phrase.count is not None
            self.groups[index] = replace(
                group,
                count=phrase.count if numbered and phrase.count else group.count,
                numbered=group.numbered or numbered,
                colour=group.colour or phrase.colour,
                place=group.place or clause.place,
            )
        self._relate(index)
        clause.place, clause.topic, clause.ground, clause.fresh, clause.copula = None, index, False, False, False

    def _known(self, phrase: Phrase) -> int | None:
        """The group that "the red circles" speaks of: the last one that nothing said of it contradicts."""
        fitting = [
            index
            for index, group in enumerate(self.groups)
            if group.noun == phrase.noun
            and (phrase.colour is None or group.colour in (None, phrase.colour))
            and (phrase.count is None or not group.numbered or group.count == phrase.count)
        ]
        exact = [index for index in fitting if self.groups[index].colour == phrase.colour]
        return (exact or fitting or [None])[-1]

    def _relate(self, index: int) -> None:
        clause = self.clause
        if clause.relation and clause.relation[0] != index:
            self._claim(Relation(*clause.relation, index))
        clause.relation = None
        if clause.ahead:
            direction, other = clause.ahead
            if other is None:
                clause.ahead = (direction, index)
            else:
                if other != index:
                    self._claim(Relation(index, direction, other))
                clause.ahead = None

    def _claim(self, relation: Relation) -> None:
        if relation not in self.relations:
            self.relations.append(relation)

    def _forbid(self, phrase: Phrase) -> None:
        if phrase.lettering and not phrase.noun.count(" "):
            self.absent.add("text")
        elif phrase.noun:
            self.absent.add(f"{phrase.colour} {phrase.noun}" if phrase.colour else phrase.noun)
        elif phrase.colour == "orange":
            self.absent.add("orange")
        self.absent |= {"star" if name == "stars" else name for name in phrase.elements}

    # -- the whole -----------------------------------------------------------------------------------------------------

    def scene(self) -> Scene:
        """What all sentences together ask for."""
        kept = list(range(len(self.groups)))
        if self.elements or self.sky:
            related = {number for relation in self.relations for number in (relation.subject, relation.object)}
            in_the_sky = {i for i in self.bare if i not in related and self.groups[i].colour is None}
            if in_the_sky:
                self.elements.add("stars")
                kept = [index for index in kept if index not in in_the_sky]
        number = {old: new for new, old in enumerate(kept)}
        return Scene(
            groups=tuple(self.groups[index] for index in kept),
            relations=tuple(Relation(number[r.subject], r.direction, number[r.object]) for r in self.relations),
            background=self.background,
            elements=frozenset(self.elements),
            words=tuple(self.words),
            absent=frozenset(self.absent),
            styles=frozenset(self.styles),
        )


def _text(tokens: list[Token], index: int) -> str:
    return tokens[index].text if index < len(tokens) else ""
