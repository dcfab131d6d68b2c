"""A store and a ledger in memory, for tests: those of buckets, with a dictionary as the bucket. Nothing touches the disk."""

from __future__ import annotations

from obstore.store import MemoryStore

from onbrief.ledger.objects import ObjectsLedger
from onbrief.store import BucketStore, Objects
from onbrief.store.spool import Spool

_URL = "memory:"


def memory_store() -> BucketStore:
    """Return a new, empty store."""
    return BucketStore(Objects(MemoryStore()), _URL, Spool(b"", roots=()))


def memory_ledger() -> ObjectsLedger:
    """Return a new, empty ledger."""
    return ObjectsLedger(Objects(MemoryStore()), _URL)
