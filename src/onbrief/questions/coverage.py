"""What a brief asks for and its checklist leaves out. Decided in code, from words alone: no planner can lose it silently.

    found = check(brief, planned)
    found.missing        # the parts of the brief that no requirement covers: ("a blue skirt", "no people")
    found.contradicting  # the requirements that say another number than their citation, or the opposite of it

A word of the brief is covered by a requirement that cites it and says it, or says something else in its place. A number has
to be said as it is, quoted text in a requirement about lettering, a negation by a requirement that is negative too. Words are
compared whole, by their stems: "car" is not in "scar". What a question of the planner cites is covered: the user is told.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from onbrief.brief import Brief, Requirement
from onbrief.ports import Planned
from onbrief.questions import vocabulary
from onbrief.questions.wording import NEAR, Text, Token, alike, base_of, is_negator, letters_of, tokens_of

_AS_IT_STANDS = "the picture shows "  # a requirement in the brief's own words
_LONGEST = 300  # characters of them
_MOST_COUNTED = 20  # a larger number is seldom one of things: "500 ml"


@dataclass(frozen=True, slots=True)
class Coverage:
    """What `check` finds: the parts of the brief that are not covered, in its own words and order, and the requirements that
    contradict their citations, by their place in the answer, each with what the brief says instead.
    """

    missing: tuple[str, ...] = ()
    contradicting: tuple[tuple[int, str], ...] = ()


def check(brief: Brief, planned: Planned) -> Coverage:
    """Return what a planner's answer, together with the user's own requirements and the things to avoid, leaves out.

    An answer without citations (`planned.cites` is None) cannot be checked, and lacks nothing.
    """
    if planned.cites is None:
        return Coverage()
    text = Text.of(brief.text)
    claims = [_Claim.of(r, text, cited) for r, cited in zip(planned.requirements, planned.cites, strict=True)]
    wrong = {place: said for place, claim in enumerate(claims) if (said := _contradicted(claim, text))}
    claims = [claim for place, claim in enumerate(claims) if place not in wrong]
    claims += [_Claim.own(r, text) for r in brief.requirements]
    claims += [_Claim.own(Requirement(text=f"no {thing.strip()}", kind="absence"), text) for thing in brief.avoid]
    asked = {at for question in planned.questions for at in text.cited(question.words)}
    return Coverage(tuple(text.phrases(_uncovered(text, claims) - asked)), tuple(wrong.items()))


# -- the requirements --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Claim:
    """A requirement, its words, and the places of the brief that it cites."""

    requirement: Requirement
    stems: frozenset[str]
    numbers: frozenset[float]
    negative: bool
    places: frozenset[int]
    otherwise: frozenset[int] = frozenset()  # cited places of what an action is called in other words
    verbatim: bool = False  # it repeats what it cites
    new: int = 0  # words that are not in the brief: they can stand for words that are

    @classmethod
    def of(cls, requirement: Requirement, text: Text, cited: Sequence[str]) -> _Claim:
        claim = cls._read(requirement, text)
        meant = [claim.meant(text, words) for words in cited]
        saying = [any(claim.says(text.tokens[n]) for n in place & text.content) for place in meant]
        others = [place for place, says in zip(meant, saying, strict=True) if not says] if any(saying) else []
        otherwise = frozenset[int]().union(*others) if requirement.kind == "action" else frozenset[int]()
        letters = letters_of(requirement.text)
        verbatim = all(letters_of(words) in letters for words in cited)
        return replace(claim, places=frozenset[int]().union(*meant), otherwise=otherwise, verbatim=verbatim)

    @classmethod
    def own(cls, requirement: Requirement, text: Text) -> _Claim:
        """Return the claim of one of the user's own requirements: it cites all that it says."""
        claim = cls._read(requirement, text)
        nobody = claim.negative and "person" in claim.stems
        letters = letters_of(requirement.text)
        places = {
            n
            for n, token in enumerate(text.tokens)
            if claim.says(token)
            or (token.kind == "quoted" and letters_of(token.text) in letters)
            or text.number(token) in claim.numbers
            or (nobody and token.text in vocabulary.NOBODY)
        }
        return replace(claim, places=frozenset(places))

    @classmethod
    def _read(cls, requirement: Requirement, text: Text) -> _Claim:
        tokens = list(tokens_of(unicodedata.normalize("NFKC", requirement.text)))
        words = [token for token in tokens if token.kind == "word"]
        lettered = [t for token in tokens if token.kind == "quoted" for t in tokens_of(token.text[1:-1]) if t.kind == "word"]
        said = Text("", tuple(tokens), vocabulary.ENGLISH)
        new = {
            t.text for n, t in enumerate(tokens) if n in said.content and t.kind == "word" and not alike(t.text) & text.stems
        }
        exact = requirement.kind == "count" and any(t.text in {"one", "single", "1"} for t in tokens)
        return cls(
            requirement,
            frozenset(stem for token in [*words, *lettered] for stem in alike(token.text)),
            said.numbers_in(n for n, t in enumerate(tokens) if t.kind != "quoted") | frozenset({1.0} if exact else ()),
            any(is_negator(t.text, vocabulary.ENGLISH) or is_negator(t.text, text.language) for t in words),
            frozenset(),
            new=len(new),
        )

    def says(self, token: Token) -> bool:
        """Whether a word of the brief is among those of the requirement, or one that means the same."""
        return token.kind == "word" and bool(alike(token.text) & self.stems)

    def meant(self, text: Text, words: str) -> frozenset[int]:
        """Return the place that is cited: of several, the ones nearest to what else the requirement says."""
        places = text.places(words)
        if len(places) < 2:
            return frozenset[int]().union(*places)

        def near(place: frozenset[int]) -> int:
            around = range(max(0, min(place) - 3), min(len(text.tokens), max(place) + NEAR))
            clause = text.tokens[min(place)].clause
            return sum(self.says(text.tokens[n]) for n in around if n in text.content and text.tokens[n].clause == clause)

        best = max(map(near, places))
        return frozenset[int]().union(*(place for place in places if near(place) == best))


