"""The control question: does the judge see the picture at all? Its answer is known, and differs from picture to picture.

Below the picture that a judge is shown is a band with squares (pictures/band.py). The judge names their colours, and among the
statements are some about the band of which it is known that they are false, and, where saying no to everything would meet a
requirement, one that is true. A judge that does not see the picture, or agrees to everything, is found out by its first answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Literal, get_args

from onbrief.questions import parsing, schema

SquareColour = Literal["red", "yellow", "green", "blue", "black", "white"]
COLOURS: Final[tuple[SquareColour, ...]] = get_args(SquareColour)

CONTROL: Final = """\
Below the picture, under a line of black, white and black, is a grey band with five squares. It is no part of the picture: \
nothing in it counts for any other question. First name the colours of its squares, from left to right."""
LEFTMOST: Final = "in the band below the picture, the square that is farthest to the left is "
_SCHEMA: Final = schema.many(schema.one_of(COLOURS, "A colour."), "The colours of the five squares, from left to right.")


@dataclass(frozen=True, slots=True)
class Control:
    """The control question for a band of squares in these colours. The `ids` of its statements are not those of requirements.

    `statements` has their texts by id; `true` is the id of the one that is true, if there is one.
    """

    colours: tuple[SquareColour, ...]
    statements: Mapping[str, str]
    true: str | None = None

    field: ClassVar[str] = "control"
    schema: ClassVar[schema.Schema] = _SCHEMA

    @classmethod
    def of(cls, colours: Sequence[SquareColour], taken: Sequence[str], *, both: bool) -> Control:
        """Return the question. `taken` are the ids of the requirements. With `both`, one of the statements is true."""
        first, last = colours[0], colours[-1]
        at = COLOURS.index(first) + 1 + COLOURS.index(last) % (len(COLOURS) - 1)
        wrong = COLOURS[at % len(COLOURS)]
        fresh = [id_ for id_ in (f"r{n}" for n in range(len(taken) + 1, 2 * len(taken) + 4)) if id_ not in taken]
        statements = {fresh[0]: LEFTMOST + wrong}
        if both:
            statements[fresh[1]] = LEFTMOST + first
        return cls(tuple(colours), statements, fresh[1] if both else None)

    def blind(self, answer: Mapping[str, object], said: Mapping[str, bool | None]) -> str:
        """Return why the judge does not see the picture, or agrees to everything; an empty text if it does see it. `said` is
        whether it called each statement true; None stands for neither.

        Raises:
            Unreadable: it leaves the question out.
        """
        named = _named(answer)
        if named is None:
            raise parsing.refusal(self.field, None, "the colours of the squares below the picture")
        if named != list(self.colours):
            says = ", ".join(named) or "none of these colours"
            return f"the squares below the picture are {', '.join(self.colours)}; the judge names {says}"
        for id_, text in self.statements.items():
            if said.get(id_) is (id_ != self.true):
                return f"the judge calls it {'false' if id_ == self.true else 'true'} that {text}"
        return ""


def _named(answer: Mapping[str, object]) -> list[str] | None:
    """Return the colours that an answer names, in order, in a list or a text; None if it leaves the question out."""
    if not parsing.has(answer, Control.field):
        return None
    return [word for word in parsing.words(answer, Control.field) if word in COLOURS][: 2 * len(COLOURS)]
