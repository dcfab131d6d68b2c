"""The question for the next prompt, from the brief, the frozen checklist and the results of earlier prompts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from onbrief.brief import Brief, Checklist
from onbrief.errors import Blocked
from onbrief.ports import History, Revised
from onbrief.questions import parsing, schema
from onbrief.questions.declining import declines
from onbrief.questions.question import NOTICE, Question, material
from onbrief.record import Attempt, Finding, Problem, Prompt, Verdict

SHOWN_PROMPTS = 8  # of the history: the newest ones, and the best one
SHOWN_EVIDENCE = 3  # for each requirement and prompt, the latest
_LONGEST_EVIDENCE = 200  # characters
_FOUR_BYTES = "\N{DESERET CAPITAL LETTER LONG I}"  # as many as a character can have

_SYSTEM = f"""\
You write prompts for a text-to-image model. The pictures that it makes of your prompt are checked against a checklist, \
which is fixed: only a picture that meets every requirement marked as a must is accepted. You cannot change, drop or \
reinterpret a requirement, and the checker reads nothing of what you write.

The image model reads the prompt and nothing else: no brief, no checklist, no history. So the prompt
- asks for everything on the checklist, what is already met as well, and for nothing that would contradict it or the brief.
- is one plain English text that describes the finished picture, whatever the language of the brief; about 60 words or \
fewer unless the checklist needs more. No instructions to a person, no "should", no ids, no remarks about earlier \
pictures.
- names each thing together with its number, colour and place, so that nothing of one thing runs over to another.
- puts first what is hardest to get right.
- writes words to be read between double quotation marks, exactly as they are on the checklist.
- never names what must be absent. That goes into the negative text, as a list of names without "no" or "without".

Where a history is given, read it before you write: it says how often pictures of each prompt met each requirement, and \
what was seen where one was not met. Pictures in which the checker could not tell are counted apart, as undecided: they \
say nothing against a prompt.
- Reinforce what failed, by the means that were not used yet: a clause of its own; a number said once as a word and once \
as an arrangement ("three … in a row"); a relation as an explicit layout ("on the left side …, on the right side …"); a \
colour right before its thing and said again; an uncommon thing described by its shape; a simpler scene around it. Stress \
one or two requirements, not all of them: each stress weakens the others.
- Protect what was met: keep the wording that worked, above all that of the best prompt so far.
- Where two requirements alternate, one met whenever the other one fails, change the arrangement rather than the stress.
- Where a prompt was blocked, say the same in words that no filter minds.
- Never repeat a prompt. A small change where most is met, a new arrangement where the same thing failed with every prompt.

{NOTICE}"""

_SCHEMA = schema.record(
    reason=schema.words("What failed so far and what you change because of it, in one or two sentences."),
    text=schema.words("The prompt."),
    negative=schema.words(
        "The negative text: names of what must not be in the picture, joined by commas; empty if there is nothing."
    ),
)


def revise(brief: Brief, checklist: Checklist, revision: int, history: History) -> Question[Revised]:
    """Ask for the next prompt. An empty history asks for one from the brief alone.

    Reading refuses an empty prompt; its length is limited where it is stored.
    """
    parts = [
        f"Write prompt number {revision}. Number 0 was the text of the brief as it stands; use other words than any before it.",
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
        parts += ["What was tried, oldest first:", material("history", _shown(history, checklist))]
    return Question(_SYSTEM, "\n\n".join(parts), "revision", _SCHEMA, _read)


def longest_history(brief: Brief, checklist: Checklist, revision: int, characters: int) -> History:
    """Return a history of the most text that one before this revision can have: for the price of a call whose history is not
    known yet. Prompts have at most this many characters.
    """
    evidence = [f"{number}{_FOUR_BYTES * _LONGEST_EVIDENCE}"[:_LONGEST_EVIDENCE] for number in range(SHOWN_EVIDENCE)]
    findings = [tuple(Finding(r.id, "unmet", 0.0, text) for r in checklist.requirements) for text in evidence]
    attempts = [
        Attempt(0, number, 0, verdict=Verdict(False, found), problem=Problem("unreadable", evidence[number]))
        for number, found in enumerate(findings)
    ]
    written = [Prompt(number, "x" * characters) for number in range(1, min(revision, SHOWN_PROMPTS))]
    return [(prompt, attempts) for prompt in (Prompt.first(brief), *written)]


def _read(answer: object) -> Revised:
    fields = parsing.body(answer, "text", "reason", "negative")
    text = parsing.text(fields, "text")
    if declines(text):
        raise Blocked(f"the reviser declines to write a prompt: {text[:_LONGEST_EVIDENCE]}", hint="use another reviser")
    return Revised(
        text=text,
        negative=parsing.text(fields, "negative", empty=True),
        reason=parsing.text(fields, "reason", empty=True),
    )


def _shown(history: History, checklist: Checklist) -> list[dict[str, object]]:
    """Return the newest prompts and the best one, each with its results."""
    best = max(history, key=lambda tried: _best_of(tried[1], checklist))
    newest = history[-SHOWN_PROMPTS:]
    shown = newest if best in newest else [best, *newest[1:]]
    return [_tried(prompt, attempts, checklist, best=prompt is best[0]) for prompt, attempts in shown]


def _best_of(attempts: Sequence[Attempt], checklist: Checklist) -> int:
    """Count the musts that the best picture of a prompt met; -1 if none was judged."""
    return max((_musts_met(attempt, checklist) for attempt in attempts if attempt.verdict), default=-1)


def _musts_met(attempt: Attempt, checklist: Checklist) -> int:
    short = {*(f.id for f in attempt.verdict.unmet), *attempt.verdict.unasked} if attempt.verdict else set[str]()
    return sum(requirement.id not in short for requirement in checklist.musts)


def _tried(prompt: Prompt, attempts: Sequence[Attempt], checklist: Checklist, *, best: bool) -> dict[str, object]:
    verdicts = [attempt.verdict for attempt in attempts if attempt.verdict]
    found = [finding for verdict in verdicts for finding in verdict.findings]
    unmet = [finding for verdict in verdicts for finding in verdict.unmet if finding.verdict != "undecided"]
    short = Counter(finding.id for finding in unmet)
    told = Counter(finding.id for finding in found if finding.verdict != "undecided")
    results: list[dict[str, object]] = []
    for requirement in checklist.requirements if verdicts else ():
        of = told[requirement.id]
        result: dict[str, object] = {"id": requirement.id, "met": of - short[requirement.id], "of": of}
        if undecided := sum(finding.id == requirement.id for finding in found) - of:
            result["undecided"] = undecided
        seen = [f.evidence[:_LONGEST_EVIDENCE] for f in unmet if f.id == requirement.id and f.evidence]
        if seen:
            result["seen"] = list(dict.fromkeys(reversed(seen)))[:SHOWN_EVIDENCE]
        results.append(result)
    problems = [f"{a.problem.kind}: {a.problem.message[:_LONGEST_EVIDENCE]}" for a in attempts if a.problem]
    return {
        "prompt": prompt.revision,
        "best": best,
        "text": prompt.text,
        "negative": prompt.negative,
        "results": results,
        "problems": list(dict.fromkeys(reversed(problems)))[:SHOWN_EVIDENCE],
    }
