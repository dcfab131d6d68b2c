"""What a report shows of a run, computed once for the page, the card and the sheet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Literal
from urllib.parse import quote, unquote

from onbrief.attempt import Answer, Attempt, Box, Source
from onbrief.brief import Requirement
from onbrief.errors import Outcome
from onbrief.record import Prompt, Run
from onbrief.report.formatting import command, counted

Mark = Literal["passed", "short", "borderline", "undecided", "problem", "unjudged", "pending"]
"""The result of an attempt: `short` is a picture that misses a requirement, `borderline` one that misses none but leaves a
doubt that the strictness of the run does not accept, `undecided` one in which the judge could not tell.
"""

Sign = Literal["met", "unmet", "borderline", "undecided", "stop", "clock"]
"""The sign drawn beside the words; the words alone are complete."""

_FILE_URL = re.compile(r"file:///[A-Za-z0-9/._~%!$&'()*+,;=:@-]*")
_FILE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}")

_PROBLEMS = {
    "blank": "Blank picture",
    "unreadable": "Not a usable picture",
    "failed": "The call failed",
    "blocked": "Blocked by the provider",
    "unknown": "Outcome unknown",
}

_UNANSWERED = {
    "unreadable": "Not judged: the answer cannot be read",
    "blocked": "Not judged: the judge refused",
    "unknown": "Not judged: no answer came",
    "blind": "Not judged: the judge does not see the picture",
}

_GIVEN_ADVICE = "Judging the same pictures again costs nothing; a changed one is judged anew. This prints the verdicts."

_IN_DOUBT: tuple[Answer, ...] = ("borderline", "undecided")

_ENDINGS: dict[Outcome | None, tuple[str, Sign]] = {
    None: ("In progress", "clock"),
    "passed": ("Passed", "met"),
    "unmet": ("No picture met every requirement", "unmet"),
    "over_budget": ("Over budget", "stop"),
    "blocked": ("Blocked by the provider", "stop"),
    "unknown": ("The outcome of a paid call is unknown", "undecided"),
    "failed": ("Stopped by an error", "unmet"),
    "cancelled": ("Cancelled", "stop"),
}

_ADVICE: dict[Outcome | None, str] = {
    None: "The run is in progress, or was interrupted. This resumes it; nothing is paid for twice.",
    "passed": "Nothing is left to do. This prints the record.",
    "unmet": "With higher limits, this resumes the run; pictures already paid for are kept.",
    "over_budget": "With a higher money limit, this resumes the run; nothing is paid for twice.",
    "blocked": "The provider refuses this content. Word the brief differently and start a new run. This prints the record.",
    "unknown": "The call may have been paid for, so it was not sent again. This sends it once more, at its price.",
    "failed": "When the cause is fixed, this resumes the run; nothing is paid for twice.",
    "cancelled": "This resumes the run; nothing is paid for twice.",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One requirement of the checklist, and its answers in all attempts, in order (None: not judged). `accepted` is the number
    of pictures in which it is met, or borderline and accepted with a reservation.
    """

    requirement: Requirement
    answers: tuple[tuple[Answer | None, ...], ...]
    accepted: int

    @property
    def judged(self) -> int:
        """The number of pictures in which the judge looked for it."""
        return sum(answer is not None for row in self.answers for answer in row)

    @property
    def met(self) -> int:
        """The number of pictures that met it."""
        return self._count("met")

    @property
    def borderline(self) -> int:
        """The number of pictures in which fair people would differ."""
        return self._count("borderline")

    @property
    def undecided(self) -> int:
        """The number of pictures in which the judge could not tell."""
        return self._count("undecided")

    def _count(self, wanted: Answer) -> int:
        return sum(answer == wanted for row in self.answers for answer in row)


@dataclass(frozen=True, slots=True)
class Answered:
    """A requirement with the finding for it in one picture. `reserved`: it is accepted with a reservation. `box` is the part of
    the picture that the finding is about, if that is known.
    """

    requirement: Requirement
    verdict: Answer
    probability: float
    evidence: str
    source: Source = "judge"
    box: Box | None = None
    reserved: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """One attempt on the contact sheet."""

    attempt: Attempt
    mark: Mark
    says: str
    answers: tuple[Answered, ...]
    best: bool
    given: str = ""

    @property
    def label(self) -> str:
        """The name of the attempt; or of a picture that existed already, its path without what all of them begin with."""
        return self.given or self.attempt.name

    @property
    def missed(self) -> tuple[Answered, ...]:
        """The musts that fall short: neither met nor accepted with a reservation."""
        musts = (answer for answer in self.answers if answer.requirement.must)
        return tuple(answer for answer in musts if answer.verdict != "met" and not answer.reserved)

    @property
    def reserved(self) -> tuple[Answered, ...]:
        """The musts that are accepted with a reservation, if the picture passed."""
        return tuple(answer for answer in self.answers if answer.reserved) if self.attempt.passed else ()

    @property
    def file(self) -> str | None:
        """The path of the full picture, relative to the page: beside it, or, under a name that the caller chose, beside the
        folder of all runs (see store/mapping.py). None when its key does not end in a plain name. For a picture that existed
        already, its file: URL.
        """
        image = self.attempt.image
        if self.given:
            return image.url if image and _FILE_URL.fullmatch(image.url) else None
        name, stored = (text.rpartition("/")[2] for text in (image.key, image.url)) if image else ("", "")
        if not _FILE.fullmatch(name):
            return None
        named = stored != name and f"-{self.attempt.name}" in stored
        return f"../../{quote(unquote(stored))}" if named else name


