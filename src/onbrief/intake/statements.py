"""What to avoid and what to require, as people say it: lists, and statements that a judge can be asked about neutrally."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from onbrief.brief import Requirement
from onbrief.questions.claims import Absence, Count, Lettering, amount, claim
from onbrief.questions.vocabulary import COLOURS

_AND = re.compile(r"\s+(?:and|und|et|&)\s+", re.IGNORECASE)
_OR = re.compile(r"\s+(?:or|nor)\s+", re.IGNORECASE)
_PAIRS = re.compile(r"\b(?:black and white|salt and pepper|rock and roll|bread and butter)\b", re.IGNORECASE)
_DENIES = (
    r"(?:please\s+)?(?:(?:there (?:is|are|should be|must be|can be)|show|with|contains?)\s+)?"
    r"(?:no\b(?!-|\s*(?:one|body|where|longer|more)\b)|not\b(?!\s+(?:only|just|more|less|fewer)\b)|without\b|never\b"
    r"|avoid(?:ing)?\b|exclud(?:e|ing)\b"
    r"|(?:do not|don['’]t|must not|mustn['’]t) (?:show|include|add|have|draw|use|want|contain)\b)"
)
_OTHER_DENIERS = (
    r"keine?[nrs]?\b|ohne\b|pas d(?:e\b|['’])|sans\b(?!\s+serif)|geen\b|zonder\b|senza\b|(?:不要|没有|沒有|無し|无)"
)
_DENIAL = re.compile(rf"\s*(?:and|or|nor|but)?\s*(?:{_DENIES}|{_OTHER_DENIERS})(?:\s+(?:any|have|show))?\s*", re.IGNORECASE)
_ENGLISH_DENIAL = re.compile(rf"\s*(?:{_DENIES})(?:\s+any\b)?\s+(?P<things>.+?)[.\s]*", re.IGNORECASE)
_ARTICLE = re.compile(r"(?:any|an?|the)\s+(?:single\s+)?(?=\S)", re.IGNORECASE)
_NOBODY = re.compile(r"(?:no[ -]?one|nobody|niemand|nadie)", re.IGNORECASE)
_NOTHING = frozenset({"none", "nothing", "n/a", "-", "null"})
_WEIGHTED = re.compile(r"(?<!\()\(+([^()]*)\)+")
_WEIGHT = re.compile(r":{1,2} ?-?\d*\.?\d+ ?(?=$|,)")
_SEPARATORS = re.compile(r"[,;、，；\n]+|(?<=[^\W\d]{3})\s?/\s?(?=[^\W\d]{3})")
_EXCEPTION = re.compile(r"[,;]\s*(?:but|except|unless|only|other than)\b", re.IGNORECASE)
_NO_THING = re.compile(r"[,\s]*\b(?:please|whatsoever|at all|thanks|thank you)[.!\s]*(?=$|,)", re.IGNORECASE)
_MORE_IS_SAID = re.compile(r"\b(?:is|are|has|have|that|which|who|but|with|because|if)\b", re.IGNORECASE)
_NEW_THING = re.compile(r"(?:an?|the|one|two|three|four|five|six|\d+|exactly|only|at least|at most)\s", re.IGNORECASE)

_QUOTED = r"[\"“„«](?P<words>[^\"“”„«»\n]+)[\"”“»]|'(?P<single>[^'\n]+)'"
_CAPITALS = r"(?-i:(?P<capitals>[A-Z0-9]*[A-Z]{2}[A-Z0-9]*(?: [A-Z0-9]+)*!?))"
_BARE_WORDS = re.compile(
    r"(?:(?:there (?:is|are) )?(?P<exact>exactly )?(?:the )?(?:words?|text|letters|lettering)(?: (?:is|are|reads|says|saying))?"
    r"|(?:it|this|the (?:picture|image)) (?:says|reads|spells))"
    rf"(?P<also> exactly)? ?:? ?(?:{_QUOTED})"
    r"(?: (?:(?:can be|is|are) (?:read|seen|visible|readable|legible|there|shown)|is|are|appears?))?",
    re.IGNORECASE,
)
_SIGN_READS = re.compile(
    r"(?:there is )?(?P<sign>(?:an?|the|its|his|her|their) [^\"“”„«»,;.\n]{1,60}?) "
    r"(?:that |which )?(?:reads?|says?|saying|reading|shows?|bears?|spells?|with)(?: (?:the|a))?(?: (?:words?|text|letters))?"
    rf"(?P<exact> exactly)? ?:? ?(?:{_QUOTED}|{_CAPITALS})",
    re.IGNORECASE,
)
_HOW_MANY = re.compile(
    r"(?:there (?:is|are|should be|must be) )?(?:exactly |only |just )?(?P<number>\w+) (?P<things>[^\W\d].+)", re.IGNORECASE
)
_NOBODY_IS = re.compile(
    r"(?:there (?:is|should be) )?(?:no[ -]?one|nobody)"
    r"(?: (?:is )?(?:visible|there|to be seen|in (?:it|the (?:picture|image|scene))))?",
    re.IGNORECASE,
)
_NO_LIMIT = re.compile(r"\bno (?:more|less|fewer|longer|one|body|where)\b", re.IGNORECASE)
_SAYS_MORE = re.compile(r"\b(?:and|or|but|not|never|no|is|are|does|do|has|have|who|while|with)\b|n['’]t\b", re.IGNORECASE)
_UNCOUNTED = re.compile(
    r"(?:of|o['’]clock|percent|or|to|times?|more|hundred|thousand|million|dozen"
    r"|(?:hour|minute|second|day|week|month|year|degree|met(?:er|re)|inche?|mile|pixel|dollar|euro)s?|feet|foot|[ckm]m|px)\b",
    re.IGNORECASE,
)


def things_to_avoid(texts: Iterable[str]) -> tuple[str, ...]:
    """Return what to avoid, each thing by itself: "no people, text or a watermark" names three. Of the same thing said twice,
    the first stays.
    """
    found: dict[str, str] = {}
    for text in texts:
        plain = "\n".join(" ".join(line.split()) for line in text.splitlines())
        plain = _WEIGHTED.sub(lambda match: _WEIGHT.sub("", match[1]), plain)
        for thing in _listed(_WEIGHT.sub("", plain)):
            found.setdefault(thing.casefold(), thing)
    return tuple(found.values())


def requirements_of(given: Requirement) -> tuple[Requirement, ...]:
    """Return a requirement whose kind was not given, with the kind that its words say: a count, an absence, or lettering.
    Several are returned where it says several things of that kind; one that says anything else is returned as it is.
    """
    text = " ".join(given.text.split()).rstrip(".")
    return _lettering(given, text) or _count(given, text) or _absences(given, text) or (given,)


def _listed(text: str) -> Iterable[str]:
    text = _NO_THING.sub("", text)
    if _EXCEPTION.search(text):  # "no text, but logos are fine": what follows is not to be avoided
        return [_bare(text)]
    return _with_noun(_each(text))


def _with_noun(things: Iterable[str]) -> list[str]:
    """Return "red", "green" and "blue cars" as three kinds of cars, where the list of things ends so."""
    named = list(things)
    words = named[-1].split() if named else []
    if len(words) > 1 and words[0].casefold() in COLOURS and all(thing.casefold() in COLOURS for thing in named[:-1]):
        return [*(f"{colour} {' '.join(words[1:])}" for colour in named[:-1]), named[-1]]
    return named


def _each(text: str) -> Iterable[str]:
    parts = [part for part in _SEPARATORS.split(text) if part.strip()]
    for place, part in enumerate(parts):
        for one in [part] if _MORE_IS_SAID.search(part) else _OR.split(part):
            last = place == len(parts) - 1
            for thing in _joined(one) if last or _DENIAL.match(one) else (one,):
                bare = _bare(thing)
                if bare and bare.casefold() not in _NOTHING:
                    yield bare


def _joined(text: str) -> list[str]:
    """Split "cats and dogs" where both are plain names: what more is said about a thing may hold for it alone."""
    if _PAIRS.search(text) or _MORE_IS_SAID.search(text):
        return [text]
    return _AND.split(text)


def _bare(thing: str) -> str:
    plain = re.sub(r"^(?:and|or|nor)\s+", "", thing.strip(" \t.!·•*-–—"), flags=re.IGNORECASE)
    if _NOBODY.fullmatch(plain):
        return "person"
    denied = _DENIAL.match(plain)
    rest = plain[denied.end() :].strip() if denied else plain
    if _NOBODY.fullmatch(rest):
        return "person"
    return _ARTICLE.sub("", rest, count=1) if _ARTICLE.match(rest) else rest


def _absences(given: Requirement, text: str) -> tuple[Requirement, ...]:
    if _NOBODY_IS.fullmatch(text):
        return (replace(given, kind="absence", text="there is no person"),)
    if _NO_LIMIT.search(text):
        return ()
    if isinstance(claim(replace(given, kind="absence")), Absence) and not _SEPARATORS.search(text) and not _AND.search(text):
        return (replace(given, kind="absence"),)  # "no text" is asked as it stands
    match = _ENGLISH_DENIAL.fullmatch(text)
    if not match:
        return ()
    things = match["things"]
    parts = [part for separated in _SEPARATORS.split(things) for one in _OR.split(separated) for part in _AND.split(one)]
    if _MORE_IS_SAID.search(things) or any(_NEW_THING.match(part.strip()) for part in parts[1:]):
        return ()  # "no dog and a cat"
    named = [replace(given, kind="absence", text=f"there is no {thing}") for thing in things_to_avoid([things])]
    if not named or not all(isinstance(claim(one), Absence) for one in named):
        return ()
    return (named[0], *(replace(one, id="") for one in named[1:]))


def _count(given: Requirement, text: str) -> tuple[Requirement, ...]:
    counted = replace(given, kind="count")
    if isinstance(claim(counted), Count):
        return (counted,)
    wanted = amount(counted)
    if wanted is None or _UNCOUNTED.match(wanted.things):
        return ()
    if wanted.least != wanted.most:
        return (counted,)  # "at least three boats"
    match = _HOW_MANY.fullmatch(text)
    if not match or (match["number"].lower() in {"one", "1"} and not re.search(r"\b(?:only|just)\b", text, re.IGNORECASE)):
        return ()
    exact = replace(counted, text=f"there {'is' if wanted.least == 1 else 'are'} exactly {match['number']} {match['things']}")
    return (exact,) if isinstance(claim(exact), Count) else ()


def _lettering(given: Requirement, text: str) -> tuple[Requirement, ...]:
    if isinstance(claim(replace(given, kind="text")), Lettering):
        return (replace(given, kind="text"),)
    match = _BARE_WORDS.fullmatch(text) or _SIGN_READS.fullmatch(text)
    if not match:
        return ()
    found = match.groupdict()
    exactly = "exactly " if found["exact"] or found.get("also") else ""
    words = " ".join((found["words"] or found["single"] or found["capitals"]).split())
    read = replace(given, kind="text", text=f'{exactly}the words "{words}" can be read')
    if not (sign := found.get("sign")):
        return (read,)
    if _SAYS_MORE.search(sign):
        return ()  # "the sign does not say …"
    return (read, replace(given, id="", kind="relation", text=f"there is lettering on {sign}"))
