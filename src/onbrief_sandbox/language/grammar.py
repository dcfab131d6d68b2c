"""Parses English prompts into a Scene, in one pass from left to right.

The parser accepts any text. Like an image model, it skips what it does not understand. A contradictory text becomes a scene
that no picture can satisfy.
"""

from __future__ import annotations

from functools import lru_cache

from onbrief_sandbox.language import foreign, leftovers, passing, phrases, placing, words
from onbrief_sandbox.language.clause import Clause
from onbrief_sandbox.language.draft import MAX_WORDS, Draft, Reading, Unread
from onbrief_sandbox.language.phrases import Phrase
from onbrief_sandbox.language.placing import Layout
from onbrief_sandbox.language.tokens import END, MAX_CHARACTERS, Token, sentences
from onbrief_sandbox.scene import Scene

_SUN_UP = frozenset({"rising", "rises", "rise", "coming", "comes"})
_SUN_DOWN = frozenset({"setting", "sets", "sinking", "sinks"})
_WORDS = frozenset({"word", "words"})
_NEAR = 5  # words from a sign to what it says
_UPON = frozenset({"on", "in", "at", "across"})
_PRONOUNS = frozenset({"it", "they", "it's"})


@lru_cache(512)  # prompts for one brief, and the clauses of one prompt, are much alike
def parse(text: str, negative: str = "") -> Scene:
    """Return the scene that an English prompt requests; `negative` names what must be absent.

    Words of other languages are ignored. A noun without a drawing becomes a group of cards with that name.
    """
    return read(text, negative).scene


def read(text: str, negative: str = "") -> Reading:
    """Return the scene, and the parts of the text that a scene cannot represent."""
    reader = _Reader()
    for sentence in sentences(foreign.legible(text)):
        reader.read(sentence)
        leftovers.note(sentence, reader.draft)
    for sentence in sentences(negative, MAX_CHARACTERS):
        reader.read_negative(sentence)
    return reader.draft.reading()


