"""The questions about a picture: whether statements are true of it, how many things are in it, which words can be read.

The judge never learns what was wanted: it sees no prompt and no expected numbers or words, and it is asked whether a thing that
must be absent is there. The comparison is made when the answers are read (findings.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from onbrief.brief import Requirement
from onbrief.ports import Judged
from onbrief.questions import findings, parsing, schema
from onbrief.questions.claims import Absence, Claim, Count, Lettering, Statement, claim
from onbrief.questions.control import COLOURS, CONTROL, Control, SquareColour
from onbrief.questions.question import Question, material
from onbrief.questions.sides import AGAINST, FOR, WHOLE, Side

_LOOK = "Look at the picture beside this text."
_READING = "First transcribe all lettering that can be read anywhere in the picture."
_TRANSCRIPT = schema.many(
    schema.record(
        text=schema.words(
            "Letter by letter as it is drawn, misspelt where it is misspelt. Lines that belong together in one text. What is "
            "half hidden, as far as it can be read."
        ),
        probability=schema.share("How probable it is that each letter of it is right."),
    ),
    "Everything that can be read in the picture, signs, labels and watermarks included. Empty if nothing can be read.",
)
ENLARGED: Final = (
    "What you see is one picture twice. Left of the upright line of black, white and black is the whole picture. Right of it "
    "are enlarged parts of the picture, each below a letter that is not in the picture; `part` says at which of them to look "
    "first. Whatever is in an enlarged part is in the whole picture too, and counts once."
)


def judge(requirements: Sequence[Requirement], colours: Sequence[SquareColour] = ()) -> Question[Judged]:
    """Ask what a picture shows. The picture is sent with the question; if it has a band below it, `colours` are those of its
    squares.

    Reading refuses values that are not probabilities, and unknown ids while there is no answer to a known one. A requirement
    without an answer has no finding; judging/decide.py decides about it, and about several answers to one.
    """
    return _ask(requirements, FOR, colours)


def confirm(
    requirements: Sequence[Requirement], colours: Sequence[SquareColour] = (), parts: Mapping[str, str] | None = None
) -> Question[Judged]:
    """Ask the same as `judge` from the other side: what is wrong? For pictures that are about to pass. `parts` has the letters
    of the enlarged parts that show what requirements are about, by the ids of these, if the picture is such a sheet.
    """
    return _ask(requirements, AGAINST, colours, parts or {})


def whole(description: str, id_: str, colours: Sequence[SquareColour] = ()) -> Question[Judged]:
    """Ask whether the picture shows everything in a description. Its only finding has this id. `colours` as for `judge`.

    A single answer to a long question is the least reliable way to judge; it is for callers who need it to be one call.
    """
    control = Control.of(colours, (), both=False) if colours else None
    task = f"Does the picture beside this text show what this description says?\n\n{material('description', description)}"
    fields = {
        "evidence": schema.words("Each part of the description, with what the picture shows of it."),
        "probability": schema.share("How probable it is that most people would say that the picture shows every part."),
        "answer": schema.one_of(FOR.answers, "The answer."),
    }
    text = task
    if control:
        stated = [{"id": id_, "text": text} for id_, text in control.statements.items()]
        text = "\n\n".join([CONTROL, task, FOR.task, material(FOR.tag, stated)])
        statements = _statements_schema([entry["id"] for entry in stated], FOR)
        fields = {Control.field: Control.schema, **fields, "statements": statements}

    def read(answer: object) -> Judged:
        return findings.of_whole(parsing.body(answer, *fields), id_, description, control)

    return Question(WHOLE, text, "findings", schema.record(**fields), read)


def _ask(
    requirements: Sequence[Requirement], side: Side, colours: Sequence[SquareColour], parts: Mapping[str, str] | None = None
) -> Question[Judged]:
    claims = {requirement.id: claim(requirement) for requirement in requirements}
    counts = [
        {"id": id_, "things": claimed.things, **_part(id_, parts)}
        for id_, claimed in claims.items()
        if isinstance(claimed, Count)
    ]
    stated = [
        {"id": id_, "text": text, **_part(id_, parts)} for id_, claimed in claims.items() if (text := _stated(claimed, side))
    ]
    control = None
    if colours:
        both = side.turned and any(isinstance(claimed, Absence) for claimed in claims.values())
        control = Control.of(colours, tuple(claims), both=both)
        for number, (id_, text) in enumerate(control.statements.items(), COLOURS.index(colours[0])):
            stated.insert(number % (len(stated) + 1), {"id": id_, "text": text})
    texts, fields = [_LOOK, _READING], {"lettering": _TRANSCRIPT}
    if parts:
        texts.insert(0, ENLARGED)
    if control:
        texts.insert(0, CONTROL)
        fields = {Control.field: Control.schema, **fields}
    if counts:
        texts += [side.count, material("counts", counts)]
        fields["counts"] = _counts_schema([entry["id"] for entry in counts], side)
    if stated:
        texts += [side.task, material(side.tag, stated)]
        fields["statements"] = _statements_schema([entry["id"] for entry in stated], side)

    def read(answer: object) -> Judged:
        return findings.of(parsing.body(answer, *fields), claims, side, control)

    return Question(side.system, "\n\n".join(texts), "findings", schema.record(**fields), read)


def _part(id_: str, parts: Mapping[str, str] | None) -> dict[str, str]:
    return {"part": parts[id_]} if parts and id_ in parts else {}


def _stated(claimed: Claim, side: Side) -> str | None:
    """Return the claim as a statement to answer, or None if it is asked about in another way."""
    match claimed:
        case Statement(text):
            return text
        case Absence(things):
            return side.absence + things
        case Count() | Lettering():
            return None


def _counts_schema(ids: Sequence[str], side: Side) -> schema.Schema:
    item = schema.record(
        id=schema.one_of(ids, "Which of them."),
        evidence=schema.words("Each single one in a few words: where it is, from left to right and from top to bottom."),
        probability=schema.share("How probable it is that the number is exact."),
        number=schema.whole_number(
            "How many there are, those counted that are cut off or half hidden; null if nobody could count them."
        ),
        **_box_schema(side),
    )
    return schema.many(item, "One for each id.")


def _statements_schema(ids: Sequence[str], side: Side) -> schema.Schema:
    item = schema.record(
        id=schema.one_of(ids, "Which of them."),
        evidence=schema.words("What the picture shows of it."),
        probability=schema.share(side.probable),
        answer=schema.one_of(side.answers, "The answer."),
        **_box_schema(side),
    )
    return schema.many(item, "One for each id.")


def _box_schema(side: Side) -> dict[str, schema.Schema]:
    """A closer look has the parts in question before it, and is asked for none."""
    if side is AGAINST:
        return {}
    return {"box": schema.box("The part of the picture to look at more closely where it is not plain; null where it is.")}
