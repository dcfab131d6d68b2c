"""Decides the words for a match and for a mismatch: those that a client offers, or those that its question invites."""

from __future__ import annotations

import re

from onbrief_sandbox.server.mind.fields import Field
from onbrief_sandbox.server.mind.quoting import quotes
from onbrief_sandbox.server.mind.words import LANGUAGES, VERDICTS

Words = tuple[str, str]
"""The word for a match and the word for a mismatch."""

_YES = {yes.lower() for yes, _ in VERDICTS}
_NO = {no.lower() for _, no in VERDICTS} | {"retry", "redraw", "regenerate", "try again", "error"}
_DENIED = re.compile(r"(?:not|no|un|in|mis|non|dis)\W?\w")
_DENIES = re.compile(
    r"\b(?:not|no|never|otherwise|else|fails?|missing|mismatch|differs?|wrong|incorrect|unless|any other)\b|n't|"
    r"ない|不一致|違|異な|それ以外|さもなければ|以外",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"\b(?:if|when|where|otherwise|else|means|for)\b|場合|なら|→|[=:(]|なけれ|以外", re.IGNORECASE)
_CONDITION_BEHIND = re.compile(r"\s*(?:if|when|where|for|means|otherwise|else|=|:|→|\()")
_KEY_BEHIND = re.compile(r"\s*[:：]")
_BREAK = re.compile(r"[,;.、。\n]|\b(?:or|and|but)\b")
_MARKS = "\"'`“”‘’「」『』*"
_BETWEEN = re.compile(rf"[{_MARKS}]?\s*(?:[/|,、]|\b(?:or|oder|ou|o)\b|または|还是|或|또는|か)?\s*[{_MARKS}]?")
_LIKE_A_QUESTION = re.compile(r"(?i)is_|matche?s?\b|pass|valid")
_BOX = re.compile(r"\\boxed\{+([^{}]{1,24})\}+")
_YES_OR_NO = re.compile(
    r"\b(?:does|do|is|are|was|were|did|has|have|can|could|will|would|should)(?:n't)?\b[^?]{3,400}\?|"
    r"\b(?:check|tell|determin|decid|verif|see|judg|evaluat|assess|say|confirm|validat)\w*\b[^.?!\n]{0,60}\b(?:whether|if)\b|"
    r"か[？?。\s]|かどうか|是否|吗[？?]",
    re.IGNORECASE,
)
_HOW = re.compile(r"\b(?:how|what|which|why|wie|was|comment|quel|cómo|qué)\b", re.IGNORECASE)
_OPTION = re.compile(r"(?<!\w)[(\[]?([A-Da-d1-4])[).:\]]\s*[\"'“]?([^\W\d]+)")
_BY_LETTER = re.compile(r"\b(?:letter|number|option)\b|\bA or B\b|\bA/B\b", re.IGNORECASE)
_SAYING = re.compile(
    r"\b(?:if|when|whenever|must be|answer|reply|respond with|say|output|return|set)\b|場合|なら", re.IGNORECASE
)
_TOLD = re.compile(r"\b(?:output|return|say|answer|reply|print|write|(?:respond|reply|answer) with)\s\Z", re.IGNORECASE)
_DIGITS = re.compile(r"(?<![\w.])(?:0\s*(?:or|/|\|)\s*1|1\s*(?:or|/|\|)\s*0)(?![\w.])", re.IGNORECASE)
_FAR = 12  # maximum characters between two words that count as side by side
_LONGEST = 24  # maximum characters of a word for a verdict
_MOST = 40  # maximum occurrences of a word to examine


def words(field: Field | None, text: str) -> tuple[str | bool, str | bool]:
    """Return the values of a field of an answer, or without one, the words of an answer in prose.

    They are the client's own words if it offers any; true and false for a field without a value that is named like a question;
    yes and no, in the language of the question, if it is one that they answer; else OK and NG, or in prose yes and no.
    """
    if found := offered(field, text):
        return found
    if field and not field.choices and field.shown in ("", '""') and _LIKE_A_QUESTION.match(field.name):
        return True, False
    if field and not asks_yes_or_no(text):
        return "OK", "NG"
    yes, no = _in_the_language(text)
    return (yes.upper(), no.upper()) if field else (yes.capitalize(), no.capitalize())


def asks_yes_or_no(text: str) -> bool:
    """Return whether the text has a question that yes or no answers."""
    return bool(_YES_OR_NO.search(text)) or ("?" in text and not _HOW.search(text) and _in_the_language(text)[0] != "yes")


def boxed(text: str) -> Words | None:
    r"""Return words in boxes, with their conditions before them: `if it matches, \boxed{1}, otherwise \boxed{0}`."""
    found: dict[bool, str] = {}
    at = 0
    for match in _BOX.finditer(text):
        found.setdefault(not _DENIES.search(text[at : match.start()]), match[1].strip())
        at = match.end()
    return (found[True], found[False]) if len(found) == 2 else None


def offered(field: Field | None, text: str) -> Words | None:
    """Return the two words: from the choices of a schema, from the field's value in the skeleton, or from the whole text."""
    if field and field.choices:
        return _of_choices(list(field.choices))
    if field and (found := _pair(field.shown, loose=True) or _explained(field.shown) or _listed(field.shown)):
        return found
    if field and (found := _alone(field.shown)):
        return found
    return _lettered(text) or _explained(text) or _pair(text, loose=False) or _digits(text) or _conditional(text)


