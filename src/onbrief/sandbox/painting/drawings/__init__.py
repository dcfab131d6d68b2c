"""The drawings of the sandbox's things, and of a card, each in a square of 100 units around (50, 50)."""

from onbrief.sandbox.painting.drawings.appliances import APPLIANCES
from onbrief.sandbox.painting.drawings.card import CARD, CARD_DRAWING, CARD_FACE, banner
from onbrief.sandbox.painting.drawings.drawing import Drawing, symbol
from onbrief.sandbox.painting.drawings.food import FOOD
from onbrief.sandbox.painting.drawings.furniture import FURNITURE
from onbrief.sandbox.painting.drawings.kitchen import KITCHEN
from onbrief.sandbox.painting.drawings.living import LIVING
from onbrief.sandbox.painting.drawings.scenery import SCENERY
from onbrief.sandbox.painting.drawings.shapes import SHAPES
from onbrief.sandbox.painting.drawings.street import STREET

DRAWINGS: dict[str, Drawing] = {
    **SHAPES,
    **SCENERY,
    **LIVING,
    **STREET,
    **KITCHEN,
    **FOOD,
    **FURNITURE,
    **APPLIANCES,
    CARD: CARD_DRAWING,
}

__all__ = ["CARD", "CARD_FACE", "DRAWINGS", "Drawing", "banner", "symbol"]
