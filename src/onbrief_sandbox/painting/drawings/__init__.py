"""The drawings of the sandbox's things, and of a card, each in a square of 100 units around (50, 50)."""

from onbrief.sandbox.painting.drawings.appliances import APPLIANCES
from onbrief.sandbox.painting.drawings.card import CARD, CARD_DRAWING, CARD_FACE, banner
from onbrief.sandbox.painting.drawings.carried import CARRIED
from onbrief.sandbox.painting.drawings.drawing import Drawing, symbol
from onbrief.sandbox.painting.drawings.farm import FARM
from onbrief.sandbox.painting.drawings.food import FOOD
from onbrief.sandbox.painting.drawings.furniture import FURNITURE
from onbrief.sandbox.painting.drawings.household import HOUSEHOLD
from onbrief.sandbox.painting.drawings.kitchen import KITCHEN
from onbrief.sandbox.painting.drawings.living import LIVING
from onbrief.sandbox.painting.drawings.pets import PETS
from onbrief.sandbox.painting.drawings.scenery import SCENERY
from onbrief.sandbox.painting.drawings.shapes import SHAPES
from onbrief.sandbox.painting.drawings.sports import SPORTS
from onbrief.sandbox.painting.drawings.street import STREET
from onbrief.sandbox.painting.drawings.vehicles import VEHICLES
from onbrief.sandbox.painting.drawings.wild import WILD

DRAWINGS: dict[str, Drawing] = {
    **SHAPES,
    **SCENERY,
    **LIVING,
    **FARM,
    **WILD,
    **STREET,
    **VEHICLES,
    **SPORTS,
    **CARRIED,
    **HOUSEHOLD,
    **KITCHEN,
    **FOOD,
    **FURNITURE,
    **APPLIANCES,
    **PETS,
    CARD: CARD_DRAWING,
}

__all__ = ["CARD", "CARD_FACE", "DRAWINGS", "Drawing", "banner", "symbol"]