def _of_choices(choices: list[str]) -> Words | None:
    choices = list(dict.fromkeys(choices))
    if len(choices) < 2:
        return None
    no = next((choice for choice in choices if _refuses(choice)), None)
    agreeing = [choice for choice in choices if choice != no and choice.lower() in _YES]
    yes = (agreeing or [choice for choice in choices if choice != no])[0]
    return yes, no or next(choice for choice in reversed(choices) if choice != yes)


def _refuses(word: str) -> bool:
    plain = word.lower().replace("_", " ").replace("-", " ")
    return plain in _NO or (plain not in _YES and bool(_DENIED.match(plain)))


def _pair(text: str, *, loose: bool) -> Words | None:
    """Return the longest pair of matching words, spelled as in the text. In running text (not `loose`) they must be in
    quotation marks, in capitals, or side by side.
    """
    found: list[Words] = []
    for yes, no in VERDICTS:
        ones, others = _places(yes, text), _places(no, text)
        for one, other in ((one, other) for one in ones for other in others):
            apart = one[1] <= other[0] or other[1] <= one[0]
            plain = loose or _beside(text, one, other) or (_stands_out(text, one) and _stands_out(text, other))
            if apart and plain:
                found.append((text[slice(*one)], text[slice(*other)]))
                break
    return max(found, key=lambda pair: len(pair[0]) + len(pair[1]), default=None)


def _places(word: str, text: str) -> list[tuple[int, int]]:
    matches = re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)" if word.isascii() else re.escape(word), text, re.IGNORECASE)
    return [match.span() for match, _ in zip(matches, range(_MOST), strict=False)]


def _beside(text: str, one: tuple[int, int], other: tuple[int, int]) -> bool:
    start, end = min(one[1], other[1]), max(one[0], other[0])
    return end - start <= _FAR and bool(_BETWEEN.fullmatch(text[start:end]))


def _stands_out(text: str, place: tuple[int, int]) -> bool:
    start, end = place
    marked = start > 0 and text[start - 1] in _MARKS and text[end : end + 1] in tuple(_MARKS)
    return marked or bool(_TOLD.search(text, max(0, start - 20), start)) or (end - start > 1 and text[start:end].isupper())


def _explained(text: str) -> Words | None:
    """Return words that are in quotation marks next to their condition: `"KEEP" if it matches, otherwise "REDRAW"`."""
    quoted: dict[bool, str] = {}
    for start, end in quotes(text):
        if end - start > _LONGEST or _KEY_BEHIND.match(text, end):
            continue
        word = text[start + 1 : end - 1].strip()
        behind = _BREAK.split(text[end : end + 80])[0]
        before = re.split(rf"[.;。\n{_MARKS}]", text[max(0, start - 80) : start])[-1]
        condition = behind if _CONDITION_BEHIND.match(behind) else before
        if word and _CONDITION.search(condition):
            quoted.setdefault(not _DENIES.search(condition), word)
    return (quoted[True], quoted[False]) if len(quoted) == 2 and quoted[True] != quoted[False] else None


def _listed(text: str) -> Words | None:
    """Return words from a list of two: `KEEP|REDRAW`, `"KEEP" or "REDRAW"`."""
    plain = re.sub(r"[\"'`“”<>\[\]()「」]", " ", text)
    words = [word.strip() for word in re.split(r"\||/|\bor\b|または|,", plain)]
    words = list(dict.fromkeys(word for word in words if 0 < len(word) <= _LONGEST and len(word.split()) < 4))
    return _of_choices(words) if len(words) == 2 or (len(words) in range(3, 7) and "|" in plain) else None


def _lettered(text: str) -> Words | None:
    """Return the letters or numbers of the options of a question: `A: yes B: no`."""
    options = {match[2].lower(): match[1] for match in _OPTION.finditer(text)} if _BY_LETTER.search(text) else {}
    return next(
        ((options[yes.lower()], options[no.lower()]) for yes, no in VERDICTS if {yes.lower(), no.lower()} <= options.keys()),
        None,
    )


def _digits(text: str) -> Words | None:
    """Return 1 and 0 if they are offered side by side."""
    return ("1", "0") if _DIGITS.search(text) else None


def _alone(shown: str) -> Words | None:
    """Return a verdict that is shown as an example, with its opposite: `"YES"`."""
    plain = re.sub(r"[\"'`“”<>\[\]()「」]", " ", shown).strip()
    for yes, no in VERDICTS:
        if plain.lower() == yes.lower():
            return plain, _as(plain, no)
        if plain.lower() == no.lower():
            return _as(plain, yes), plain
    return None


def _conditional(text: str) -> Words | None:
    """Return the only word that the text has for a match, with its opposite: `if it does, say YES`."""
    for yes, no in VERDICTS:
        for start, end in _places(yes, text):
            before = re.split(r"[.;。\n]", text[max(0, start - 80) : start])[-1]
            if _stands_out(text, (start, end)) and _SAYING.search(before) and not _KEY_BEHIND.match(text, end + 1):
                return text[start:end], _as(text[start:end], no)
    return None


def _as(example: str, word: str) -> str:
    """Return a word in the case of another one."""
    return word.upper() if example.isupper() else word.capitalize() if example.istitle() else word.lower()


def _in_the_language(text: str) -> Words:
    if re.search("[\u3040-\u30ff]", text):
        return "はい", "いいえ"
    if re.search("[\uac00-\ud7a3]", text):
        return "예", "아니오"
    if re.search("[\u4e00-\u9fff]", text):
        return "是", "否"
    found = set(re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", text.lower()))
    return next((yes, no) for words, yes, no in LANGUAGES if not words or len(words & found) > 1)
