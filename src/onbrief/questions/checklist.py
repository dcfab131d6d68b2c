"""The question for a checklist: atomic requirements, each with the words of the brief that it comes from."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import cast, get_args

from onbrief.brief import MAX_REQUIREMENT_CHARACTERS, MAX_REQUIREMENTS, Brief, Kind, Requirement
from onbrief.errors import Unreadable, UsageError
from onbrief.ports import Planned
from onbrief.questions import parsing, schema
from onbrief.questions.question import NOTICE, Question, material

_SHOWN = 80  # characters of a requirement or citation in a warning
_STEM, _ENDING = 3, 4  # characters that words of one stem share at least, and in which they differ at most

_SYSTEM = f"""\
You turn the brief for a picture into a checklist. Somebody who has never read the brief will look at a finished picture \
and answer every requirement on its own. A picture is accepted when each requirement marked as a must holds. So whatever \
the brief asks for has to be on the list, and nothing else may be.

Each requirement
- makes one claim that can be decided by looking at the picture. "Two red cups on a table" is five: there are cups, there \
are exactly two cups, the cups are red, there is a table, the cups are on the table.
- is a short statement in plain English, in the present tense, whatever the language of the brief. It stands by itself: it \
names its things and never says "it", "the same" or "as described". Lettering is quoted as it is written in the brief.
- cites the words of the brief that it comes from, copied letter by letter in the language of the brief. Nothing that \
cannot be cited goes on the list: no guesses at what would look good, nothing that merely tends to come along with what is \
asked for.
- is said once. Two statements that would always get the same answer are one.

The kinds, and how to word them
- object: "there is a lake", "there are cups"
- count: "there are exactly three cups". Only where the brief gives a number; "a", "some" and "several" are no numbers.
- attribute: "the cups are red". Where things of one name differ, the colour tells them apart: "there is a red cup", \
"there is a blue cup".
- relation: "the dog is to the left of the bench", seen from where the viewer stands
- action: "the girl is reading a book"
- text: 'the words "Open late" can be read'
- absence: "there is no person". What must not be there; one requirement for each thing.
- style: "the picture is a watercolour painting"
- format: "the picture is black and white"
- whole: what has to be judged by the picture as a whole and fits no other kind

Must or not
- A must: all that the brief says is in the picture or not in it, how many, of what colour, where, doing what, and the \
words to be read.
- Not a must: style, mood, quality and taste ("serene", "stunning", "highly detailed"), and whatever the brief itself \
calls optional. They only rank pictures that are accepted.
A vague brief has few musts. Do not make up for it.

When you have written the list, go through the brief word by word: each word that says something about the picture is \
cited by a requirement, or it only says how the others are joined. Words about the making of the picture ("draw", "an \
image of") ask for nothing.

{NOTICE}"""

_TASK = """\
Write the checklist for this brief. Its own `requirements` and the things to `avoid` are on the list already: do not \
repeat them.

