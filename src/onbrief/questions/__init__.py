"""The questions that language models are asked, and how their answers are read. Independent of any provider.

A `Question` is what to send (`system`, `text`, the JSON `schema` of the answer) and how to `read` what comes back:

    question = questions.judge(checklist.requirements)
    judged = question.read(document)        # raises Unreadable, naming the field and the value that is not as requested

Material from users, models and pictures appears in the text as JSON between tags, and nowhere else.
"""

from onbrief.questions.checklist import complete, plan
from onbrief.questions.control import COLOURS, SquareColour
from onbrief.questions.declining import declines
from onbrief.questions.history import longest as longest_history
from onbrief.questions.looking import confirm, judge, whole
from onbrief.questions.question import Question, document, materials
from onbrief.questions.revision import correction, revise

__all__ = [
    "COLOURS",
    "Question",
    "SquareColour",
    "complete",
    "confirm",
    "correction",
    "declines",
    "document",
    "judge",
    "longest_history",
    "materials",
    "plan",
    "revise",
    "whole",
]
