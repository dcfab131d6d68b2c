"""The words of a sentence that neither the scene nor a note represents: each of them is asked for in the brief's own words."""

from __future__ import annotations

from collections.abc import Sequence

from onbrief_sandbox.language import words
from onbrief_sandbox.language.draft import Draft, Unread
from onbrief_sandbox.language.tokens import Token


def note(tokens: Sequence[Token], draft: Draft) -> None:
    """Note the words of a sentence that were passed over, together with the things before and after them."""
    index = 0
    while index < len(tokens):
        if not _left(tokens, index, draft):
            index += 1
            continue
        end = _end(tokens, index, draft)
        here = tokens[index:end]
        if not _ignored(tokens, index, end, draft):
            _note(tokens, _begin(tokens, index, draft), end, draft)
        draft.heard |= {token.place for token in here}
        index = end


def counts(token: Token) -> bool:
    """Return whether a token says something about a picture by itself."""
    return token.kind in ("number", "sign", "quote") or (token.kind == "word" and token.text not in words.JOINING)


def is_the_picture(tokens: Sequence[Token]) -> bool:
    """Return whether these tokens say no more than "in the picture"."""
    return all(not counts(token) or token.text in words.PICTURES for token in tokens)


def _left(tokens: Sequence[Token], index: int, draft: Draft) -> bool:
    noun = tokens[index].text in words.HELPING and index > 0 and tokens[index - 1].text in words.ARTICLES  # "a can of paint"
    return (counts(tokens[index]) or noun) and tokens[index].place not in draft.heard


def _end(tokens: Sequence[Token], index: int, draft: Draft) -> int:
    """Return the index after a run of words that were passed over, with the words that join them."""
    end = ahead = index + 1
    while ahead < len(tokens) and tokens[ahead].kind != "comma":
        if _left(tokens, ahead, draft):
            end = ahead + 1
        elif counts(tokens[ahead]):
            break
        ahead += 1
    return end


def _begin(tokens: Sequence[Token], index: int, draft: Draft) -> int:
    """Return the index of the preposition that leads to a run: "to its left"."""
    begin = index
    while begin and tokens[begin - 1].kind == "word" and not counts(tokens[begin - 1]) and index - begin < _LEADING:
        begin -= 1
    while begin < index and tokens[begin].text in _NEVER_FIRST:
        begin += 1
    return begin


def _ignored(tokens: Sequence[Token], index: int, end: int, draft: Draft) -> bool:
    """Return whether a run only names the picture itself, or asks for one: "draw a picture of", "in the picture"."""
    here = [token.text for token in tokens[index:end] if counts(token)] or [tokens[index].text]
    begin = max((at + 1 for at in range(index) if tokens[at].kind == "comma"), default=0)
    said = [token for token in tokens[begin:index] if counts(token) and token.place in draft.heard]
    first = all(token.text in words.STYLE_WORDS for token in said)
    if first and all(word in words.FRAMES or word in words.REQUESTS for word in here):
        return True
    named = index and tokens[index - 1].text in ("the", "this", "whole", "entire")
    return bool(named) and all(word in words.PICTURES for word in here)


def _note(tokens: Sequence[Token], index: int, end: int, draft: Draft) -> None:
    """Note a run, as said of the thing before it, or of the one after it if no word is between; else as said of the whole."""
    here = tokens[index:end]
    text = " ".join(token.text for token in here)
    places = frozenset(token.place for token in here)
    after = end
    while after < len(tokens) and tokens[after].kind == "word" and not counts(tokens[after]):
        after += 1
    thing = draft.owners.get(tokens[after].place) if after < len(tokens) else None
    subject = next((draft.owners[t.place] for t in reversed(tokens[:index]) if t.place in draft.owners), None)
    joining = [token.text for token in tokens[end:after] if token.text not in words.DETERMINERS]
    led = " ".join((text, *joining))
    if len(here) == 1 and here[0].kind == "quote":
        draft.pass_over(Unread(here[0].text, "text", places=places))
    elif after == end < len(tokens) and words.element(tokens[end].text):
        full = f"{text} {tokens[end].text}"
        draft.pass_over(Unread(full, "object", places=places))  # "a full moon"
    elif after == end and thing is not None and (len(here) == 1 or subject is None):
        draft.pass_over(Unread(text, "attribute", thing, places=places))  # "a full pitcher"
    elif subject is not None:
        towards = thing is not None and thing != subject and after > end and not set(joining) & _SEPARATING
        objects = (thing,) if towards and thing is not None else ()
        draft.pass_over(Unread(led if objects else text, "attribute", subject, objects, places=places))
    elif joining[:1] == ["of"] and counts(here[0]):
        kind = "style" if all(token.text in words.DRAWN or not counts(token) for token in here) else "format"
        draft.pass_over(Unread(text, kind, places=places))  # "an aerial view of …"
    else:
        begin, until = _around(tokens, index, end, draft)
        text = " ".join(token.text for token in tokens[begin:until])
        near = until == end and thing is not None and not set(joining) & _SEPARATING
        objects = (thing,) if near and thing is not None else ()
        draft.pass_over(
            Unread(f"{text} {' '.join(joining)}".strip() if objects else text, "whole", None, objects, places=places)
        )


def _around(tokens: Sequence[Token], index: int, end: int, draft: Draft) -> tuple[int, int]:
    """Return where the words around a run begin and end that name elements of a landscape: "sunset over the sea"."""
    begin = index
    while begin and tokens[begin - 1].kind == "word" and tokens[begin - 1].place not in draft.owners:
        begin -= 1
    until = end
    while until < len(tokens) and tokens[until].kind == "word" and tokens[until].place not in draft.owners:
        until += 1
    if until < len(tokens) and tokens[until].place in draft.owners:
        until = end
    while begin < index and tokens[begin].text in _NEVER_FIRST:
        begin += 1
    return begin, until


_LEADING = 3  # joining words before a run that are shown with it
_NEVER_FIRST = frozenset({"and", "or", "but", "a", "an", "the", "there", "is", "are", "with", "of", "it", "that", "which"})
_SEPARATING = frozenset({"and", "or", "but", "there", "is", "are", "while", "who", "which", "that", "when", "it", "they"})
