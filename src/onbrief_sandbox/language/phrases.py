"""Parses noun phrases: "exactly three big red circles", "the calm sea", "a yellow background"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from onbrief_sandbox.language import passing, placing, words
from onbrief_sandbox.language.tokens import END, Token
from onbrief_sandbox.scene import Colour

MAX_NOUN = 24  # characters of a name on a card
_MAX_RUN = 8
_DIGITS = 2  # of a number of things that can be drawn
_SINGLE = ("a", "an", "one", "1", "single", "another", "exactly")
_PAIRS = ("pair", "pairs")
_ROUND = ("hundred", "thousand", "million", "variety", "series", "set")
_PAIR_OF = "pair of"
_LIMITS = (("at", "least"), ("at", "most"), ("more", "than"), ("fewer", "than"), ("less", "than"), ("up", "to"))
_ADJECTIVES = ("ed", "ing", "ly", "ous", "ful", "ish", "able", "ible", "ic", "less")


@dataclass(frozen=True, slots=True)
class Phrase:
    """The meaning of a noun phrase. Without noun, elements and styles it is only a colour or a number, or was not understood.

    `end` is the index after its last token. `determined`: it began with an article, a number or an amount. `unread` are words
    about a thing or an element that the sandbox cannot draw; for a card, such words are part of its name. `dropped` are words
    that the other fields do not represent, `said` is the brief's own word for the noun, `named` those for the elements, and
    `places` those of its tokens; `counted` is a noun for the number ("pair").
    """

    end: int
    noun: str = ""
    plural: bool = False
    count: int | None = None
    amount: int | None = None
    colour: Colour | None = None
    determined: bool = False
    definite: bool = False
    elements: frozenset[str] = frozenset()
    styles: frozenset[str] = frozenset()
    background: bool = False
    lettering: bool = False
    sky: bool = False
    horizon: bool = False
    unread: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    said: str = ""
    counted: str = ""
    named: tuple[tuple[str, str], ...] = ()
    places: frozenset[int] = frozenset()


def read(tokens: Sequence[Token], start: int, *, named: bool = False) -> Phrase:
    """Parse the noun phrase that begins at `start`, which must be a word or a number. It is at least one token long.

    A bare word that looks like an adjective ("detailed") is taken as a noun only if `named` says that a noun must follow.
    """
    phrase = _phrase(tokens, start, named=named)
    own = tokens[start : phrase.end]
    kept = tuple(token.text for token in own if token.text not in words.DETERMINERS)
    places = frozenset(token.place for token in own)
    return replace(phrase, dropped=_dropped(own, phrase), words=kept, places=places)


def _phrase(tokens: Sequence[Token], start: int, *, named: bool) -> Phrase:
    phrase = _opening(tokens, start)
    paired, phrase = phrase.said == _PAIR_OF, replace(phrase, said="")
    singular = paired or (phrase.count in (None, 1) and not phrase.amount and tokens[start].text in _SINGLE)
    run, end = _run(tokens, phrase.end, singular=singular, counted=phrase.count is not None)
    if not run:
        return replace(phrase, end=max(phrase.end, start + 1))
    bare = not phrase.determined
    phrase = replace(phrase, end=end, determined=phrase.determined or named)
    phrase = replace(_named(phrase, run, singular=singular), determined=not bare)
    if phrase.noun and _at(tokens, end).text == "of":
        phrase = _joined(tokens, phrase)
    if paired:
        phrase = replace(phrase, said=f"{_PAIR_OF} {words.plural(words.singular(phrase.said or phrase.noun))}")
    return phrase


def limits(tokens: Sequence[Token], start: int) -> bool:
    """Return whether a bound on a count begins here: "at least two"."""
    after = _at(tokens, start + 2)
    number = after.kind == "number" or after.text in words.NUMBERS
    return number and (tokens[start].text, _at(tokens, start + 1).text) in _LIMITS


def content(token: Token) -> bool:
    """Return whether this token may be part of a name: not an article, number, preposition, verb or punctuation."""
    return token.kind == "word" and token.text not in words.FUNCTION_WORDS


def _at(tokens: Sequence[Token], index: int) -> Token:
    return tokens[index] if index < len(tokens) else END


def _opening(tokens: Sequence[Token], start: int) -> Phrase:
    """Parse articles, numbers and amounts: "exactly three", "a group of", "all the"."""
    phrase = Phrase(start)
    index = start
    if limits(tokens, start):
        number = tokens[start + 2].text
        amount = int(number) if number.isdecimal() else words.NUMBERS[number]
        wording = " ".join(token.text for token in tokens[start : start + 3])
        phrase = replace(phrase, amount=amount, determined=True, unread=(wording,))
        index += 3
    while True:
        token, after = _at(tokens, index), _at(tokens, index + 1)
        if token.kind == "number" and len(token.text) > _DIGITS:
            phrase = replace(phrase, amount=words.AMOUNTS["many"], determined=True, unread=(f"exactly {token.text}",))
        elif token.kind == "number":
            phrase = replace(phrase, count=int(token.text), determined=True)
        elif token.kind != "word":
            break
        elif token.text in _PAIRS and after.text == "of" and _at(tokens, index + 2).text in words.IN_PAIRS:
            phrase = replace(phrase, determined=True, said=_PAIR_OF)
        elif token.text in words.NUMBERS:
            noun = token.text if token.text in words.NUMBER_NOUNS else ""
            phrase = replace(phrase, count=words.NUMBERS[token.text], determined=True, counted=noun)
        elif token.text in words.DETERMINERS:
            phrase = replace(phrase, determined=True, definite=phrase.definite or token.text in words.DEFINITE)
        elif token.text in words.AMOUNTS and (after.text == "of" or token.text not in words.GATHERINGS):
            phrase = replace(phrase, amount=words.AMOUNTS[token.text], determined=True)
        elif token.text not in ("exactly", "only", "just", "precisely", "both"):
            break
        index += 1
        if (
            after.text == "of"
            and (phrase.count or phrase.amount or token.text in _PAIRS)
            and token.text not in words.DETERMINERS
        ):
            index += 1
    return replace(phrase, end=index)


def _run(tokens: Sequence[Token], start: int, *, singular: bool = False, counted: bool = False) -> tuple[list[str], int]:
    """Return the words of a name, without adverbs, and the index after them. `singular`: it names one thing; `counted`: a
    number is before it.
    """
    run: list[str] = []
    index = start
    while content(token := _at(tokens, index)):
        word, after = token.text, _at(tokens, index + 1)
        last = not content(after)
        if run and (placing.find(tokens, index) or passing.find(tokens, index)):
            break  # "a circle left of …", "two dogs side by side"
        if run and last and _participle(word) and not words.element(f"{run[-1]} {word}"):
            break  # "a cat sitting on …": the name ends before the participle
        if not run and last and counted and _participle(word):
            break  # "a family of four posing"
        if run and last and singular and _says(word) and run[0] not in _ROUND and not words.thing(f"{run[-1]} {word}"):
            break  # "a rabbit checks its watch"
        if len(run) < _MAX_RUN and (run == [] or not _adverb(word)) and (last or not _adverb(word)):
            run.append(word)
        index += 1
        if run and (words.thing(word) or words.element(word)) and _participle(after.text):
            shade = word in words.COLOUR_WORDS and content(_at(tokens, index + 1))
            if not shade or not words.thing(" ".join(t.text for t in tokens[index : index + 2])):
                break  # "a person riding bicycles", but "an orange potted plant"
    return run, index


def _participle(word: str) -> bool:
    if word in words.PARTICIPLES:
        return True
    return len(word) > 4 and word.endswith(("ing", "ed")) and words.singular(word) not in words.NO_PARTICIPLES


def _says(word: str) -> bool:
    """Return whether a word after the name of one thing is a verb: "gives"."""
    return words.singular(word) != word and not words.thing(word) and not words.element(word) and word not in words.IN_PAIRS


def _adverb(word: str) -> bool:
    return word.endswith("ly") and word not in words.ADVERB_NOUNS


def _adjective(word: str) -> bool:
    return word in words.PARTICIPLES or (word.endswith(_ADJECTIVES) and words.singular(word) not in words.NO_ADJECTIVES)


def _named(phrase: Phrase, run: list[str], *, singular: bool) -> Phrase:
    """Return the phrase with the meaning of a run of words. Its last words decide what kind of thing it is."""
    phrase = replace(phrase, sky="sky" in run or "skies" in run, horizon="horizon" in run)
    if len(run) > 1 and run[-1] in words.SCENERY and words.thing(run[-2]) and not words.element(" ".join(run[-2:])):
        run = run[:-1]  # "a dog portrait", "a heart shape"
    for size in (3, 2, 1):
        head = " ".join(run[-size:])
        if words.element(head) or (size == 1 and words.singular(head) in words.MEDIA):
            return _landscape(phrase, run)
        if thing := words.thing(head):
            plural = not singular and words.singular(head) != head
            rest = run[:-size]
            unread = (*phrase.unread, *passing.meaning(rest))
            said = "" if head in words.NARROWER or words.singular(head) in words.NARROWER else words.singular(head)
            return replace(
                phrase, noun=thing, plural=plural, colour=_colour(rest), styles=_styles(rest), unread=unread, said=said
            )
        if words.singular(head) in words.BACKGROUNDS:
            return replace(phrase, background=True, colour=_colour(run))
        if head in words.SIGNS:
            phrase = replace(phrase, lettering=True)
    colours = [word for word in run if word in words.COLOUR_WORDS]
    if len(colours) == len(run) > 1 and run[-1] == "orange":
        return replace(phrase, noun="orange", colour=_colour(run[:-1]))
    rest = [w for w in run if w not in words.COLOUR_WORDS and w not in words.STYLE_WORDS]
    if all(w in words.PLAIN for w in rest):
        return replace(phrase, colour=_colour(run), styles=_styles(run), unread=passing.meaning(rest))
    if run[-1] != rest[-1]:  # "circle red": the colour follows the name
        named = _named(phrase, rest, singular=singular)
        return replace(named, colour=_colour(run), styles=named.styles | _styles(run))
    while len(rest) > 1 and _participle(rest[-1]):
        rest = rest[:-1]  # "a shuttle painted yellow"
    noun = _card(rest)
    if len(noun) < 2 or (not phrase.determined and _adjective(rest[-1])):
        return replace(phrase, styles=_styles(run), unread=passing.meaning(rest))
    if noun.rpartition(" ")[2] not in {word[: len(noun)] if len(word) <= MAX_NOUN else "" for word in rest}:
        return replace(phrase, styles=_styles(run))  # a word that is too long for a card
    alone = noun if singular else words.singular(noun)
    if alone in words.NAMELESS:
        return replace(phrase, colour=_colour(run), styles=_styles(run), unread=passing.meaning(rest))
    return replace(phrase, noun=alone, plural=alone != noun, colour=_colour(run), styles=_styles(run))


def _landscape(phrase: Phrase, run: list[str]) -> Phrase:
    """Return the phrase with all elements that a run of words names ("a snowy mountain lake at dusk")."""
    elements: set[str] = set()
    styles: set[str] = set()
    unread: set[str] = set()
    named: dict[str, str] = {}
    index = 0
    while index < len(run):
        for size in (3, 2, 1):
            words_here = " ".join(run[index : index + size])
            found = words.element(words_here)
            if found or (words_here == "stars" and size == 1):
                elements.add(found or "stars")
                if run[index : index + 1] in (["sky"], ["skies"]):
                    words_here = f"{words_here} {run[index]}"
                    index += 1
                if words_here not in words.NARROWER and words.singular(words_here) not in words.NARROWER:
                    named.setdefault(found or "stars", words_here)
                index += size
                break
            if words_here in words.STYLE_WORDS:
                styles.add(words.STYLE_WORDS[words_here])
        else:
            colour = run[index] in words.COLOUR_WORDS
            unread |= {run[index]} if colour or passing.meaning(run[index : index + 1]) else set()
            index += 1
    wording = (" ".join(run),) if unread and elements else ()
    return replace(phrase, elements=frozenset(elements), styles=frozenset(styles), unread=wording, named=tuple(named.items()))


def _dropped(tokens: Sequence[Token], phrase: Phrase) -> tuple[str, ...]:
    """Return the words of a phrase that nothing else in it represents."""
    names = [phrase.said or phrase.noun, *(said for _, said in phrase.named), *phrase.unread]
    kept = {form for name in names for word in name.split() for form in (word, words.singular(word), words.plural(word))}
    kept |= {word for word, style in words.STYLE_WORDS.items() if style in phrase.styles}
    kept |= {"background", "backgrounds"} if phrase.background else set()
    counted = phrase.count is not None and not phrase.elements
    left: list[str] = []
    for token in tokens:
        word = token.text
        if token.kind == "word" and word == phrase.colour and not phrase.elements:
            kept.add(word)
            continue
        number = token.kind == "number" or word in words.NUMBERS
        if number and counted:
            continue
        if not {word, words.singular(word)} & kept and word not in words.JOINING and token.kind in ("word", "number"):
            left.append(word)
    return tuple(left)


def _joined(tokens: Sequence[Token], phrase: Phrase) -> Phrase:
    """Parse "of …". A bowl of soup is one thing, a cup of coffee is a cup, and the face of an owl is no owl; if its name is too
    long for a card, an article after "of" begins another thing.
    """
    known = phrase.noun in words.THING_WORDS.values()
    article = [token.text for token in tokens[phrase.end + 1 : phrase.end + 2] if token.text in words.ARTICLES]
    run, end = _run(tokens, phrase.end + 1 + len(article))
    whole = " ".join((phrase.noun, "of", *article, *run))
    if not run or (article and (known or len(whole) > MAX_NOUN)):
        return phrase
    if known:
        return replace(phrase, end=end, unread=(*phrase.unread, f"of {' '.join(run)}"))
    return replace(phrase, noun=whole if article else _card([*phrase.noun.split(), "of", *run]), end=end)


def _card(run: list[str]) -> str:
    """Return a name that fits on a card. The part after "of" and then leading words are dropped until it fits."""
    if "of" in run[1:] and len(" ".join(run)) > MAX_NOUN:
        run = run[: run.index("of", 1)]
    while len(run) > 1 and len(" ".join(run)) > MAX_NOUN:
        run = run[1:]
    return " ".join(run)[:MAX_NOUN].strip(" -'")


def _colour(run: list[str]) -> Colour | None:
    return next((words.COLOUR_WORDS[word] for word in run if word in words.COLOUR_WORDS), None)


def _styles(run: list[str]) -> frozenset[str]:
    return frozenset(words.STYLE_WORDS[word] for word in run if word in words.STYLE_WORDS)
