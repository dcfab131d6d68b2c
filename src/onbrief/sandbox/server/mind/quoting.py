"""Finds the prompt that a message quotes: in tags, fences, quotation marks of any script, or behind a label."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

_LABEL = r"(?:prompts?|descriptions?|captions?|briefs?|プロンプト|説明文?|指示文?|提示词)"
_NAMED = re.compile(
    rf"((?:negative|system|revised|new|improved|rewritten|better|updated|ネガティブ)[\s_-]*)?{_LABEL}", re.IGNORECASE
)
_TAG = re.compile(rf"<([\w-]{{0,20}}{_LABEL}[\w-]{{0,20}})>", re.IGNORECASE)
_FENCE = re.compile(r"(```|~~~)[\w-]*[ \t]*\n(.*?)\n?[ \t]*\1", re.DOTALL)
_IN_JSON = re.compile(rf'"(\w*{_LABEL}\w*)"\s*:\s*("(?:[^"\\]|\\.)+")', re.IGNORECASE)
_GAP = (
    r"(?:\s+(?:is|was|used|given|below|here|following|that|which|follows|text|says|reads|of|it|to|for|generate|generated|the|"
    r"image|picture|from|made))*"
)
_BEFORE_QUOTE = re.compile(
    rf"{_LABEL}\**{_GAP}\s*(?:は|が|:|：|=|-|—)?\**\s*$|(?:次の|以下の)?{_LABEL}(?:は|である)?\s*$", re.IGNORECASE
)
_LINE = re.compile(
    rf"^[ \t>*#-]*(?:[\w']+ ){{0,6}}{_LABEL}\**(?:[ \t]+[\w-]+){{0,3}}[ \t]*(?:\([^)\n]*\))?[ \t]*[:：]\**[ \t]*(\S.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_LINE_ABOVE = re.compile(rf"\b{_LABEL}\b[^:：\n\"“]{{0,80}}[:：]\**[ \t]*\n\s*(\S.*)$", re.IGNORECASE | re.MULTILINE)
_NO_PART = re.compile(
    r"\s*$|\s*(?:[\w ]{1,24}[:：]|[{<`#*]|(?:answer|respond|return|reply|output|please|check|if|does|do|is|are|give|provide|"
    r"decide|write|evaluate|verify|json|the (?:image|picture))\b)",
    re.IGNORECASE,
)
_ASKED = re.compile(
    r"\b(?:show|depict|contain|match|portray|(?:image|picture|photo) of)(?:s|es)?\b:?\s+([^?\n]{4,600}?)\s*\?",
    re.IGNORECASE,
)
_ABOUT_IT = re.compile(rf"^(?:the|this|that|my|its|given|following|\s)*(?:\w+ )?{_LABEL}\b", re.IGNORECASE)
_PAIRS = {"“": "”", "„": "“”", "«": "»", "「": "」", "『": "』", "‘": "’", "`": "`", '"': '"', "'": "'", "＂": "＂"}
_LONGEST = 10_000  # characters
_MOST = 100  # quotation marks that are looked at


def prompt(text: str) -> str | None:
    """The prompt that the text quotes, or None. The surest signs come first; of two that are alike, the first one."""
    ways: tuple[Callable[[str], Iterator[str]], ...] = (_tagged, _json, _fenced, _labelled, _lines, _quoted, _any_fence, _asked)
    for way in ways:
        for found in way(text):
            if plain := found.strip()[:_LONGEST]:
                return plain
    return None


def quotes(text: str) -> list[tuple[int, int]]:
    """Where the outermost quotations begin and end, marks included."""
    found: list[tuple[int, int]] = []
    at = tried = 0
    while at < len(text) and tried < _MOST:
        for mark in ('"""', "'''"):
            if text.startswith(mark, at) and (end := text.find(mark, at + 3)) > 0:
                found.append((at, end + 3))
                at = end + 2
                break
        else:
            if text[at] in _PAIRS and _opens(text, at):
                tried += 1
                if end := _closing(text, at):
                    found.append((at, end + 1))
                    at = end
        at += 1
    return found


def _tagged(text: str) -> Iterator[str]:
    tags = [
        (match[1], text[match.end() : end])
        for match in _TAG.finditer(text)
        if (end := text.find(f"</{match[1]}>", match.end())) > 0
    ]
    right = [found for found in tags if not _is_another(found[0])]
    yield from (inner for name, inner in right if "original" in name.lower())
    yield from (inner for _, inner in right or tags)


