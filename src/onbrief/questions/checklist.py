"""The question for a checklist: atomic requirements, each with the words of the brief that it comes from."""

from __future__ import annotations

import unicodedata
from typing import cast, get_args

from onbrief.brief import MAX_REQUIREMENTS, Brief, Kind, Requirement
from onbrief.errors import Unreadable, UsageError
from onbrief.ports import Planned
from onbrief.questions import parsing, schema
from onbrief.questions.question import NOTICE, Question, material

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

    Reading refuses requirements that cite words which are not in the brief, unknown parents, duplicate ids, more requirements
    than a checklist can hold, and a list that would leave the checklist without a must.
    """
    own = [{"text": r.text, "kind": r.kind, "must": r.must} for r in brief.requirements]
    shown: dict[str, object] = {"text": brief.text, "requirements": own, "avoid": list(brief.avoid)}

    def read(answer: object) -> Planned:
        return _read(answer, brief)

    return Question(_SYSTEM, _TASK.format(brief=material("brief", shown)), "checklist", _SCHEMA, read)


def _read(answer: object, brief: Brief) -> Planned:
    found = parsing.items(parsing.mapping(answer, "the answer"), "requirements")
    room = MAX_REQUIREMENTS - len(brief.requirements) - len(brief.avoid)
    if len(found) > room:
        raise parsing.refusal("requirements", f"{len(found)} requirements", f"at most {room} for this brief")
    planned: dict[str, Requirement] = {}
    for place, item in found:
        requirement = _requirement(parsing.mapping(item, place), f"{place}.", brief.text)
        if requirement.id in planned:
            raise parsing.refusal(f"{place}.id", requirement.id, "an id that no other requirement has")
        planned[requirement.id] = requirement
    for (place, _), requirement in zip(found, planned.values(), strict=True):
        if not planned.keys() - {requirement.id} >= set(requirement.parents):
            raise parsing.refusal(f"{place}.parents", requirement.parents, "ids of other requirements of this list")
    if not (brief.avoid or any(r.must for r in (*brief.requirements, *planned.values()))):
        raise parsing.refusal("requirements", [r.text for r in planned.values()], "at least one that is a must")
    return Planned(tuple(planned.values()))


def _requirement(item: dict[str, object], place: str, brief: str) -> Requirement:
    cited = parsing.texts(item, "cites", place)
    if not cited:
        raise parsing.refusal(f"{place}cites", [], "the words of the brief that this comes from")
    for at, words in cited:
        if not _stands_in(words, brief):
            raise parsing.refusal(at, words, "words that stand in the brief")
    fields = {
        "id": parsing.text(item, "id", place),
        "text": " ".join(parsing.text(item, "text", place).split()),
        "kind": parsing.choice(item, "kind", place, get_args(Kind)),
    }
    must = parsing.flag(item, "must", place)
    parents = tuple(parent for _, parent in parsing.texts(item, "parents", place))
    try:
        return Requirement(id=fields["id"], text=fields["text"], kind=cast("Kind", fields["kind"]), must=must, parents=parents)
    except UsageError as error:
        raise Unreadable(f"{place.rstrip('.')}: {error}") from error


def _stands_in(words: str, brief: str) -> bool:
    """Whether these words are in the brief, ignoring case, width and everything that is neither a letter nor a digit."""
    return words.strip() in brief if not _plain(words) else _plain(words) in _plain(brief)


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())
