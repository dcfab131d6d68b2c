"""What onbrief asks of language models, in words, and how their answers are read. No provider is known here.

A `Question` is what to send (`system`, `text`, the JSON `schema` of the answer) and how to `read` what comes back:

    question = asking.judge(checklist.requirements)
    judged = question.read(document)        # Unreadable names the field and the value that is not as it was asked for

Material from users, models and pictures stands in the text as JSON between tags, and never outside of them.
"""

from onbrief.asking.judging import confirm, judge, whole
from onbrief.asking.planning import plan
from onbrief.asking.question import Question, document, materials
from onbrief.asking.revising import revise

__all__ = ["Question", "confirm", "document", "judge", "materials", "plan", "revise", "whole"]
