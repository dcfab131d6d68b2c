"""Converts claims to neutral English sentences, and parses statements into claims."""

from __future__ import annotations

import re
from functools import lru_cache

from onbrief_sandbox.language import claims, draft, foreign, grammar, phrases, words
from onbrief_sandbox.language.claims import (
    Absent,
    Claim,
    Coloured,
    Counted,
    ElementThere,
    Ground,
    Lettered,
    Placed,
    Present,
    Related,
    Styled,
    Which,
)
from onbrief_sandbox.language.draft import Unread
from onbrief_sandbox.language.tokens import MAX_QUOTE, sentences
from onbrief_sandbox.scene import Direction, Place, Scene

_ELEMENTS = {
    "day": "it is day",
    "night": "it is night",
    "sunset": "it is sunset",
    "sun": "there is a sun",
    "sunrise": "the sun is on the horizon",
    "moon": "there is a moon",
    "stars": "there are stars in the sky",
    "aurora": "there is an aurora",
    "meteors": "there are meteors",
    "clouds": "there are clouds",
    "rainbow": "there is a rainbow",
    "mountains": "there are mountains",
    "hills": "there are hills",
    "forest": "there is a forest",
    "lake": "there is a lake",
    "sea": "there is a sea",
    "ice": "there is ice",
}
_BY_SENTENCE = {text: name for name, text in _ELEMENTS.items()}
_PLACES: dict[Place, str] = {
    "left": "on the left",
    "right": "on the right",
    "top": "at the top",
    "bottom": "at the bottom",
    "middle": "in the middle",
}
_BY_PLACE: dict[str, Place] = {text: place for place, text in _PLACES.items()}
_DIRECTIONS: dict[Direction, str] = {
    "left of": "to the left of",
    "right of": "to the right of",
    "above": "above",
    "below": "below",
}
_BY_DIRECTION: dict[str, Direction] = {text: direction for direction, text in _DIRECTIONS.items()}

_VERBATIM = "as the brief says, "  # the text after it must not be parsed as a claim
_LONGEST = 1000  # characters; a requirement has at most 500
_NAME = r"([a-z0-9' -]{1,64})"
_PRESENT = re.compile(rf"there (is an?|are) {_NAME}")
_COUNTED = re.compile(rf"there (is|are) exactly ([a-z]+|\d\d?) {_NAME}")
_COLOURED = re.compile(rf"the {_NAME} (is|are) ({'|'.join(words.COLOUR_WORDS)})")
_PLACED = re.compile(rf"the {_NAME} (is|are) ({'|'.join(_BY_PLACE)})")
_RELATED = re.compile(rf"the {_NAME} (is|are) ({'|'.join(_BY_DIRECTION)}) the {_NAME}")
_GROUND = re.compile(rf"the background is ({'|'.join(words.COLOUR_WORDS)})")
_LETTERED = re.compile(rf'the words? "([^"\n]{{1,{MAX_QUOTE}}})" can be read')
_CARRIED = re.compile(rf'there is an? ((?:{"|".join(words.CARRIERS)})(?: [a-z]+){{0,5}}) "([^"\n]{{1,{MAX_QUOTE}}})"')
_LIKE_ADJECTIVES = ("cloudy", "starry", "hilly", "forested", "dawn", "daybreak")
_EXACT = re.compile(r"\s*exactly the words?\b", re.IGNORECASE)  # the eye does not tell capitals from small letters
_STYLED = re.compile(rf"the picture has an? ({'|'.join(words.STYLE_WORDS)}) style")


def sentence(claim: Claim) -> str:
    """Return the claim as the text of a requirement."""
    match claim:
        case Present(those):
            return f"there are {_name(those)}" if those.many else f"there is {words.article(_name(those))}"
        case Counted(those, number, said):
            few = Which(those.noun, those.colour, number != 1, those.said)
            plain = f"there {'is' if number == 1 else 'are'} exactly {words.numeral(number)} {_name(few)}"
            forms = (f"there is a {said} of {_name(few)}", f"there are a {said} {_name(few)}") if said else ()
            return next((text for text in forms if read(text) == (claim,)), plain)
        case Coloured(those, colour):
            return f"the {_name(those)} {_be(those)} {colour}"
        case Placed(those, place):
            return f"the {_name(those)} {_be(those)} {_PLACES[place]}"
        case Related(those, direction, other, said):
            plain = f"the {_name(those)} {_be(those)} {_DIRECTIONS[direction]} the {_name(other)}"
            own = f"the {_name(those)} {_be(those)} {said} the {_name(other)}"
            return own if not set(said.split()) <= set(plain.split()) and read(own) == (claim,) else plain
        case Ground(colour):
            return f"the background is {colour}"
        case ElementThere(name, said):
            return _in_own_words(claim, _ELEMENTS[name], said)
        case Lettered(text, on):
            return (
                f'there is {words.article(on)} "{text}"'
                if on
                else f'the {"words" if " " in text else "word"} "{text}" can be read'
            )
        case Absent(noun, said):
            return _in_own_words(
                claim, f"there {'are' if noun == words.plural(words.singular(noun)) else 'is'} no {noun}", said
            )
        case Styled(style, said):
            return f"the picture has {words.article(said or style)} style"


def _in_own_words(claim: Claim, plain: str, said: str) -> str:
    """Return the claim in the word that a brief has for it ("there is an ocean"), if that is understood as the same."""
    if not said or set(said.split()) <= set(plain.split()):
        return plain
    many = words.singular(said) != said
    named = said if plain == _ELEMENTS["ice"] else words.article(said)
    forms = [f"there are {said}" if many else f"there is {named}", f"there is {said}", f"the {said}"]
    forms = [forms[2]] if " is " in said else forms
    alike = plain.startswith("it is") or said in words.DESERTED or said.endswith(_LIKE_ADJECTIVES)
    forms.insert(0 if alike and not said.endswith(("sky", "view")) else 3, f"it is {said}")
    return next((text for text in forms if read(text) == (claim,)), plain)


