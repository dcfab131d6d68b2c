"""Many briefs in one place: read from a file, pursued at the same time, and their results gathered."""

from onbrief.batches.session import Asked as Asked
from onbrief.batches.session import BatchBegan as BatchBegan
from onbrief.batches.session import BatchEnded as BatchEnded
from onbrief.batches.session import all_orders as all_orders
from onbrief.batches.session import asked as asked
from onbrief.batches.session import pursue as pursue
