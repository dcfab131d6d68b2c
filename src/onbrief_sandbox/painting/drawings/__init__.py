"""The drawings of all things and of the card, each in a square of 100 units around (50, 50)."""

from onbrief_sandbox.painting.drawings.appliances import APPLIANCES
from onbrief_sandbox.painting.drawings.card import CARD, CARD_DRAWING, CARD_FACE, banner
from onbrief_sandbox.painting.drawings.carried import CARRIED
from onbrief_sandbox.painting.drawings.drawing import Drawing, symbol
from onbrief_sandbox.painting.drawings.farm import FARM
from onbrief_sandbox.painting.drawings.food import FOOD
from onbrief_sandbox.painting.drawings.furniture import FURNITURE
from onbrief_sandbox.painting.drawings.household import HOUSEHOLD
from onbrief_sandbox.painting.drawings.kitchen import KITCHEN
from onbrief_sandbox.painting.drawings.living import LIVING
from onbrief_sandbox.painting.drawings.pets import PETS
from onbrief_sandbox.painting.drawings.scenery import SCENERY
from onbrief_sandbox.painting.drawings.shapes import SHAPES
from onbrief_sandbox.painting.drawings.sports import SPORTS
from onbrief_sandbox.painting.drawings.street import STREET
from onbrief_sandbox.painting.drawings.vehicles import VEHICLES
from onbrief_sandbox.painting.drawings.wild import WILD

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