{brief}"""

_SCHEMA = schema.record(
    requirements=schema.many(
        schema.record(
            id=schema.words("c1, c2 and so on, in order."),
            cites=schema.many(
                schema.words("Words of the brief, letter by letter."), "The words that this requirement comes from."
            ),
            text=schema.words("The statement to check, in English, at most 500 characters."),
            kind=schema.one_of(get_args(Kind), "What the claim is about."),
            must=schema.yes_or_no("Whether a picture is refused when this does not hold."),
            parents=schema.many(
                schema.words("An id."),
                "Ids of the requirements without which this one makes no sense: of a colour, the one that its thing is there.",
            ),
        ),
        "In the order of the brief, what others rest on first.",
    )
)


def plan(brief: Brief) -> Question[Planned]:
    """Ask for the checklist of a brief.

    Reading refuses duplicate ids, more requirements than a checklist can hold, and a list that would leave the checklist
    without a must. Unknown parents are dropped. A requirement whose citation is not in the brief word for word is kept, with a
    warning: models shorten, inflect and translate what they cite, and a requirement that is lost would let a wrong picture
    pass.
    """
    own = [{"text": r.text, "kind": r.kind, "must": r.must} for r in brief.requirements]
    shown: dict[str, object] = {"text": brief.text, "requirements": own, "avoid": list(brief.avoid)}

    def read(answer: object) -> Planned:
        return _read(answer, brief)

    return Question(_SYSTEM, _TASK.format(brief=material("brief", shown)), "checklist", _SCHEMA, read)


def _read(answer: object, brief: Brief) -> Planned:
    found = parsing.items(parsing.body(answer, "requirements"), "requirements")
    room = MAX_REQUIREMENTS - len(brief.requirements) - len(brief.avoid)
    if len(found) > room:
        raise parsing.refusal("requirements", f"{len(found)} requirements", f"at most {room} for this brief")
    planned: dict[str, Requirement] = {}
    warnings: list[str] = []
    for place, item in found:
        fields = parsing.mapping(item, place)
        requirement = _requirement(fields, f"{place}.")
        if requirement.id in planned:
            raise parsing.refusal(f"{place}.id", requirement.id, "an id that no other requirement has")
        planned[requirement.id] = requirement
        warnings += _doubts(requirement, [words for _, words in parsing.texts(fields, "cites", f"{place}.")], brief.text)
    for id_, requirement in planned.items():
        known = tuple(parent for parent in requirement.parents if parent in planned and parent != id_)
        planned[id_] = replace(requirement, parents=known)
    if not (brief.avoid or any(r.must for r in (*brief.requirements, *planned.values()))):
        raise parsing.refusal("requirements", [r.text for r in planned.values()], "at least one that is a must")
    return Planned(tuple(planned.values()), warnings=tuple(warnings))


def _requirement(item: dict[str, object], place: str) -> Requirement:
    fields = {
        "id": _id(item.get("id")) or parsing.text(item, "id", place),
        "text": " ".join(parsing.text(item, "text", place).split()),
        "kind": parsing.choice(item, "kind", place, get_args(Kind)),
    }
    must = parsing.flag(item, "must", place)
    parents = tuple(_id(parent) for _, parent in parsing.texts(item, "parents", place))
    try:
        return Requirement(id=fields["id"], text=fields["text"], kind=cast("Kind", fields["kind"]), must=must, parents=parents)
    except UsageError as error:
        allowed = f"a text of at most {MAX_REQUIREMENT_CHARACTERS} characters, and an id such as c1"
        raise Unreadable(
            f"{place.rstrip('.')}: {error}", correction=f"`{place.rstrip('.')}` was not as requested: expected {allowed}"
        ) from error


def _id(given: object) -> str:
    """Return an id as requested for one that is written "C1", "c 1" or 1."""
    plain = "".join(c for c in str(given).casefold() if c.isalnum() or c in "-_") if isinstance(given, str | int) else ""
    return f"c{plain}" if plain[:1].isdigit() else plain


def _doubts(requirement: Requirement, cited: list[str], brief: str) -> list[str]:
    """Return a warning about a requirement if it does not cite the brief word for word."""
    loose = [words for words in cited if not _stands_in(words, brief)]
    about = f"the requirement “{_short(requirement.text)}”"
    if not cited:
        return [f"{about} cites no words of the brief"]
    if not loose:
        return []
    quoted = ", ".join(f"“{_short(words)}”" for words in loose)
    if all(_resembles(words, brief) for words in loose):
        return [f"{about} cites {quoted}, which the brief says in other words"]
    return [f"{about} cites {quoted}, which is not in the brief"]


def _stands_in(words: str, brief: str) -> bool:
    """Whether these words are in the brief, ignoring case, width and everything that is neither a letter nor a digit."""
    return words.strip() in brief if not _plain(words) else _plain(words) in _plain(brief)


def _resembles(words: str, brief: str) -> bool:
    """Whether all words are in the brief, in order, with other words between them or with other endings."""
    rest = iter(_split(brief))
    return bool(cited := _split(words)) and all(any(_same(word, other) for other in rest) for word in cited)


def _same(one: str, other: str) -> bool:
    """Whether two words differ at most in their ending, as in "cups" and "cup" or "running" and "run"."""
    alike = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return one == other or (alike >= _STEM and max(len(one), len(other)) - alike <= _ENDING)


def _split(text: str) -> list[str]:
    return [plain for word in text.split() if (plain := _plain(word))]


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())