@dataclass(frozen=True, slots=True)
class Row:
    """One prompt, the one before it, and the attempts made with it; or, without a prompt, pictures that existed already."""

    prompt: Prompt | None
    frames: tuple[Frame, ...]
    former: Prompt | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """What a report shows of a run."""

    run: Run
    headline: str
    sign: Sign
    gap: str
    items: tuple[Item, ...]
    rows: tuple[Row, ...]
    advice: str
    command: str

    @property
    def frames(self) -> Iterator[Frame]:
        """All attempts, in order."""
        return (frame for row in self.rows for frame in row.frames)

    @property
    def groups(self) -> tuple[tuple[Row, ...], ...]:
        """The rows, those with one picture each together where they follow one another: such rows can share a line."""
        return grouped(self.rows)

    @property
    def best(self) -> Frame | None:
        """The best attempt so far."""
        return next((frame for frame in self.frames if frame.best), None)

    @property
    def reserved(self) -> tuple[Frame, ...]:
        """The pictures to accept that passed with reservations: the best one, or any that existed already."""
        return tuple(frame for frame in self.frames if frame.reserved and (frame.best or frame.given))

    @property
    def never(self) -> tuple[Item, ...]:
        """The musts that no picture met, of those that the judge could tell in some picture."""
        return tuple(
            item for item in self.items if item.requirement.must and item.judged > item.undecided and not item.accepted
        )

    @property
    def open(self) -> tuple[Item, ...]:
        """The musts that stayed undecided in every picture."""
        return tuple(item for item in self.items if item.requirement.must and item.judged and item.judged == item.undecided)


def grouped(rows: Sequence[Row]) -> tuple[tuple[Row, ...], ...]:
    """Put rows of prompts with one picture each together where they follow one another; every other row is its own group."""
    groups: list[tuple[Row, ...]] = []
    for row in rows:
        if groups and _is_single(row) and _is_single(groups[-1][0]):
            groups[-1] += (row,)
        else:
            groups.append((row,))
    return tuple(groups)


def _is_single(row: Row) -> bool:
    return row.prompt is not None and len(row.frames) == 1


def story_of(run: Run) -> Story:
    """Compute what a report shows of a run, finished or not."""
    best = run.best
    if run.kind == "judge":
        return _story_of_given(run, best)
    headline, sign = _ENDINGS[run.outcome]
    if run.outcome == "passed" and best and best.verdict and (reserved := len(best.verdict.reservations)):
        headline = f"{headline} with {counted(reserved, 'reservation')}"
    rows = tuple(
        Row(prompt, tuple(_frame(run, a, a is best) for a in _side_by_side(run.of_prompt(prompt.revision))), former)
        for former, prompt in zip((None, *run.prompts), run.prompts, strict=False)
    )
    story = Story(run, headline, sign, "", _items(run, rows), rows, _ADVICE[run.outcome], _command(run))
    return replace(story, gap=_gap(story))


def _side_by_side(attempts: Sequence[Attempt]) -> list[Attempt]:
    """Return the attempts of a prompt in order, but edited ones next to the picture that they were made from."""
    places = {attempt.name: place for place, attempt in enumerate(attempts)}
    return sorted(attempts, key=lambda attempt: (places.get(attempt.base, places[attempt.name]), bool(attempt.base)))


def _story_of_given(run: Run, best: Attempt | None) -> Story:
    headline, sign = _ENDINGS[run.outcome]
    labels = _labels([attempt.image.key if attempt.image else attempt.name for attempt in run.attempts])
    frames = tuple(
        replace(_frame(run, attempt, attempt is best), given=label) for attempt, label in zip(run.attempts, labels, strict=True)
    )
    passed, total = sum(attempt.passed for attempt in run.attempts), len(run.attempts)
    reserved = sum(bool(frame.reserved) for frame in frames)
    if run.outcome in ("passed", "unmet"):
        passes = f"{passed} of {counted(total, 'picture')} passed" if passed < total or total > 1 else "The picture passed"
        headline = passes + (f", {reserved} with reservations" if reserved else "")
    left = any(not attempt.complete for attempt in run.attempts)
    advice = "With a longer time limit, this resumes the run." if run.outcome == "unmet" and left else _GIVEN_ADVICE
    settled = run.outcome == "passed" or (run.outcome == "unmet" and not left)
    if run.outcome not in ("passed", "unmet"):
        advice = _ADVICE[run.outcome]
    again = command("onbrief", "show", run.run_id) if settled else _command(run)
    rows = (Row(None, frames),) if frames else ()
    return Story(run, headline, sign, "", _items(run, rows), rows, advice, again)


