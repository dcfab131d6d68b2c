"""The keys of a store: `<run_id>/<name>`, or `<name>` for a file of the whole batch; always below its place. The id of a run
has no dot in it, and each of those files has.
"""

from __future__ import annotations

from onbrief.errors import StoreError


def require_inside(place: object, key: str) -> None:
    """Check that a key has no part that is empty, `.` or `..`: it could name something outside its place.

    Raises:
        StoreError: it has one.
    """
    if any(part in {"", ".", ".."} for part in key.split("/")):
        raise StoreError(f"{place}/{key} leads out of {place}")
