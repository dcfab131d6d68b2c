"""The models at work: the paid steps of a run."""

from onbrief.studio.calls import expected_price as expected_price
from onbrief.studio.calls import price_of as price_of
from onbrief.studio.crew import Crew as Crew
from onbrief.studio.due import judgements_due as judgements_due
from onbrief.studio.evidence import Evidence as Evidence
from onbrief.studio.evidence import looks as looks
from onbrief.studio.means import means_of as means_of
from onbrief.studio.planning import Plan as Plan
from onbrief.studio.planning import Review as Review
from onbrief.studio.studio import LedgerStudio as LedgerStudio