# -- what agrees with what ---------------------------------------------------------------------------------------------


def _contradicted(claim: _Claim, text: Text) -> str:
    """Return what the brief says where a requirement cites it and says the opposite, or another number; "" if they agree."""
    cited = claim.places & (text.content | set(text.negated))
    if not cited:
        return ""
    if _turned(claim, text, cited) or _misnumbered(claim, text, cited):
        return next(text.phrases(_with_negations(cited, text)), "")
    return ""


def _with_negations(places: frozenset[int], text: Text) -> frozenset[int]:
    return places | {at for at, scope in text.negated.items() if scope & places}


def _turned(claim: _Claim, text: Text, cited: frozenset[int]) -> bool:
    if any(text.tokens[n].kind == "sign" for n in cited):
        return claim.negative != _denies(text, cited) and not (claim.stems & vocabulary.BARE)
    negations = cited & set(text.negated)
    denied = cited & text.denied
    if not claim.negative:
        bare = claim.stems & vocabulary.BARE or any(stem.endswith("less") for stem in claim.stems)
        people = any(text.tokens[n].text in vocabulary.NOBODY for n in negations) and "person" in claim.stems
        if text.language != vocabulary.ENGLISH:
            return bool(negations or denied) and not bare and not (cited - denied - negations)
        return people or (not bare and any(claim.says(text.tokens[n]) for n in denied) and not (cited - denied - negations))
    if negations or denied:
        return False
    if text.language == vocabulary.ENGLISH:
        said = [claim.says(text.tokens[n]) for n in cited if text.tokens[n].kind == "word"]
        return all(said) if claim.new else any(said)  # "no hair" of "a bald man" says something new
    return text.language is not None and not text.negated and not any(_is_bare(text.tokens[n].text) for n in cited)


def _denies(text: Text, cited: frozenset[int]) -> bool:
    """Whether a clause in a script without spaces has a negation in or right after what is cited."""
    first, last = min(cited), max(cited)
    clause = [n for n, token in enumerate(text.tokens) if token.clause == text.tokens[first].clause]

    def joined(low: int, high: int) -> str:
        return "".join(text.tokens[n].text for n in clause if low <= n < high)

    return bool(
        vocabulary.UNSPACED_NEGATION.search(joined(first, last + 1))
        or vocabulary.UNSPACED_AFTER.match(joined(last + 1, len(text.tokens)))
        or vocabulary.UNSPACED_BEFORE.search(joined(0, first))
    )


def _is_bare(word: str) -> bool:
    """Whether a word of another language may say that something is absent: "menschenleer", "vide"."""
    return vocabulary.BARE_ELSEWHERE.search(word) is not None


def _misnumbered(claim: _Claim, text: Text, cited: frozenset[int]) -> bool:
    if not claim.numbers:
        return False
    first = min(cited)
    before = [n for n in range(max(0, first - 3), first) if text.tokens[n].clause == text.tokens[first].clause]
    while before and not set(range(before[0], first)) <= text.content:
        before.pop(0)  # "two" of "two red cups" belongs to "cups"
    given = text.numbers_in({*claim.places, *before})
    if claim.requirement.kind == "count":
        if given:
            return not claim.numbers & given
        english = text.language == vocabulary.ENGLISH and all(text.tokens[n].kind != "sign" for n in cited)
        return english and claim.numbers != frozenset({1.0})
    return bool(given) and not claim.numbers & given and not claim.numbers <= text.numbers


