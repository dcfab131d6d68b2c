"""The contracts between the loop and what stands around it."""

from onbrief.ports.models import NO_TOKENS as NO_TOKENS
from onbrief.ports.models import Editor as Editor
from onbrief.ports.models import History as History
from onbrief.ports.models import ImageModel as ImageModel
from onbrief.ports.models import Judge as Judge
from onbrief.ports.models import Judged as Judged
from onbrief.ports.models import Model as Model
from onbrief.ports.models import Picture as Picture
from onbrief.ports.models import Planned as Planned
from onbrief.ports.models import Planner as Planner
from onbrief.ports.models import Revised as Revised
from onbrief.ports.models import Reviser as Reviser
from onbrief.ports.models import Tokens as Tokens
from onbrief.ports.models import Warns as Warns
from onbrief.ports.storage import Call as Call
from onbrief.ports.storage import CallKind as CallKind
from onbrief.ports.storage import Entry as Entry
from onbrief.ports.storage import Ledger as Ledger
from onbrief.ports.storage import RunRow as RunRow
from onbrief.ports.storage import State as State
from onbrief.ports.storage import Store as Store
from onbrief.ports.storage import call_key as call_key
from onbrief.ports.studio import Studio as Studio
