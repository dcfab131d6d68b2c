"""The question for a checklist: atomic requirements, each with the words of the brief that it comes from."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import cast, get_args

from onbrief.brief import MAX_REQUIREMENT_CHARACTERS, MAX_REQUIREMENTS, Brief, Kind, Requirement
from onbrief.errors import Unreadable, UsageError
from onbrief.ports import OpenQuestion, Planned
from onbrief.questions import parsing, schema
from onbrief.questions.question import NOTICE, Question, material

_SHOWN = 80  # characters of a requirement or citation in a warning
_LONGEST = 200  # characters of a question, and of a reading
_STEM, _ENDING = 3, 4  # characters that words of one stem share at least, and in which they differ at most

_SYSTEM = f"""\
You turn the brief for a picture into a checklist. Somebody who has never read the brief will look at a finished picture \
and answer every requirement on its own. A picture is accepted when each requirement marked as a must holds. So whatever \
the brief asks for has to be on the list, and nothing else may be.

Each requirement
- makes one claim that can be decided by looking at the picture. "Two red cups on a table" is five: there are cups, there \
are exactly two cups, the cups are red, there is a table, the cups are on the table.
- is a short statement in plain English, in the present tense, whatever the language of the brief, in the brief's words \
where they are English. It stands by itself: it names its things and never says "it", "the same" or "as described". \
Lettering is quoted as it is written in the brief.
- cites the words of the brief that it comes from, copied letter by letter in the language of the brief: those that it says, \
and no more than that. Nothing that cannot be cited goes on the list: no guesses at what would look good, nothing that \
merely tends to come along with what is asked for.
- agrees with the words that it cites: the same number, and a "no" where they have one.
- is said once. Two statements that would always get the same answer are one, and what always goes together is one: "a \
wine glass", "a rolling pin", "a person riding a horse" need no second requirement for a part of it.
- has as parents what it presupposes: a colour the thing that has it, a relation and an action the things in it, lettering \
on a sign the sign. A later mention of a thing that the brief has named means that thing, and is not another one.

The kinds, and how to word them
- object: "there is a lake", "there are cups"
- count: "there are exactly three cups". Only where the brief gives a number; "a", "some" and "several" are no numbers. \
"One of them has a hat" is an attribute: "exactly one of the cats has a hat".
- attribute: "the cups are red"; also what somebody wears and the parts of a body: "the girl is wearing a red scarf", "the \
girl's hair is long". Where things of one name differ, the colour tells them apart: "there is a red cup", "there is a blue cup".
- relation: "the dog is to the left of the bench", seen from where the viewer stands
- action: "the girl is reading a book"
- text: 'the words "Open late" can be read'
- absence: "there is no person". What must not be there; one requirement for each thing.
- style: "the picture is a watercolour painting", "the picture is serene"
- format: "the picture is black and white", "the picture is a close-up"
- whole: what has to be judged by the picture as a whole and fits no other kind, as the time of day: "the scene is at night"

Must or not: would the customer who wrote the brief send a picture back for it?
- A must: the things that the brief names, how many there are, their colours and materials, where they are, what they do, the \
words to be read, what must be absent, the time of day and the weather; also the medium (a photograph, a watercolour, anime) \
and the framing (a close-up, a view from above), whatever their kind.
- Not a must: what fair people could argue about. Words of degree (bright, slightly, very), size without anything to measure \
it by (small, large, oversized), taste and mood (cute, serene, happy, beautiful), manner (fast, firmly), quality (highly \
detailed, 8k), and whatever the brief itself calls optional. They only rank pictures that are accepted. Such a word is a must \
where the brief insists on it ("the dog must be tiny") or compares ("larger than the house").
A vague brief has few musts. Do not make up for it.

What is not on the list
- The shape and the size of the picture (16:9, square, --ar 3:2, 512x768, "in portrait format"): they are part of the order. \
A square or a landscape that is to be seen in the picture is a thing like any other.
- The syntax of image generators: of "(cat:1.2)" only the cat counts; "--v 6", "<lora:x>" and "BREAK" ask for nothing; a \
negative prompt ("--no people") names what must be absent.
- Words about the making of the picture ("draw", "an image of").

What the brief leaves open goes to `questions`, for the customer: where it contradicts itself ("in daytime", "at sunset"), \
where its words can mean two things that look different, and where it says what no picture can show ("500 ml", "our new \
bottle"). Each question cites the words, and gives the reading that the checklist follows: the kinder one, by which more \
pictures are accepted. Of a contradiction, put on the list what both sides allow. Taste and vagueness are no questions. \
Most briefs leave nothing open: then the list is empty.

When you have written the list, go through the brief word by word: each word that says something about the picture is \
cited by a requirement or by a question, or it only says how the others are joined.

{NOTICE}"""

_TASK = """\
Write the checklist for this brief. Its own `requirements` and the things to `avoid` are on the list already: do not \
repeat them.

