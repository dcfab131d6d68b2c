"""Many briefs in one place: read from a file, pursued at the same time, and their results gathered."""

from onbrief.batch.session import Asked as Asked
from onbrief.batch.session import BatchBegan as BatchBegan
from onbrief.batch.session import BatchEnded as BatchEnded
from onbrief.batch.session import asked as asked
from onbrief.batch.session import pursue as pursue
