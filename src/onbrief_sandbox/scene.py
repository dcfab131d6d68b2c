"""What the sandbox talks about: its vocabulary, a Scene (what is asked for) and a Sight (what is in a picture).

Words become a Scene, a Scene is painted, and the pixels are seen as a Sight. The painter's own account of what it painted is
a Sight too, so that truth and what the eye saw are compared, and requirements answered, by the same code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Colour = Literal["red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white", "gray"]
"""The eleven basic colour terms of Berlin and Kay."""

Place = Literal["left", "right", "top", "bottom", "middle"]
"""Where in the picture: the centre of the thing lies in that third of it."""

Direction = Literal["left of", "right of", "above", "below"]

COLOURS: tuple[Colour, ...] = get_args(Colour)

THINGS = (
    "circle", "square", "triangle", "star", "heart", "diamond", "hexagon", "cross", "arrow",
    "tree", "flower", "house", "car", "boat", "fish", "cup", "person",
    "bicycle", "motorcycle", "airplane", "bus", "train", "truck", "traffic light", "fire hydrant", "stop sign",
    "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe",
    "backpack", "umbrella", "handbag", "tie", "suitcase", "frisbee", "skis", "snowboard", "sports ball", "kite",
    "baseball bat", "baseball glove", "skateboard", "surfboard", "tennis racket", "bottle", "wine glass", "fork", "knife",
    "spoon", "bowl", "banana", "apple", "sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake",
    "chair", "couch", "potted plant", "bed", "dining table", "toilet", "tv", "laptop", "computer mouse", "tv remote",
    "computer keyboard", "cell phone", "microwave", "oven", "toaster", "sink", "refrigerator", "book", "clock", "vase",
    "scissors", "teddy bear", "hair drier", "toothbrush",
)  # fmt: skip
"""What the painter has a drawing for: plain shapes, a few more, and the classes of GenEval. Anything else is painted as a card
lettered with its name.
"""

ELEMENTS = (
    "day", "night", "sunset",
    "sun", "sunrise", "moon", "stars", "aurora", "meteors", "clouds", "rainbow",
    "mountains", "hills", "forest", "lake", "sea", "ice",
)  # fmt: skip
"""What a landscape is made of: the hour, what is in the sky, what is on the ground. `sunrise` is a sun that sits on
the horizon, at whatever hour; `sun` is one up in the sky.
"""


@dataclass(frozen=True, slots=True)
class Group:
    """So many like things: three red circles. A noun outside THINGS is painted as a card with that name on it.

    Where no number was said ("a circle", "some circles"), `numbered` is False and nothing checks the count.
    """

    noun: str
    count: int = 1
    colour: Colour | None = None
    place: Place | None = None
    numbered: bool = True


@dataclass(frozen=True, slots=True)
class Relation:
    """The group number `subject` lies in this direction from the group number `object`."""

    subject: int
    direction: Direction
    object: int


@dataclass(frozen=True, slots=True)
class Scene:
    """What is asked for. `words` are lettered on a banner; `elements` make it a landscape; `style` words change the palette."""

    groups: tuple[Group, ...] = ()
    relations: tuple[Relation, ...] = ()
    background: Colour | None = None
    elements: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()
    absent: frozenset[str] = frozenset()
    styles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Box:
    """Where a thing lies, as fractions of the picture's width and height, from the top left corner."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def x(self) -> float:
        """The centre, from the left."""
        return (self.left + self.right) / 2

    @property
    def y(self) -> float:
        """The centre, from the top."""
        return (self.top + self.bottom) / 2


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing in a picture. A card's noun is what is lettered on it, in lower case."""

    noun: str
    colour: Colour | None
    box: Box


@dataclass(frozen=True, slots=True)
class Sight:
    """What is in a picture: as the painter knows it, or as the eye saw it. `background` is the colour of a plain ground, None
    in a landscape. Elements that have a place of their own (sun, moon) have their box in `boxes`.
    """

    things: tuple[Thing, ...] = ()
    background: Colour | None = None
    elements: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()
    styles: frozenset[str] = frozenset()
    boxes: tuple[tuple[str, Box], ...] = ()