def _json(text: str) -> Iterator[str]:
    for match in _IN_JSON.finditer(text):
        if not _is_another(match[1]) and not re.fullmatch(r'"\W*"', match[2]) and not match[2].startswith('"<'):
            try:
                yield str(json.loads(match[2], strict=False))
            except ValueError:
                continue


def _fenced(text: str) -> Iterator[str]:
    for match in _FENCE.finditer(text):
        label = text[: match.start()].rstrip().rsplit("\n", 1)[-1]
        if re.search(_LABEL, label, re.IGNORECASE) and not _is_json(match[2]):
            yield match[2]


def _labelled(text: str) -> Iterator[str]:
    for start, end in quotes(text):
        before = text[max(0, start - 120) : start]
        label = before.rsplit("\n\n", 1)[-1] if before.rstrip() == before.rstrip("\n") else before
        sentence = re.split(r"[.?!。]\s", label)[-1]
        after = text[end : end + 12].lstrip()
        behind = after.startswith(("というプロンプト", "のプロンプト", "という説明"))
        if (behind or _BEFORE_QUOTE.search(label)) and not _is_another(sentence):
            yield _bare(text[start:end])


def _lines(text: str) -> Iterator[str]:
    for pattern in (_LINE, _LINE_ABOVE):
        for match in pattern.finditer(text):
            first = match[1].strip()
            label = text[match.start() : match.start(1)]
            if _is_another(label) or first.startswith(("{", "<")):
                continue
            whole = any(quote == (0, len(first)) for quote in quotes(first))
            yield _bare(first) if whole else "\n".join([first, *_going_on(text[match.end() :])])


def _going_on(rest: str) -> Iterator[str]:
    """The lines behind the first one that still belong to it: up to an empty line, or one that says what to do."""
    for line in rest[:_LONGEST].split("\n")[1:]:
        if _NO_PART.match(line):
            return
        yield line


def _quoted(text: str) -> Iterator[str]:
    found = [_bare(text[start:end]) for start, end in quotes(text)]
    yield from sorted((inner for inner in found if len(inner.split()) > 1 or _is_cjk(inner)), key=len, reverse=True)


def _any_fence(text: str) -> Iterator[str]:
    yield from (match[2] for match in _FENCE.finditer(text) if not _is_json(match[2]))


def _asked(text: str) -> Iterator[str]:
    yield from (match[1] for match in _ASKED.finditer(text) if not _ABOUT_IT.match(match[1]))


def _is_another(label: str) -> bool:
    """Whether the label speaks of a prompt that is not the one in question: a negative one, or the one to be written."""
    named = list(_NAMED.finditer(label))
    return bool(named and named[-1][1])


def _opens(text: str, at: int) -> bool:
    """Whether a mark that could be either begins a quotation: nothing but space or punctuation before, and text behind."""
    if text[at] not in "\"'`＂":
        return True
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    return not (before.isalnum() and before.isascii()) and bool(after.strip()) and after != text[at]


def _closing(text: str, at: int) -> int | None:
    """Where the quotation that begins here ends. Marks of the same kind within it come in pairs."""
    mark, closing = text[at], _PAIRS[text[at]]
    depth, first = 1, None
    for index in range(at + 1, min(len(text), at + _LONGEST)):
        character = text[index]
        if character in closing and _closes(text, index, mark):
            first = index if first is None else first
            depth -= 1
            if not depth:
                return index
        elif character == mark and _opens(text, index):
            depth += 1
    return first


def _closes(text: str, index: int, mark: str) -> bool:
    if mark not in "\"'`＂‘":
        return True
    before, after = text[index - 1], text[index + 1 : index + 2]
    return not before.isspace() and not (after.isalnum() and after.isascii())


def _bare(quotation: str) -> str:
    for mark in ('"""', "'''"):
        if quotation.startswith(mark):
            return quotation[3:-3]
    return quotation[1:-1]


def _is_json(text: str) -> bool:
    return text.lstrip().startswith(("{", "["))


def _is_cjk(text: str) -> bool:
    return len(text) > 3 and any("\u3040" <= character <= "\u9fff" for character in text)