def verbatim(text: str) -> str:
    """Return a text that `read` returns None for, whatever the words say."""
    return text if read(text) is None else f"{_VERBATIM}{text}"


def statement(unread: Unread, scene: Scene) -> str:
    """Return words that the sandbox cannot check as the text of a requirement: "the cat is next to the dog". `read` returns
    None for it.
    """
    return verbatim(_described(unread, scene))


def _described(unread: Unread, scene: Scene) -> str:
    if unread.kind == "text":
        return f'the words "{unread.text}" can be read'
    if unread.kind == "absence":
        return f"there is {unread.text}"
    if unread.kind == "relation" and unread.subject is None and unread.objects:
        return f"{unread.text} the {_name(claims.which(scene, unread.objects[0]))}"
    if unread.kind in ("format", "style"):
        return f"the picture is {words.article(unread.text)}"
    if unread.kind == "whole":
        return " ".join(("the picture shows", unread.text, *(f"the {_name(claims.which(scene, n))}" for n in unread.objects)))
    if unread.subject is None:
        many = words.singular(unread.text) != unread.text
        return f"there are {unread.text}" if many else f"there is {words.article(unread.text)}"
    these = claims.which(scene, unread.subject)
    text = (
        words.article(unread.text)
        if unread.text in words.NARROWER and words.singular(unread.text) == unread.text
        else unread.text
    )
    if text.startswith("of "):
        return f"the {_name(these)} {text} {_be(these)} there"
    objects = " and ".join(f"the {_name(claims.which(scene, number))}" for number in unread.objects)
    first = text.partition(" ")[0]
    spoken = first in words.UNREAD_VERBS or words.singular(first) != first
    verb = first in words.LETTERING or (unread.kind == "action" and spoken)
    return " ".join(part for part in ("the", _name(these), "" if verb else _be(these), text, objects) if part)


@lru_cache(1024)  # a checklist is read anew for each picture
def read(text: str) -> tuple[Claim, ...] | None:
    """Return the claims that a statement makes, without those that others imply.

    None if it makes no claims, or if any part of it is not understood: the understood part could hold while the whole
    statement does not.
    """
    if text.startswith(_VERBATIM) or _EXACT.match(text):
        return None
    plain = " ".join(words.fold(text[:_LONGEST]).split()).rstrip(" .")
    if (claim := _exactly(plain)) is not None:
        return (claim,)
    reading = grammar.read(text)
    if reading.unread or reading.passed or words.beyond_latin(text) or foreign.language(text) or foreign.strange(text):
        return None
    found = claims.of(reading.scene, apart=True)
    implied = {parent for claim in found for parent in claims.parents(claim)}
    return tuple(claim for claim in found if claim not in implied) or None


def _exactly(text: str) -> Claim | None:
    """Return the claim of a text in exactly the form that `sentence` produces, or None."""
    if match := _LETTERED.fullmatch(text):
        return Lettered(match[1]) if draft.fits(match[1]) else None
    if match := _CARRIED.fullmatch(text):
        return Lettered(match[2], match[1]) if draft.fits(match[2]) else None
    text = text.lower()
    if name := _BY_SENTENCE.get(text):
        return ElementThere(name)
    if match := _GROUND.fullmatch(text):
        return Ground(words.COLOUR_WORDS[match[1]])
    if match := _STYLED.fullmatch(text):
        return Styled(words.STYLE_WORDS[match[1]], match[1])
    if match := _COUNTED.fullmatch(text):
        number = int(match[2]) if match[2].isdecimal() else words.NUMBERS.get(match[2])
        return Counted(those, number) if number is not None and (those := _which(match[3], number != 1)) else None
    if match := _RELATED.fullmatch(text):
        those, other = _which(match[1], match[2] == "are"), _which(match[4], None)
        return Related(those, _BY_DIRECTION[match[3]], other) if those and other else None
    if match := _PLACED.fullmatch(text):
        return Placed(those, _BY_PLACE[match[3]]) if (those := _which(match[1], match[2] == "are")) else None
    if match := _COLOURED.fullmatch(text):
        return Coloured(those, words.COLOUR_WORDS[match[3]]) if (those := _which(match[1], match[2] == "are")) else None
    if match := _PRESENT.fullmatch(text):
        return Present(those) if (those := _which(match[2], match[1] == "are")) else None
    return None


def _which(name: str, many: bool | None) -> Which | None:
    """Return the things that a name describes, or None if the text is more than a name. `many` is the number of the verb, None
    without a verb.
    """
    opening = {True: "some", False: "a", None: "the"}[many]
    found = sentences(f"{opening} {name}")
    if len(found) != 1 or not phrases.content(found[0][1] if len(found[0]) > 1 else found[0][0]):
        return None
    phrase = phrases.read(found[0], 0)
    if phrase.colour == "orange" and not phrase.noun:
        return Which("orange", None, bool(many))  # the fruit
    if not phrase.noun or phrase.end != len(found[0]) or phrase.styles or phrase.unread or phrase.dropped:
        return None
    return Which(phrase.noun, phrase.colour, phrase.plural if many is None else many, phrase.said)


def _name(those: Which) -> str:
    noun = those.said or those.noun
    noun = words.plural(noun) if those.many else noun
    return f"{those.colour} {noun}" if those.colour else noun


def _be(those: Which) -> str:
    return "are" if those.many else "is"
