"""The sandbox's data model: its vocabulary, `Scene` (what is requested) and `Sight` (what is in a picture).

A prompt is parsed into a Scene, the Scene is painted, and the eye reads the pixels as a Sight. The painter also reports what
it painted as a Sight, so the same code compares truth with perception and answers requirements from either.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

Colour = Literal["red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white", "gray"]
"""The eleven basic colour terms of Berlin and Kay."""

Place = Literal["left", "right", "top", "bottom", "middle"]
"""A part of the picture: the centre of the thing is in that third of it."""

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
"""Things that the painter can draw: plain shapes, a few more, and the classes of GenEval. Anything else is painted as a card
lettered with its name.
"""

ELEMENTS = (
    "day", "night", "sunset",
    "sun", "sunrise", "moon", "stars", "aurora", "meteors", "clouds", "rainbow",
    "mountains", "hills", "forest", "lake", "sea", "ice",
)  # fmt: skip
"""Elements of a landscape: the hour, things in the sky, things on the ground. `sunrise` is a sun on the horizon, at any
hour; `sun` is one high in the sky.
"""


@dataclass(frozen=True, slots=True)
class Group:
    """A number of similar things: three red circles. A noun outside THINGS is painted as a card with that name on it.

    Without an explicit number ("a circle", "some circles"), `numbered` is False and the count is not checked. `said` is another
    word for the noun ("mug" for a cup), `counted` a noun for the number ("pair").
    """

    noun: str
    count: int = 1
    colour: Colour | None = None
    place: Place | None = None
    numbered: bool = True
    said: str = field(default="", compare=False)
    counted: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Relation:
    """The position of the group with index `subject` relative to the group with index `object`. `said` are other words for
    the direction: "on top of".
    """

    subject: int
    direction: Direction
    object: int
    said: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Scene:
    """What is requested. `words` are lettered on a banner, `elements` make it a landscape, `styles` change the palette.

    `named` has other words for elements and absent things: ("sea", "ocean").
    """

    groups: tuple[Group, ...] = ()
    relations: tuple[Relation, ...] = ()
    background: Colour | None = None
    elements: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()
    absent: frozenset[str] = frozenset()
    styles: frozenset[str] = frozenset()
    named: tuple[tuple[str, str], ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Box:
    """The bounding box of a thing, as fractions of the picture's width and height, from the top left corner."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def x(self) -> float:
        """The x coordinate of the centre."""
        return (self.left + self.right) / 2

    @property
    def y(self) -> float:
        """The y coordinate of the centre."""
        return (self.top + self.bottom) / 2


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing in a picture. The noun of a card is its lettering, in lower case."""

    noun: str
    colour: Colour | None
    box: Box


@dataclass(frozen=True, slots=True)
class Sight:
    """The content of a picture, as painted or as seen by the eye. `background` is the colour of a plain background, None in a
    landscape. `boxes` holds the bounding boxes of the elements that have one (sun, moon).
    """

    things: tuple[Thing, ...] = ()
    background: Colour | None = None
    elements: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()
    styles: frozenset[str] = frozenset()
    boxes: tuple[tuple[str, Box], ...] = ()
