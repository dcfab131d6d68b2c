"""Tell the answer of a model that declines from one that it failed to write in the form requested."""

from __future__ import annotations

import re

_BEGINNING = 400  # characters; what comes later is no longer the answer to the request
_FIRST = (
    r"(?:I(?: am|'m)(?: \w+)? sorry|I(?: sincerely)? apologi[sz]e|my apologies|apologies|oh|well|thanks?|unfortunately|sorry"
    r"|as an ai)\b.{0,80}?"
)
_NOT = (
    r"(?:can't|cannot|can not|could not|couldn't|won't|will not|(?:am |'m )(?:unable|not able) to"
    r"|(?:must |have to |will )?decline to)"
)
_DO = (
    r"(?:help|assist|compl|answer|creat|generat|writ|produc|provid|continu|fulfil|process|analy[sz]|descri|evaluat|judg|discuss"
    r"|engag|identif|support|do (?:this|that))"
)
_DECLINES = re.compile(rf"\W*(?:{_FIRST})?\bI ?(?:\w+ ){{0,2}}{_NOT}(?: \w+){{0,3}} {_DO}", re.IGNORECASE | re.DOTALL)


def declines(text: str) -> bool:
    """Return whether a text is a model's refusal, as in "I am sorry, but I cannot help with that."."""
    return _DECLINES.match(text.strip().replace("’", "'")[:_BEGINNING]) is not None