{brief}"""

_MORE = """\
This is the checklist that you wrote for the brief. The parts of the brief named as missing are cited by no requirement that \
says them as the brief does, with the same number and the same "no".

{planned}

{missing}

Write the requirements that are missing, and none that is on the list. Number them on; their parents may be on the list. A \
part that asks for nothing that a picture can show, or that the list has in other words, goes to `questions`, with that \
reading."""

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
    ),
    questions=schema.many(
        schema.record(
            words=schema.words("Words of the brief, letter by letter."),
            question=schema.words("The question to the customer, in one line."),
            reading=schema.words("The reading that the checklist follows, in a few words."),
        ),
        "What the brief leaves open; mostly empty.",
    ),
)


def plan(brief: Brief) -> Question[Planned]:
    """Ask for the checklist of a brief.

    Reading refuses duplicate ids, more requirements than a checklist can hold, and a list that would leave the checklist
    without a must. Unknown parents are dropped. A requirement whose citation is not in the brief word for word is kept, with a
    warning: models shorten, inflect and translate what they cite, and a requirement that is lost would let a wrong picture
    pass.
    """

    def read(answer: object) -> Planned:
        planned = _read(answer, brief, ())
        if not (brief.avoid or any(r.must for r in (*brief.requirements, *planned.requirements))):
            raise parsing.refusal("requirements", [r.text for r in planned.requirements], "at least one that is a must")
        return planned

    return Question(_SYSTEM, _TASK.format(brief=_shown(brief)), "checklist", _SCHEMA, read)


def complete(brief: Brief, planned: Planned, missing: Sequence[str]) -> Question[Planned]:
    """Ask for what a checklist leaves out, by name. What is read are the requirements to add; see `plan`. Their ids are unlike
    those of the list.
    """
    so_far = [{"id": r.id, "text": r.text, "kind": r.kind, "must": r.must} for r in planned.requirements]
    more = _MORE.format(planned=material("planned", so_far), missing=material("missing", list(missing)))

    def read(answer: object) -> Planned:
        return _read(answer, brief, planned.requirements)

    return Question(_SYSTEM, f"{_TASK.format(brief=_shown(brief))}\n\n{more}", "checklist", _SCHEMA, read)


def _shown(brief: Brief) -> str:
    own = [{"text": r.text, "kind": r.kind, "must": r.must} for r in brief.requirements]
    return material("brief", {"text": brief.text, "requirements": own, "avoid": list(brief.avoid)})


def _read(answer: object, brief: Brief, so_far: Sequence[Requirement]) -> Planned:
    fields = parsing.body(answer, "requirements")
    found = parsing.items(fields, "requirements")
    room = MAX_REQUIREMENTS - len(brief.requirements) - len(brief.avoid) - len(so_far)
    if len(found) > room:
        raise parsing.refusal("requirements", f"{len(found)} requirements", f"at most {room} for this brief")
    planned: dict[str, Requirement] = {}
    cites: list[tuple[str, ...]] = []
    warnings: list[str] = []
    for place, item in found:
        about = parsing.mapping(item, place)
        requirement = _requirement(about, f"{place}.")
        if requirement.id in planned:
            raise parsing.refusal(f"{place}.id", requirement.id, "an id that no other requirement has")
        planned[requirement.id] = requirement
        cites.append(tuple(words for _, words in parsing.texts(about, "cites", f"{place}.")))
        warnings += _doubts(requirement, cites[-1], brief.text)
    listed = {requirement.id for requirement in so_far}
    ids = {id_: _unlike(id_, listed) for id_ in planned}
    for id_, requirement in planned.items():
        known = (ids.get(p, p) for p in requirement.parents if p != id_ and (p in planned or p in listed))
        planned[id_] = replace(requirement, id=ids[id_], parents=tuple(known))
    return Planned(
        tuple(planned.values()), warnings=tuple(warnings), cites=tuple(cites), questions=tuple(_questions(fields, brief.text))
    )


def _unlike(id_: str, taken: set[str]) -> str:
    return id_ if id_ not in taken else _unlike(f"{id_[:30]}m", taken)


def _questions(fields: dict[str, object], brief: str) -> Iterator[OpenQuestion]:
    """Yield what the brief leaves open. A question about words that the brief does not have is dropped: it explains nothing."""
    if not any(key.strip().casefold() == "questions" for key in fields):
        return
    for place, item in parsing.items(fields, "questions"):
        about = parsing.mapping(item, place)
        words, question, reading = (
            " ".join(parsing.text(about, name, f"{place}.").split()) for name in ("words", "question", "reading")
        )
        if _stands_in(words, brief) or _resembles(words, brief):
            yield OpenQuestion(words, _short(question, _LONGEST), _short(reading, _LONGEST))


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


def _doubts(requirement: Requirement, cited: Sequence[str], brief: str) -> list[str]:
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


def _short(text: str, most: int = _SHOWN) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())
