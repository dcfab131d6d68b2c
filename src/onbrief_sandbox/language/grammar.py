"""Parses English prompts into a Scene, in one pass from left to right.

The parser accepts any text. Like an image model, it skips what it does not understand. A contradictory text becomes a scene
that no picture can satisfy.
"""

from __future__ import annotations

from onbrief_sandbox.language import foreign, passing, phrases, placing, words
from onbrief_sandbox.language.clause import Clause
from onbrief_sandbox.language.draft import MAX_WORDS, Draft, Reading, Unread
from onbrief_sandbox.language.placing import Layout
from onbrief_sandbox.language.tokens import END, Token, sentences
from onbrief_sandbox.scene import Scene

_SUN_UP = frozenset({"rising", "rises", "rise", "coming", "comes"})
_SUN_DOWN = frozenset({"setting", "sets", "sinking", "sinks"})
_PRONOUNS = frozenset({"it", "they", "it's"})


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
    for sentence in sentences(negative):
        reader.read_negative(sentence)
    return reader.draft.reading()


class _Reader:
    """Builds a scene from sentences."""

    def __init__(self) -> None:
        self.draft = Draft()
        self.clause = Clause(self.draft)

    # -- sentences -----------------------------------------------------------------------------------------------------

    def read(self, tokens: list[Token]) -> None:
        """Parse one sentence."""
        last = len(self.draft.groups) - 1 if self.draft.groups else None
        self.clause = Clause(self.draft, topic=last if tokens[0].text in _PRONOUNS else None)
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
            self.draft.letter("" if clause.absent else word)
            return index + 1
        if phrases.limits(tokens, index):
            return self._name(tokens, index)
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
        if (passed := passing.find(tokens, index)) and not clause.absent and clause.wait(passed.text, passed.kind):
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
            clause.move_sun("sunrise")
        elif word in _SUN_DOWN and clause.sun:
            clause.move_sun("sunset")
        elif word == "on" and clause.topic is not None and not clause.absent:
            clause.relations = ((clause.topic, "above"),)
        clause.noun = True
        return index + 1

    def _not(self, tokens: list[Token], index: int) -> int:
        """Parse "not". "there are not any cats" forbids cats; "the circle is not red" gives the painter nothing to paint."""
        clause = self.clause
        if clause.topic is None:
            clause.absent = clause.noun = True
            return index + 1
        start = index
        index += 1
        while index < len(tokens) and tokens[index].kind != "comma" and tokens[index].text not in ("and", "but"):
            index += 1
        wording = " ".join(token.text for token in tokens[start + 1 : index])
        self.draft.note(Unread(f"not {wording}".strip(), "attribute", clause.topic))
        return index

    def _lay_out(self, tokens: list[Token], index: int, found: Layout) -> int:
        clause = self.clause
        after_and = index > 0 and tokens[index - 1].text == "and"
        if found.place:
            last = _text(tokens, found.end) in ("", ",", "and")
            clause.put(found.place, behind=index > 0 and (not clause.fresh or last))
        elif found.direction:
            clause.direct(found.direction, after_and=after_and)
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
            self.draft.letter(" ".join(token.text.upper() for token in tokens[index + 1 : end]))
            return end
        return index

    # -- noun phrases --------------------------------------------------------------------------------------------------

    def _name(self, tokens: list[Token], index: int) -> int:
        clause = self.clause
        phrase = phrases.read(tokens, index, named=clause.absent)
        self.draft.sky |= phrase.sky
        clause.horizon |= phrase.horizon
        if not clause.noun and not phrase.determined and not clause.copula:
            clause.noun = True
            for wording in passing.meaning((tokens[index].text,)):
                clause.wait(wording, "action")
            return index + 1  # a verb that the vocabulary lacks: "a moon hangs …"
        clause.noun = False
        if clause.absent:
            self.draft.forbid(phrase)
            clause.absent = _text(tokens, phrase.end) in ("or", "nor", "and", ",")
            return phrase.end
        self.draft.styles |= phrase.styles
        if phrase.background:
            clause.ground_is(phrase)
        elif phrase.elements:
            clause.landscape(phrase)
        elif phrase.lettering and self._letters_follow(tokens, phrase.end):
            pass
        elif phrase.noun and not (clause.copula and not phrase.determined):
            clause.name(phrase)
        elif phrase.colour or phrase.count is not None:
            after = _text(tokens, phrase.end + 1)
            joined = _text(tokens, phrase.end) == "and" and after != "" and after not in words.DETERMINERS
            clause.describe(phrase, joined=joined, mixed=joined and after in words.COLOUR_WORDS)
        if clause.copula or not (phrase.noun or phrase.elements):
            clause.say(phrase)
        return phrase.end

    def _letters_follow(self, tokens: list[Token], end: int) -> bool:
        near = tokens[end : end + 6]
        return any(token.kind == "quote" or token.text in words.LETTERING for token in near)


def _text(tokens: list[Token], index: int) -> str:
    return tokens[index].text if index < len(tokens) else ""
