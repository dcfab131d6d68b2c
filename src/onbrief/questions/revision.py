"""The question for the next prompt, from the brief, the frozen checklist and the results of earlier prompts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from onbrief.brief import Brief, Checklist
from onbrief.errors import Blocked
from onbrief.ports import NATURAL, Dialect, History, Revised, Unreachable
from onbrief.questions import history as shown
from onbrief.questions import parsing, schema, usable
from onbrief.questions.declining import declines
from onbrief.questions.question import NOTICE, Question, material
from onbrief.record import Prompt

_LONGEST = 200  # characters of a reason
_MOST_QUOTED = 2_000  # bytes of an answer in its correction, which the price of a call has room for
_MOST_FAULTS = 8  # in a correction

_SYSTEM = f"""\
You write prompts for a text-to-image model. The pictures that it makes of your prompt are checked against a checklist, \
which is fixed: only a picture that meets every requirement marked as a must is accepted. You cannot change, drop or \
reinterpret a requirement, and the checker reads nothing of what you write.

The image model reads the prompt and nothing else: no brief, no checklist, no history. So the prompt
- names every thing on the checklist in the checklist's own word for it, also what is met already, and asks for nothing that \
would contradict the checklist or the brief. What is no must may be left out where room is short.
- is one plain English text that describes the finished picture, whatever the language of the brief. No headings, no \
instructions to a person, no ids, no remarks about earlier pictures.
- says each thing together with its number, colour and place, so that nothing of one thing runs over to another.
- has the words to be read between double quotation marks, exactly as they are on the checklist, and nothing else that a \
model could print: the name of a colour instead of its code, no measures such as "500 ml", no aspect ratio.
- takes nothing from the syntax of other image generators: of "(cat:1.2)" only the cat counts, "--ar 16:9" asks for nothing.
- lays out what seems to contradict itself in different parts of the picture: for "blue sky" and "at sunset", a blue sky above \
and the sunset along the horizon. Where one thing would hide another, choose a pose, a cut or an angle that shows both.

