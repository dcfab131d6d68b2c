"""The models at work: the paid steps of a run."""

from onbrief.studio.crew import Crew as Crew
from onbrief.studio.studio import LedgerStudio as LedgerStudio