def _labels(paths: list[str]) -> list[str]:
    """Return paths without the folders that they have in common."""
    parts = [path.split("/") for path in paths]
    levels = zip(*(path[:-1] for path in parts), strict=False)
    shared = sum(1 for _ in takewhile(lambda level: len(set(level)) == 1, levels))
    return ["/".join(path[shared:]) for path in parts]


def _items(run: Run, rows: tuple[Row, ...]) -> tuple[Item, ...]:
    if run.checklist is None:
        return ()
    found = {id(frame): {answer.requirement.id: answer for answer in frame.answers} for row in rows for frame in row.frames}
    items: list[Item] = []
    for requirement in run.checklist.requirements:
        given = [[found[id(frame)].get(requirement.id) for frame in row.frames] for row in rows]
        accepted = sum(answer.verdict == "met" or answer.reserved for row in given for answer in row if answer)
        items.append(Item(requirement, tuple(tuple(answer and answer.verdict for answer in row) for row in given), accepted))
    return tuple(items)


def _frame(run: Run, attempt: Attempt, best: bool) -> Frame:
    requirements = {r.id: r for r in run.checklist.requirements} if run.checklist else {}
    answers = tuple(
        Answered(
            requirements[f.id], f.verdict, f.probability, f.evidence, f.source, f.box, f.id in attempt.verdict.reservations
        )
        for f in (attempt.verdict.findings if attempt.verdict and not attempt.verdict.problem else ())
        if attempt.verdict and f.id in requirements
    )
    mark, says = _mark(run, attempt, answers)
    return Frame(attempt, mark, says, answers, best)


def _mark(run: Run, attempt: Attempt, answers: tuple[Answered, ...]) -> tuple[Mark, str]:
    if attempt.problem:
        return "problem", _PROBLEMS[attempt.problem.kind]
    if attempt.verdict is None:
        if run.kind == "run" and any(other.verdict and other.verdict.passed for other in run.attempts):
            return "unjudged", "Not judged: another one had passed"
        if run.outcome is None:
            return "pending", "Being judged" if attempt.image else "Being made"
        return "unjudged", "Not judged: the run had stopped"
    if attempt.verdict.passed:
        reserved = len(attempt.verdict.reservations)
        return "passed", f"Passed with {counted(reserved, 'reservation')}" if reserved else "Passed"
    if attempt.verdict.problem:
        return "undecided", _UNANSWERED.get(attempt.verdict.problem.kind, "Not judged")
    musts = [answer.verdict for answer in answers if answer.requirement.must]
    unasked = sum(r.must and r.id in attempt.verdict.unasked for r in run.checklist.requirements) if run.checklist else 0
    short = {answer.verdict for answer in answers if answer.requirement.must and not answer.reserved}
    others = "".join(f", {musts.count(word)} {word}" for word in _IN_DOUBT if word in musts)
    others += f", {unasked} not asked" if unasked else ""
    mark = "short" if "unmet" in short else "undecided" if "undecided" in short else "borderline"
    return mark, f"{musts.count('met')} of {len(musts) + unasked} met{others}"


def _gap(story: Story) -> str:
    """Return what all pictures together missed, in a sentence or two; empty while there is nothing to say."""
    musts = [item for item in story.items if item.requirement.must]
    if story.run.outcome in (None, "passed") or not any(item.judged for item in musts):
        return ""
    sentences: list[str] = []
    if never := len(story.never):
        sentences.append(
            f"{counted(never, 'requirement')} of {len(musts)} {'was' if never == 1 else 'were'} met in no picture."
        )
    if left := len(story.open):
        sentences.append(f"{counted(left, 'requirement')} of {len(musts)} stayed undecided in every picture.")
    if not sentences and not all(item.judged for item in musts):
        return "No picture met every requirement that the judge was asked about first."
    return " ".join(sentences) or "Every requirement was met in some picture, but no picture met them all."


def _command(run: Run) -> str:
    match run.outcome:
        case "passed" | "blocked":
            return command("onbrief", "show", run.run_id)
        case "unknown":
            return command("onbrief", "resume", run.run_id, "--resend-unknown")
        case _:
            return command("onbrief", "resume", run.run_id)