class _Reader:
    """Builds a scene from sentences."""

    def __init__(self) -> None:
        self.draft = Draft()
        self.clause = Clause(self.draft)
        self.sign: tuple[int, int] | None = None  # where a sign that carries lettering begins and is named

    # -- sentences -----------------------------------------------------------------------------------------------------

    def read(self, tokens: list[Token]) -> None:
        """Parse one sentence."""
        last = len(self.draft.groups) - 1 if self.draft.groups else None
        self.clause = Clause(self.draft, topic=last if tokens[0].text in _PRONOUNS else None)
        self.sign = None
        index = 0
        while index < len(tokens):
            index = self._step(tokens, index)
        self.clause.end()

    def read_negative(self, tokens: list[Token]) -> None:
        """Parse a list of things that must be absent."""
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
        """Parse the phrase that begins at `index`. Return the index after it."""
        clause, token = self.clause, tokens[index]
        word = token.text
        if token.kind == "comma":
            return self._comma(tokens, index)
        if token.kind == "quote":
            if clause.absent:
                return index + 1
            self._letter(word, tokens, index, index + 1)
            return index + 1
        if token.kind == "sign":
            return index + 1
        if phrases.limits(tokens, index):
            return self._name(tokens, index)
        if found := placing.find(tokens, index):
            return self._lay_out(tokens, index, found)
        if word in words.NOBODY or (word == "no" and _text(tokens, index + 1) == "one"):
            end = index + (1 if word in words.NOBODY else 2)
            self.draft.absent.add("person")
            if word in words.DESERTED:
                self.draft.named.setdefault("person", word)
            self.draft.heard |= _places(tokens, index, end)
            clause.noun = True
            return end
        if word in words.NEGATORS or (word == "free" and _text(tokens, index + 1) in ("of", "from")):
            clause.absent, clause.noun, clause.copula = True, True, False
            clause.negator = _places(tokens, index)
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
        passed = None if clause.absent else passing.find(tokens, index)
        if passed and clause.wait(passed.text, passed.kind, _places(tokens, index, passed.end)):
            clause.noun = True
            return passed.end
        if word in words.BREAKS:
            return self._connect(tokens, index)
        return self._name(tokens, index)

    # -- between noun phrases ------------------------------------------------------------------------------------------

    def _comma(self, tokens: list[Token], index: int) -> int:
        clause = self.clause
        clause.comma()
        clause.absent = clause.absent and self._list_goes_on(tokens, index + 1)
        return index + 1

    def _list_goes_on(self, tokens: list[Token], index: int) -> bool:
        """Return whether "no cats, dogs or birds" still lists absent things: a bare noun, then a comma or "or"."""
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
        if word in words.REFERRING:
            clause.refer()
        if not (word == "and" and clause.between):
            clause.settle()
        if word in ("and", "but", "or"):
            after = tokens[index + 1] if index + 1 < len(tokens) else END
            bare = phrases.content(after) and after.text not in words.COLOUR_WORDS
            clause.absent = clause.absent and (word == "or" or (word == "and" and bare and not clause.noun))
            clause.copula = False
        elif word == "there":
            clause.topic, clause.ground = None, False
        elif word in _SUN_UP and clause.sun:
            clause.move_sun("sunrise", word)
            self.draft.heard |= _places(tokens, index)
        elif word in _SUN_DOWN and clause.sun:
            clause.move_sun("sunset", word)
            self.draft.heard |= _places(tokens, index)
        elif word in _UPON and clause.lettered:
            clause.upon = (f'the words "{clause.lettered}" are {word}', _places(tokens, index))
            clause.lettered = ""
        elif word == "on" and clause.topic is not None and not clause.absent:
            clause.relations = ((clause.topic, ("above", ""), _places(tokens, index)),)
        clause.noun = True
        return index + 1

    def _not(self, tokens: list[Token], index: int) -> int:
        """Parse "not". "there are not any cats" forbids cats; "the circle is not red" gives the painter nothing to paint."""
        clause = self.clause
        if clause.topic is None:
            clause.absent = clause.noun = True
            clause.negator = _places(tokens, index)
            return index + 1
        start = index
        index += 1
        while index < len(tokens) and tokens[index].kind != "comma" and tokens[index].text not in ("and", "but"):
            index += 1
        wording = " ".join(token.text for token in tokens[start + 1 : index])
        places = _places(tokens, start, index)
        self.draft.note(Unread(f"not {wording}".strip(), "attribute", clause.topic, places=places))
        return index

    def _lay_out(self, tokens: list[Token], index: int, found: Layout) -> int:
        clause = self.clause
        after_and = index > 0 and tokens[index - 1].text == "and"
        places = _places(tokens, index, found.end)
        if found.place:
            last = _text(tokens, found.end) in ("", ",", "and")
            clause.put(found.place, places, behind=index > 0 and (not clause.fresh or last))
        elif found.direction:
            said = " ".join(token.text for token in tokens[index : found.end])
            clause.direct((found.direction, said), places, after_and=after_and)
        clause.noun, clause.copula = True, False
        return found.end

    # -- lettering -----------------------------------------------------------------------------------------------------

    def _spoken(self, tokens: list[Token], index: int) -> int:
        """Parse words to be lettered that are not in quotation marks: "a sign that says OPEN LATE"."""
        end = index + 1
        while end < len(tokens) and end - index <= MAX_WORDS and phrases.content(tokens[end]):
            end += 1
        if tokens[index].text not in words.LETTERING and end - index > 2:
            return index
        if end > index + 1 and _text(tokens, end) not in words.LETTERING:
            self._letter(" ".join(token.text.upper() for token in tokens[index + 1 : end]), tokens, index + 1, end)
            return end
        return index

    def _letter(self, text: str, tokens: list[Token], index: int, end: int) -> None:
        """Add words to be lettered, and what carries them: "a sign that says" is the banner."""
        self.draft.letter(text)
        self.draft.heard |= _places(tokens, index, end)
        self.clause.lettered = text
        if index and tokens[index - 1].text in _WORDS:
            self.draft.heard |= _places(tokens, index - 1)
        if self.sign and index - self.sign[1] <= _NEAR:
            between = tokens[self.sign[1] : index]
            if all(token.kind == "word" and token.place not in self.draft.owners for token in between):
                self.draft.carried.append((text, " ".join(token.text for token in between)))
                self.draft.heard |= _places(tokens, self.sign[0], index)
        self.sign = None

    # -- noun phrases --------------------------------------------------------------------------------------------------

    def _name(self, tokens: list[Token], index: int) -> int:
        clause = self.clause
        phrase = phrases.read(tokens, index, named=clause.absent)
        self.draft.sky |= phrase.sky
        clause.horizon |= phrase.places if phrase.horizon else frozenset()
        if not clause.noun and not phrase.determined and not clause.copula:
            clause.noun = True
            for wording in passing.meaning((tokens[index].text,)):
                clause.wait(wording, "action", _places(tokens, index))
            return index + 1  # a verb that the vocabulary lacks: "a moon hangs …"
        clause.noun = False
        if clause.absent:
            return self._forbid(tokens, phrase)
        self.draft.styles |= phrase.styles
        styles = {word for word, style in words.STYLE_WORDS.items() if style in phrase.styles}
        for word in (token.text for token in tokens[index : phrase.end] if token.text in styles):
            self.draft.named.setdefault(words.STYLE_WORDS[word], word)
        styles |= {"style"} if styles else set()
        self.draft.heard |= {token.place for token in tokens[index : phrase.end] if token.text in styles}
        if phrase.sky and not (phrase.noun or phrase.elements or phrase.dropped[1:]):
            clause.in_the_sky(phrase)
        if phrase.background:
            clause.ground_is(phrase)
        elif phrase.elements:
            clause.landscape(phrase)
        elif phrase.lettering and self._letters_follow(tokens, phrase.end):
            sign = words.singular(tokens[phrase.end - 1].text)
            if sign in words.CARRIERS and phrase.words == (tokens[phrase.end - 1].text,):
                self.sign = index, phrase.end - 1  # "a neon sign" is more than the banner
        elif phrase.noun and not (clause.copula and not phrase.determined):
            clause.name(phrase)
        elif phrase.colour or (phrase.count is not None and _text(tokens, index - 1) != "of"):
            after = _text(tokens, phrase.end + 1)
            joined = _text(tokens, phrase.end) == "and" and after != "" and after not in words.DETERMINERS
            clause.describe(phrase, joined=joined, mixed=joined and after in words.COLOUR_WORDS)
        if clause.copula or not (phrase.noun or phrase.elements):
            clause.say(phrase)
        return phrase.end

    def _forbid(self, tokens: list[Token], phrase: Phrase) -> int:
        """Add something that must be absent. "no dog with a hat" says nothing about other dogs."""
        clause, end = self.clause, phrase.end
        while end < len(tokens) and tokens[end].kind != "comma" and tokens[end].text not in words.ENDS_ABSENCE:
            end += 1
        more = [token for token in tokens[phrase.end : end] if leftovers.counts(token)]
        within = not more or leftovers.is_the_picture(tokens[phrase.end : end])
        self.draft.heard |= clause.negator
        if more and not within and not phrase.elements and _text(tokens, phrase.end) in words.NARROWING:
            full = " ".join(token.text for token in tokens[phrase.end : end])
            said = " ".join(phrase.words)
            self.draft.pass_over(Unread(f"no {said} {full}", "absence", places=_places(tokens, phrase.end, end)))
            self.draft.heard |= phrase.places
        else:
            self.draft.forbid(phrase)
            end = phrase.end
        clause.absent = _text(tokens, end) in ("or", "nor", "and", ",")
        return end

    def _letters_follow(self, tokens: list[Token], end: int) -> bool:
        near = tokens[end : end + 6]
        return any(token.kind == "quote" or token.text in words.LETTERING for token in near)


def _places(tokens: list[Token], index: int, end: int | None = None) -> frozenset[int]:
    return frozenset(token.place for token in tokens[index : index + 1 if end is None else end])


def _text(tokens: list[Token], index: int) -> str:
    return tokens[index].text if index < len(tokens) else ""
