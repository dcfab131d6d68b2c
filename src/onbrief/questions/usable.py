"""Checks of the prompt that a reviser wrote, before a picture is paid for: what is wrong with it, in words for the reviser."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from onbrief.brief import Brief, Checklist, Requirement
from onbrief.ports import Dialect
from onbrief.questions import clip, vocabulary
from onbrief.questions.wording import Text, alike, letters_of
from onbrief.record import Prompt

_WEIGHT = re.compile(r"\(([^():]*[^():\s\d])\s{0,3}:\s{0,3}\d{0,3}(?:\.\d{1,4})?\)")  # not (16:9)
_QUOTED = re.compile(r'"[^"\n]*"|“[^”\n]*”')
_SYNTAX = re.compile(r"(?<!\S)--[a-z]+|<(?:lora|lyco|hypernet|embedding):|::-?\d|\bBREAK\b|\[[^\[\]\n]{1,80}:\d?\.?\d{1,4}\]")
_FRAME = re.compile(
    r"```|^[ \t]{0,9}#|^[^\w\n]{0,9}(?:(?:positive |negative |image |revised )?prompt(?: text)?|text)[^\w\n]{0,9}:",
    re.IGNORECASE | re.MULTILINE,
)
_DENIES = re.compile(r"(?:no|not|non|without|never|avoid|don't|do not|free of)\b", re.IGNORECASE)
_LETTERING = ("text", "words", "letters", "lettering", "writing", "caption")
_NO_THINGS = vocabulary.COLOURS | {
    *(
        "picture",
        "image",
        "photo",
        "photograph",
        "scene",
        "view",
        "part",
        "side",
        "piece",
        "group",
        "left",
        "right",
        "third",
        "half",
    )
}
_PLACES = {
    "above",
    "below",
    "under",
    "behind",
    "beside",
    "near",
    "over",
    "inside",
    "on",
    "top",
    "middle",
    "front",
    "background",
}
_RELATIVE = frozenset(_PLACES | {"among", "that", "which", "who", "whose"})
_VERBS = frozenset(_PLACES | {"is", "are", "was", "were", "has", "have", "can", "could", "looks", "look", "shows", "show"})


def length(text: str, dialect: Dialect) -> int:
    """Return the length of a text in the units of a dialect. The syntax of weights is none of it where it is understood."""
    plain = _WEIGHT.sub(r"\1", text) if dialect.weights else text
    match dialect.unit:
        case "CLIP tokens":
            return clip.tokens(plain)
        case "characters":
            return len(text)
        case "words":
            return len(plain.split())


def faults(prompt: Prompt, brief: Brief, checklist: Checklist, dialect: Dialect, tried: Sequence[Prompt]) -> tuple[str, ...]:
    """Return what is wrong with a prompt; nothing if it can be used. `tried` are the prompts before it."""
    return (
        *_repeated(prompt, brief, tried),
        *_form(prompt, dialect),
        *_negative(prompt, brief, checklist),
        *_unnamed(prompt, checklist),
    )


def is_new(prompt: Prompt, brief: Brief, tried: Sequence[Prompt]) -> bool:
    """Return whether a prompt has words, and is neither the brief as it stands nor one that was tried."""
    return bool(prompt.text) and not any(_repeated(prompt, brief, tried))


def cut(prompt: Prompt, dialect: Dialect) -> tuple[str, ...]:
    """Return a warning if a model that reads CLIP tokens does not read the whole prompt."""
    if dialect.unit != "CLIP tokens" or (size := length(prompt.text, dialect)) <= dialect.most:
        return ()
    return (f"of prompt {prompt.revision}, with {size} CLIP tokens, all after the first {dialect.most} may be cut off",)


def _repeated(prompt: Prompt, brief: Brief, tried: Sequence[Prompt]) -> Iterator[str]:
    if not prompt.text:
        yield "`text` is empty"
    if letters_of(prompt.text) == letters_of(brief.text):
        yield "`text` is the brief as it stands"
        return
    same = (one for one in tried if _written(one) == _written(prompt))
    if one := next(same, None):
        yield f"it is the same as prompt {one.revision}"


def _written(prompt: Prompt) -> tuple[str, str]:
    return letters_of(prompt.text), letters_of(prompt.negative)


def _form(prompt: Prompt, dialect: Dialect) -> Iterator[str]:
    if _FRAME.search(prompt.text) or _FRAME.search(prompt.negative):
        yield "it has a heading or a code fence: write the texts and nothing else"
    unquoted = _QUOTED.sub(" ", f"{prompt.text}\n{prompt.negative}")
    if _SYNTAX.search(unquoted) or (not dialect.weights and _WEIGHT.search(unquoted)):
        yield "it has syntax of another image generator, which this model reads as words"
    for name, text in (("text", prompt.text), ("negative", prompt.negative)):
        if (size := length(text, dialect)) > dialect.most:
            spare = dialect.most // 15  # whoever cannot count them misses again by a few
            told = f"{dialect.most} that the model reads: leave out at least {size - dialect.most + spare}"
            yield f"`{name}` has {size} {dialect.unit}, more than the {told}"


def _negative(prompt: Prompt, brief: Brief, checklist: Checklist) -> Iterator[str]:
    """Yield what is wrong with a negative text: it must neither deny nor name what is required."""
    requirements = checklist.requirements
    items = [item.strip() for item in re.split(r"[,;\n.]", prompt.negative) if item.strip()]
    if denying := [item for item in items if _DENIES.match(item)]:
        yield f"`negative` is a list of names, and “{_short(denying[0])}” denies one"
    absences = [frozenset(_content(text)) for text in (*brief.avoid, *(r.text for r in requirements if r.kind == "absence"))]
    wanted = {stem: r for r in reversed(requirements) for word in _named(r) for stem in alike(word)}
    for item in items:
        own = {stem: word for word in _words(item) for stem in alike(word)}
        asked = any(absent and all(alike(word) & own.keys() for word in absent) for absent in absences)
        if not asked and (stem := next((stem for stem in own if stem in wanted), None)):
            yield f"`negative` names {own[stem]} (“{_short(item)}”), which {wanted[stem].id} requires: leave it out"


def _unnamed(prompt: Prompt, checklist: Checklist) -> Iterator[str]:
    """Yield the required things, and the lettering, that a prompt does not name."""
    said, letters = _stems([prompt.text]), letters_of(prompt.text)
    for requirement in checklist.requirements:
        if requirement.kind == "text":
            missing = [quoted for quoted in _quoted(requirement) if letters_of(quoted) not in letters]
            if missing:
                yield f"`text` does not have the lettering “{_short(missing[0])}” of {requirement.id}"
        elif (names := _things(requirement)) and not alike(_head(names)) & said:
            yield f"`text` does not name the {' '.join(names)} of {requirement.id}"


def _things(requirement: Requirement) -> list[str]:
    """Return the words that name the thing of a requirement: of what is there, what somebody has, or wears. None of one that is
    not in English, whose words a prompt does not repeat.
    """
    text = Text.of(requirement.text)
    said = [token.text for token in text.tokens]
    after = {"wearing"} if requirement.kind != "object" else set[str]() if said[:1] == ["there"] else {"has", "have"}
    start = next((at for at, word in enumerate(said, 1) if word in after), 0)
    english = text.language == vocabulary.ENGLISH and vocabulary.ENGLISH.counts(said)
    if not english or (requirement.kind != "object" and not start):
        return []
    return _phrase(text, start)


def _head(names: Sequence[str]) -> str:
    """Return the word that says what a thing is: of "person riding", the first one, and else the last."""
    return next((word for word in reversed(names) if not word.endswith("ing")), names[-1])


def _phrase(text: Text, start: int, ends: frozenset[str] = _RELATIVE) -> list[str]:
    """Return the content words of the first phrase from a token on, but for colours and numbers."""
    found: list[str] = []
    for at, token in enumerate(text.tokens[start:], start):
        if token.text in ends or (found and at not in text.content):
            break
        if at in text.content and token.kind == "word" and text.number(token) is None and token.text not in _NO_THINGS:
            found.append(token.text.removesuffix("'s"))
    return found


def _named(requirement: Requirement) -> list[str]:
    """Return all words by which a requirement names what has to be in the picture: its thing, and what it is about."""
    if requirement.kind == "absence":
        return []
    text = Text.of(requirement.text)
    about = _phrase(text, 0, _VERBS) if requirement.must and text.tokens and text.tokens[0].text != "there" else []
    return [*_things(requirement), *about, *(_LETTERING if requirement.kind == "text" else ())]


def _quoted(requirement: Requirement) -> list[str]:
    text = Text.of(requirement.text)
    return [token.inside(text.text) for token in text.tokens if token.kind == "quoted"]


def _content(text: str) -> list[str]:
    """Return the words of a text that ask for something: of "there is no person", the last one."""
    read = Text.of(text)
    return [token.text for at, token in enumerate(read.tokens) if at in read.content and token.kind == "word"]


def _stems(texts: Sequence[str]) -> frozenset[str]:
    return frozenset(stem for text in texts for word in _words(text) for stem in alike(word))


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"