# -- what is covered ---------------------------------------------------------------------------------------------------


def _uncovered(text: Text, claims: Sequence[_Claim]) -> set[int]:
    covered = {at for claim in claims for at in _covers(claim, text)}
    left = set(text.content) - covered
    said_once = {base_of(text.tokens[at].text) for at in covered if text.tokens[at].kind == "word"}
    for at in sorted(left):
        token = text.tokens[at]
        if token.kind == "word" and text.number(token) is None and base_of(token.text) in said_once and at not in text.denied:
            heads = text.modifies(at)
            if not heads or any(c.says(token) and any(c.says(text.tokens[n]) for n in heads) for c in claims):
                left.discard(at)  # a later mention of what is on the list
    for at, scope in text.negated.items():
        if not any(_negates(claim, text, at, scope) for claim in claims):
            left |= {at, *scope}
    return left


def _covers(claim: _Claim, text: Text) -> Iterator[int]:
    """Yield the tokens of the brief that a requirement covers."""
    cited = claim.places & text.content
    unsaid = set[int]()
    for at in cited:
        token = text.tokens[at]
        if at in text.denied and not claim.negative and not _is_antonym(claim):
            continue
        if token.kind == "quoted":
            if _quotes(claim, token):
                yield at
        elif (number := text.number(token)) is not None:
            if number in claim.numbers or claim.verbatim:
                yield at
        elif token.kind == "number" or claim.verbatim or claim.says(token):
            yield at
        elif (
            claim.requirement.kind == "attribute"
            or claim.negative
            or not any(claim.says(text.tokens[n]) for n in text.modifies(at))
        ):
            unsaid.add(at)  # "the car is old" may stand for "vintage", "the car is on a hill" not for "vintage car"
    if len(claim.otherwise & text.content) <= NEAR:
        yield from claim.otherwise & text.content - text.denied
    if len({text.tokens[n].text for n in unsaid if text.tokens[n].kind == "word"}) <= _allowed(claim, text) and (
        sum(text.tokens[n].kind == "sign" for n in unsaid) <= 6 + 4 * claim.new
    ):
        foreign = text.language != vocabulary.ENGLISH
        yield from (
            n for n in unsaid if foreign or text.tokens[n].kind == "sign" or text.tokens[n].text not in vocabulary.COLOURS
        )


def _allowed(claim: _Claim, text: Text) -> int:
    """Return how many words of the brief a requirement can say in other words."""
    if text.language != vocabulary.ENGLISH:
        return claim.new + 2
    return claim.new


def _quotes(claim: _Claim, token: Token) -> bool:
    letters = letters_of(token.text)
    text = letters_of(claim.requirement.text)
    if claim.requirement.kind == "text":
        return letters in text
    return letters in text or not letters.isascii()


def _is_antonym(claim: _Claim) -> bool:
    return bool(claim.new or claim.stems & vocabulary.BARE)


def _negates(claim: _Claim, text: Text, at: int, scope: frozenset[int]) -> bool:
    if not (claim.negative or _is_antonym(claim)) or not (claim.places & {at, *scope}):
        return False
    said = any(claim.says(text.tokens[n]) for n in scope)
    return not scope or said or claim.new > 0 or text.language != vocabulary.ENGLISH


# -- in the brief's own words ------------------------------------------------------------------------------------------


def in_own_words(phrase: str) -> Requirement:
    """Return the must that asks for a part of a brief as it stands, in the form in which a judge is asked where it has one."""
    phrase = phrase[:_LONGEST]
    if phrase.startswith("by ") and Text.of(phrase).credited:
        return Requirement(text=f"the picture is in the style of {phrase.removeprefix('by ')}", kind="style", must=False)
    tokens = list(tokens_of(phrase))
    first, rest = (tokens[0], phrase[tokens[1].start :]) if len(tokens) > 1 else (None, "")
    if len(tokens) == 1 and tokens[0].kind == "quoted":
        return Requirement(text=f'the words "{tokens[0].inside(phrase)}" can be read', kind="text")
    if first and all(token.kind != "quoted" and token.clause == 0 for token in tokens):
        if first.text in {"no", "without"}:
            thing = re.sub(r"^(?:any|an?|the) ", "", rest, flags=re.IGNORECASE)
            return Requirement(text=f"there is no {thing}", kind="absence")
        number = Text(phrase, tuple(tokens), vocabulary.ENGLISH).number(first)
        if number is not None and number <= _MOST_COUNTED and number == int(number):
            return Requirement(text=f"there are exactly {first.text} {rest}", kind="count")
    return Requirement(text=f"{_AS_IT_STANDS}{phrase}", kind="whole")
