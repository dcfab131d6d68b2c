"""Cites the words of a brief that requirements of the sandbox's planner come from."""

from __future__ import annotations

from onbrief.brief import Brief, Requirement
from onbrief.ports import OpenQuestion, Planned
from onbrief.questions import coverage
from onbrief.questions.wording import Text, alike, letters_of
from onbrief_sandbox.language import words

_QUESTION = "what is this to mean for the picture?"
_READING = "nothing that the sandbox could draw or check"


def cited(brief: Brief, requirements: tuple[Requirement, ...]) -> Planned:
    """Return the requirements with their citations. What the grammar passed over is told in questions."""
    text = Text.of(brief.text)
    planned = Planned(requirements, cites=tuple(_cites(requirement, text) for requirement in requirements))
    assert planned.cites is not None
    wrong = {
        place for place, _ in coverage.check(brief, planned).contradicting
    }  # the grammar takes its "not" for another one's
    cites = tuple(() if place in wrong else those for place, those in enumerate(planned.cites))
    missing = coverage.check(brief, Planned(requirements, cites=cites)).missing
    return Planned(requirements, cites=cites, questions=tuple(OpenQuestion(part, _QUESTION, _READING) for part in missing))


def _cites(requirement: Requirement, text: Text) -> tuple[str, ...]:
    if letters_of(requirement.text) in letters_of(text.text):
        return (requirement.text,)  # the brief as a whole
    said = Text.of(requirement.text)
    lettered = {letters_of(word) for token in said.tokens if token.kind == "quoted" for word in token.text.split()}
    found: dict[str, None] = {}
    for at, token in enumerate(text.tokens):
        if token.kind == "word":
            named = (words.thing(token.text), words.element(token.text), words.STYLE_WORDS.get(token.text))
            same = [token.text, *(part for name in named if name for part in name.split())]
            here = any(alike(word) & said.stems for word in same) and at in text.content
            here |= letters_of(token.text) in lettered
            here |= bool(said.negated) and (at in text.negated and not text.negated[at] and "person" in said.stems)
        else:
            here = token.kind == "quoted" and letters_of(token.text) in letters_of(requirement.text)
        if here or text.number(token) in said.numbers:
            found[text.text[token.start : token.end]] = None
    return tuple(found)
