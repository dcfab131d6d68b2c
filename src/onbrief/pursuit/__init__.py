"""Orders, workspaces and the pursuit of one run: what the command line, the library and the Lambda handler are built on."""

from onbrief.pursuit.given import PictureFiles as PictureFiles
from onbrief.pursuit.given import given_pictures as given_pictures
from onbrief.pursuit.ledgers import future_ledger as future_ledger
from onbrief.pursuit.ledgers import require_one_limit as require_one_limit
from onbrief.pursuit.listing import ListedRun as ListedRun
from onbrief.pursuit.listing import PlaceStatistics as PlaceStatistics
from onbrief.pursuit.listing import listed_runs as listed_runs
from onbrief.pursuit.listing import place_statistics as place_statistics
from onbrief.pursuit.listing import recorded_run as recorded_run
from onbrief.pursuit.order import MAX_SEED as MAX_SEED
from onbrief.pursuit.order import Order as Order
from onbrief.pursuit.order import brief_text_of as brief_text_of
from onbrief.pursuit.order import check_run_id as check_run_id
from onbrief.pursuit.order import kind_of as kind_of
from onbrief.pursuit.order import new_run_id as new_run_id
from onbrief.pursuit.preview import Preview as Preview
from onbrief.pursuit.preview import checked as checked
from onbrief.pursuit.preview import preview as preview
from onbrief.pursuit.pursuit import Pursuit as Pursuit
from onbrief.pursuit.pursuit import open_pursuit as open_pursuit
from onbrief.pursuit.recovering import LostPicture as LostPicture
from onbrief.pursuit.recovering import recover as recover
from onbrief.pursuit.workspace import Workspace as Workspace
from onbrief.pursuit.workspace import rates_of as rates_of
from onbrief.pursuit.workspace import resumed as resumed
