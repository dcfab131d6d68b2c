"""T2IScoreScore: 2,840 pictures with known errors, and what six public vision models answered to yes/no questions about them.

M. Saxon and others: Who Evaluates the Evaluations? Objectively Scoring Text-to-Image Prompt Coherence Metrics with
T2IScoreScore (2024). data/t2iscorescore has the answers in a compact form: `python -m benchmarks.scorescore FOLDER` makes it
again from the files of the original, `metadata.csv`, `T2S_DSG_Q_dependency.csv` and `raw_answers_dsg/*.csv`.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from onbrief.attempt import Finding
from onbrief.brief import Checklist, Kind, Requirement
from onbrief.judging.votes import Ballot

DATA = Path(__file__).parent / "data" / "t2iscorescore"
MODELS = ("blip1", "fuyu", "instruct_blip", "llava-alt", "llava", "mplug")
FIVE = ("blip1", "instruct_blip", "llava-alt", "llava", "mplug")
"""Those that answer yes or no: fuyu mostly says something else."""

THREE = ("blip1", "instruct_blip", "llava")
"""The three whose votes the simple rules count."""

_KINDS: tuple[Kind, ...] = ("object", "attribute", "relation")  # by the number of parents of a question: none, one, several
_FIRST_WORD = re.compile(r"\W*([a-z]+)")
_FINDINGS = {
    "y": Finding("", "met", 1.0),
    "n": Finding("", "unmet", 0.0),
    "-": Finding("", "undecided", 0.5),
}


@dataclass(frozen=True, slots=True)
class Rated:
    """A picture with its number of errors, and the answers to each question of its brief, by MODELS."""

    brief: int
    name: str
    errors: int
    checklist: Checklist
    ballots: tuple[Ballot, ...]

    @property
    def right(self) -> bool:
        return self.errors == 0


@cache
def pictures() -> tuple[Rated, ...]:
    """All of them, in the order of the original."""
    asked: defaultdict[int, list[tuple[str, Kind]]] = defaultdict(list)
    for brief, parents, text in _rows("questions.csv.gz"):
        asked[int(brief)].append((text, _KINDS[min(2, len(parents.split()))]))
    checklists = {brief: _checklist(questions) for brief, questions in asked.items()}
    return tuple(
        Rated(int(brief), name, int(errors), checklists[int(brief)], tuple(_ballot(letters) for letters in answers.split()))
        for brief, name, errors, answers in _rows("answers.csv.gz")
    )


@cache
def _ballot(letters: str) -> Ballot:
    return tuple(_FINDINGS[letter] for letter in letters)


def _checklist(questions: Iterable[tuple[str, Kind]]) -> Checklist:
    return Checklist(tuple(Requirement(id=f"r{n}", text=text, kind=kind) for n, (text, kind) in enumerate(questions, 1)))


def _rows(name: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(gzip.decompress((DATA / name).read_bytes()).decode())))


# -- made from the original -------------------------------------------------------------------------------------------


def read_answer(text: str) -> str:
    """Read a free text: y if its first word is yes, n if it is no, - for anything else."""
    found = _FIRST_WORD.match(text.lower())
    return {"yes": "y", "no": "n"}.get(found[1] if found else "", "-")


def make(original: Path) -> None:
    """Write the compact files."""
    questions = list(csv.DictReader((original / "T2S_DSG_Q_dependency.csv").read_text("utf-8").splitlines()))
    of_brief: defaultdict[str, list[str]] = defaultdict(list)
    for row in questions:
        of_brief[row["id"]].append(row["question_id"])
    answers: dict[tuple[str, str, str], str] = {}
    for model in MODELS:
        lines = (original / "raw_answers_dsg" / f"{model}_dsg.csv").read_text("utf-8").splitlines()
        for brief, name, question, *words in csv.reader(lines):
            if brief.isdecimal():
                answers[model, name, question] = read_answer(",".join(words))
    rows: list[Sequence[object]] = []
    for row in csv.DictReader((original / "metadata.csv").read_text("utf-8").splitlines()):
        name, errors = Path(row["file_name"]).name, re.match(r"\d+", row["rank"])
        assert errors
        letters = ("".join(answers[model, name, question] for model in MODELS) for question in of_brief[row["id"]])
        rows.append((row["id"], name, errors[0], " ".join(letters)))
    _write("answers.csv.gz", rows)
    parents = [[] if row["parent_question_id"] == "-1" else row["parent_question_id"].split("-") for row in questions]
    _write("questions.csv.gz", [(r["id"], " ".join(p), r["question"]) for r, p in zip(questions, parents, strict=True)])


def _write(name: str, rows: Iterable[Sequence[object]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    (DATA / name).write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))


if __name__ == "__main__":
    make(Path(sys.argv[1]))
