"""What the answers of a judge mean: here they are compared with what is wanted, which the judge does not know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from onbrief.attempt import Answer, Finding
from onbrief.errors import Unreadable
from onbrief.ports import Judged
from onbrief.questions import parsing
from onbrief.questions.claims import Absence, Claim, Count, Lettering, Statement
from onbrief.questions.control import Control
from onbrief.questions.sides import AGAINST, BORDERLINE, FOR, Side

NOT_READ = 0.05  # assumed probability that words are in the picture although no transcript has them


_Entry = tuple[str, str, dict[str, object]]
"""The place of an entry in an answer, the id that it is about, and its fields."""


def of(answer: dict[str, object], claims: Mapping[str, Claim], side: Side, control: Control | None) -> Judged:
    """Return what an answer says about these claims, which are by the ids of their requirements. A claim that it says nothing
    about has no finding.

    Raises:
        Unreadable: the answer is not as requested, or leaves out the control question.
    """
    stated = {id_: claimed for id_, claimed in claims.items() if isinstance(claimed, Statement | Absence)}
    counts = {id_: claimed for id_, claimed in claims.items() if isinstance(claimed, Count)}
    wanted = {id_: claimed for id_, claimed in claims.items() if isinstance(claimed, Lettering)}
    lines = _transcript(answer) if wanted else []
    said = _entries(answer, "statements", (*stated, *(control.statements if control else ())))
    blind = _blind(answer, said, side, control) if control else ""
    found = [
        *(_statement(fields, place, id_, stated[id_], side) for place, id_, fields in said if id_ in stated),
        *(_count(fields, place, id_, counts[id_].number) for place, id_, fields in _entries(answer, "counts", tuple(counts))),
        *(_lettering(id_, claimed, lines) for id_, claimed in wanted.items()),
    ]
    order = list(claims)
    found.sort(key=lambda finding: order.index(finding.id))
    return Judged(tuple(found), blind=blind, lettering=_all_lettering(answer))


def of_whole(answer: dict[str, object], id_: str, description: str, control: Control | None) -> Judged:
    """Return what an answer to the question about a whole description says: a single finding with this id.

    Raises:
        Unreadable: as `of`.
    """
    said = _entries(answer, "statements", tuple(control.statements)) if control else []
    blind = _blind(answer, said, FOR, control) if control else ""
    return Judged((_statement(answer, "", id_, Statement(description), FOR),), blind=blind)


def _blind(answer: Mapping[str, object], entries: Sequence[_Entry], side: Side, control: Control) -> str:
    """Return why the judge does not see the picture; an empty text if it does. `entries` are its answers to statements.

    Raises:
        Unreadable: it leaves the control question out, or one of its statements.
    """
    said = dict[str, bool | None]()
    for place, id_, fields in entries:
        if id_ in control.statements:
            given = _answer(fields, place, side)
            said[id_] = None if given == BORDERLINE else given == side.true
    if missing := control.statements.keys() - said:
        raise parsing.refusal("statements", list(said), f"an answer to {' and '.join(sorted(missing))} too")
    return control.blind(answer, said)


def _entries(answer: dict[str, object], name: str, asked: Sequence[str]) -> list[_Entry]:
    """Return the entries of a list that are about what was asked, each with its place and its id. Others are dropped, unless
    something that was asked has no entry: then one of them may be meant for it.
    """
    found: list[_Entry] = []
    unknown: list[tuple[str, object]] = []
    for at, item in parsing.items(answer, name) if asked else ():
        fields, place = parsing.mapping(item, at), f"{at}."
        if id_ := parsing.id_among(fields, place, asked):
            found.append((place, id_, fields))
        else:
            unknown.append((f"{place}id", fields.get("id")))
    if unknown and set(asked) - {id_ for _, id_, _ in found}:
        raise parsing.refusal(*unknown[0], " or ".join(asked))
    return found


def _answer(fields: dict[str, object], place: str, side: Side) -> str:
    """Return the answer to a statement. "unclear" is what earlier questions offered in the place of "borderline"."""
    if parsing.words(fields, "answer") == ["unclear"]:
        return BORDERLINE
    return parsing.choice(fields, "answer", place, side.answers)


def _statement(fields: dict[str, object], place: str, id_: str, claimed: Statement | Absence, side: Side) -> Finding:
    """Return what an answer to a statement means for its requirement."""
    evidence = parsing.text(fields, "evidence", place, empty=True)
    answer = _answer(fields, place, side)
    probability = parsing.probability(fields, "probability", place)
    verdicts: dict[str, Answer] = {side.true: "met", side.false: "unmet"}
    turned = side.turned and isinstance(claimed, Absence)
    if turned:
        verdicts = {side.true: "unmet", side.false: "met"}
    if turned or side is AGAINST:  # the model gave the probability of the opposite
        probability = round(1 - probability, 6)
    return Finding(id_, verdicts.get(answer, "borderline"), probability, evidence, box=parsing.box(fields, "box"))


def _count(fields: dict[str, object], place: str, id_: str, wanted: int) -> Finding:
    evidence = parsing.text(fields, "evidence", place, empty=True)
    number = parsing.count(fields, "number", place)
    probability = parsing.probability(fields, "probability", place)
    box = parsing.box(fields, "box")
    if number is None:  # no answer to the question how many
        return Finding(id_, "undecided", 0.5, evidence, box=box)
    evidence = f"{number} counted: {evidence}"
    if number == wanted:
        return Finding(id_, _sure(probability), probability, evidence, box=box)
    # If the number is wrong, the right one is above or below it, and the less likely the farther off.
    other = (1 - probability) / 2 ** min(abs(number - wanted), 30)
    return Finding(id_, "unmet", round(other, 6), evidence, box=box)


def _sure(probability: float) -> Answer:
    """Return the answer of a comparison that agrees, whose sides are as wanted with this probability."""
    return "met" if probability >= 0.5 else "borderline"


def _all_lettering(answer: dict[str, object]) -> tuple[str, ...]:
    """Return what the transcript has, as far as it can be read: where no words are wanted, its form matters to nobody."""
    try:
        return tuple(text for text, _ in _transcript(answer) if text)
    except Unreadable:
        return ()


def _transcript(answer: dict[str, object]) -> list[tuple[str, float]]:
    lines: list[tuple[str, float]] = []
    for place, item in parsing.items(answer, "lettering"):
        fields = parsing.mapping(item, place)
        lines.append(
            (parsing.text(fields, "text", f"{place}.", empty=True), parsing.probability(fields, "probability", f"{place}."))
        )
    return lines


def _lettering(id_: str, claimed: Lettering, lines: list[tuple[str, float]]) -> Finding:
    """Find the words in one line of the transcript, as whole words and in order."""
    evidence = "to be read: " + (", ".join(f'"{text}"' for text, _ in lines) or "nothing")
    found = [probability for text, probability in lines if claimed.stands_in(text)]
    return Finding(id_, _sure(max(found)), max(found), evidence) if found else Finding(id_, "unmet", NOT_READ, evidence)
