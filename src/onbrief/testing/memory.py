"""A store and a ledger in memory, for tests: those of buckets, over a bucket that is a dictionary. Nothing touches the disk."""

from __future__ import annotations

from obstore.store import MemoryStore

from onbrief.ledger.objects import ObjectsLedger
from onbrief.store import BucketStore, Objects
from onbrief.store.spool import Spool

_URL = "memory:"


def memory_store() -> BucketStore:
    """An empty store of its own."""
    return BucketStore(Objects(MemoryStore()), _URL, Spool(b"", roots=()))


def memory_ledger() -> ObjectsLedger:
    """An empty ledger of its own."""
    return ObjectsLedger(Objects(MemoryStore()), _URL)
