"""Where pictures, records and reports are stored: a folder or a bucket.

A picture that cannot be stored has still been paid for, so it is kept in a spool, where `read` finds it when the run is
resumed.
"""

from onbrief.store.bucket import BucketStore as BucketStore
from onbrief.store.folder import FolderStore as FolderStore
from onbrief.store.mapping import NamedPictures as NamedPictures
from onbrief.store.mapping import Names as Names
from onbrief.store.mapping import RunStore as RunStore
from onbrief.store.mapping import picture_at as picture_at
from onbrief.store.objects import Objects as Objects
from onbrief.store.place import TABLES as TABLES
from onbrief.store.place import is_bucket as is_bucket
from onbrief.store.place import located as located
from onbrief.store.place import open_bucket as open_bucket
from onbrief.store.place import open_store as open_store
from onbrief.store.place import region_of as region_of
