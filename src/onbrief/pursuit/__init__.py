"""One pursuit from beginning to end."""

from onbrief.pursuit.pursuit import LEDGER_FILE as LEDGER_FILE
from onbrief.pursuit.pursuit import MAX_SEED as MAX_SEED
from onbrief.pursuit.pursuit import Order as Order
from onbrief.pursuit.pursuit import Preview as Preview
from onbrief.pursuit.pursuit import Pursuit as Pursuit
from onbrief.pursuit.pursuit import check_run_id as check_run_id
from onbrief.pursuit.pursuit import find_run as find_run
from onbrief.pursuit.pursuit import open_ledger as open_ledger
from onbrief.pursuit.pursuit import open_pursuit as open_pursuit
from onbrief.pursuit.pursuit import preview as preview
from onbrief.pursuit.pursuit import resumed as resumed
from onbrief.pursuit.pursuit import run_store as run_store