{NOTICE}"""

_CLIP = """\
- It reads {most} CLIP tokens and cuts off the rest. A common word is one token, a rare one two or three, each comma and full \
stop one more: that is about {words} words in all. Write phrases joined by commas rather than sentences; leave out articles, \
filler and praise. If not everything fits, keep every thing with its colour and place, and drop what is no must."""

_LONG = """\
- It reads plain language, up to {most} {unit}. Use as many as the checklist needs and no more."""

_HARDEST_FIRST = """\
- What comes first counts most: begin with what is hardest to get right."""

_NATURAL = """\
- Describe the picture in natural order: the scene and the view, the subject, its details, then the background. Say each \
thing once and where it is; what is said twice is easily drawn twice."""

_WEIGHTS = """\
- It reads weights: "(three cups:1.2)", from 1.1 to 1.4. Put one on one or two things at most: each weakens the others."""

NO_WEIGHTS = """\
- It reads no weights: brackets and numbers for stress are words to it."""

_NEGATIVE = """\
- It takes a negative text: names of what must be absent, joined by commas, without "no" or "without". Put there what the \
checklist or the brief wants absent, and not in the prompt. Never a word that names something required, not even within a \
phrase ("empty bottle" weakens the bottle, "other text" the lettering), and not what was seen wrong in a picture ("brown \
belt" where the belt is to be red): say in the prompt what is wanted instead. Mostly it is short, or empty."""

NO_NEGATIVE = """\
- It takes no negative text. What must be absent is said in the prompt, once and in few words, at its end: "no people"."""

_FIRST = """\
Nothing was tried yet. Design the arrangement first: where each thing is, how large, from which side it is seen, so that \
everything on the checklist has a place of its own and can be seen whole. Then describe it."""

_AGAIN = """\
Below is what was tried, oldest first: each prompt with the results of its pictures. `met` are the requirements that every \
picture met. For each of the others, it says how many of its pictures met it, in how many it was `borderline` (fair people \
would differ) and in how many plainly `unmet`, and what was `seen`. `with_it` are requirements that could not be met because \
this one was not: they are no failures of their own. `undecided` is what the checker could not tell; it says nothing against \
a prompt.
- A thing that is missing is a matter of arrangement, not of stress: give it a place and a size of its own, simplify what \
surrounds it, describe an uncommon thing by its shape.
- A wrong number: the number as a word, and how they stand ("three … in a row"). A wrong colour: the colour right before its \
thing, and no other thing with that colour beside it. A wrong place: both things by their sides of the picture. Wrong \
lettering: its own clause, and what it is written on.
- What is borderline only needs to be plainer.
- Where two requirements alternate, one met whenever the other is not, change the arrangement.
- If a remedy did not help twice, use another one.
- Where a prompt was blocked, say the same in words that no filter minds.
- Never repeat a prompt."""

_UNREACHABLE = "A must that no prompt can reach (a landscape format for a square picture) is named in `unreachable`."


def revise(
    brief: Brief, checklist: Checklist, revision: int, history: History, dialect: Dialect = NATURAL
) -> Question[Revised]:
    """Ask for the next prompt for an image model of this dialect. An empty history asks for one from the brief alone.

    Reading refuses an empty prompt. Everything else is checked before it is used; see usable.py.
    """
    parts = [
        f"Write prompt number {revision}. {_UNREACHABLE}",
        "\n".join(["The image model that draws next:", *_spoken(dialect)]),
        material("brief", {"text": brief.text, "avoid": list(brief.avoid), "size": list(brief.size)}),
        material(
            "checklist",
            [
                {"id": r.id, "text": r.text, "kind": r.kind, "must": r.must, "parents": list(r.parents)}
                for r in checklist.requirements
            ],
        ),
    ]
    if history:
        tried = shown.table(history, checklist)
        if dialect.unit == "CLIP tokens":  # so that a model sees how they are counted
            tried = [{**one, "length": f"{usable.length(str(one['text']), dialect)} CLIP tokens"} for one in tried]
        parts += [_AGAIN, shown.advice(history, checklist), material("history", tried)]
    else:
        parts += [_FIRST]
    return Question(_SYSTEM, "\n\n".join(parts), "revision", _schema(dialect), lambda answer: _read(answer, checklist))


def correction(prompt: Prompt, faults: Sequence[str]) -> str:
    """Return what a reviser is told about its prompt that cannot be used; at most 3,000 bytes."""
    quoted = {"text": prompt.text, "negative": prompt.negative}
    answer = f"It was\n{material('answer', quoted)}\n"
    told = answer if len(answer.encode()) <= _MOST_QUOTED else ""
    return f"{told}What is wrong with it: {'; '.join(faults[:_MOST_FAULTS])}"


def _spoken(dialect: Dialect) -> Iterator[str]:
    if dialect.unit == "CLIP tokens":
        yield _CLIP.format(most=dialect.most, words=dialect.most * 3 // 5)
    else:
        yield _LONG.format(most=dialect.most, unit=dialect.unit)
    yield _HARDEST_FIRST if dialect.hardest_first else _NATURAL
    yield _WEIGHTS if dialect.weights else NO_WEIGHTS
    yield _NEGATIVE if dialect.negative else NO_NEGATIVE


def _schema(dialect: Dialect) -> dict[str, object]:
    negative = {"negative": schema.words("The negative text: names joined by commas; empty if there is nothing.")}
    return schema.record(
        reason=schema.words("What failed so far and what you change because of it, in one or two sentences."),
        unreachable=schema.many(
            schema.record(id=schema.words("The id of a must."), why=schema.words("In a few words.")),
            "The musts that no prompt can reach; mostly empty.",
        ),
        text=schema.words("The prompt."),
        **(negative if dialect.negative else {}),
    )


def _read(answer: object, checklist: Checklist) -> Revised:
    fields = parsing.body(answer, "text", "reason", "negative")
    text = parsing.text(fields, "text")
    if declines(text):
        raise Blocked(f"the reviser declines to write a prompt: {text[:_LONGEST]}", hint="use another reviser")
    return Revised(
        text=text,
        negative=parsing.text(fields, "negative", empty=True),
        reason=parsing.text(fields, "reason", empty=True),
        unreachable=tuple(_unreachable(fields, checklist)),
    )


def _unreachable(fields: dict[str, object], checklist: Checklist) -> Iterator[Unreachable]:
    musts = [must.id for must in checklist.musts]
    if not parsing.has(fields, "unreachable"):
        return
    for place, item in parsing.items(fields, "unreachable"):
        about = parsing.mapping(item, place)
        if id_ := parsing.id_among(about, f"{place}.", musts):
            yield Unreachable(id_, " ".join(parsing.text(about, "why", f"{place}.", empty=True).split())[:_LONGEST])
