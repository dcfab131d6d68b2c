"""What onbrief asks of language models, in words, and how their answers are read. No provider is known here.

A `Question` is what to send (`system`, `text`, the JSON `schema` of the answer) and how to `read` what comes back:

    question = questions.judge(checklist.requirements)
    judged = question.read(document)        # Unreadable names the field and the value that is not as it was asked for

Material from users, models and pictures stands in the text as JSON between tags, and never outside of them.
"""

from onbrief.questions.checklist import plan
from onbrief.questions.findings import confirm, judge, whole
from onbrief.questions.question import Question, document, materials
from onbrief.questions.revision import revise

__all__ = ["Question", "confirm", "document", "judge", "materials", "plan", "revise", "whole"]
