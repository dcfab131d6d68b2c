"""Where the ledger of a place is: beside the pictures, or in a database that the settings name.

A place has one ledger for ever: another one would know nothing of its runs, and pay for everything again. A place whose ledger
is in a database says so in `ledger.json`, with the schema of its tables there. So it can be moved, many places can share a
database, and machines that see the same place under different names still share its runs.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

from obstore.exceptions import BaseError

from onbrief.errors import KeyTaken, LedgerError, NotInstalled, StoreError, UsageError
from onbrief.ledger.objects import REQUESTS, ObjectsLedger
from onbrief.ports import Fund, Ledger
from onbrief.settings import Settings
from onbrief.store import BucketStore, FolderStore, is_bucket, open_bucket, region_of
from onbrief.store.refusals import is_denied

if TYPE_CHECKING:
    from types import ModuleType

LEDGER_FILE: Final = "ledger.db"
_ELSEWHERE: Final = "ledger.json"
_SCHEMA: Final = re.compile(r"onbrief_[0-9a-f]{16}")
_ANOTHER: Final = "choose another place with --out"

Place = FolderStore | BucketStore


def ledger_of(place: Place, settings: Settings, fund: Fund | None = None, *, create: bool = True) -> Ledger:
    """Open the ledger of a place. Blocks. Without `create`, it must be there. The runs of this process spend from `fund`,
    unless the ledger is in a bucket: that cannot count what others spend.

    Raises:
        UsageError: the settings do not name the ledger of this place, or there is none.
        NotInstalled: the package for this kind of database.
        LedgerError: it is missing, or cannot be reached.
    """
    if settings.ledger:
        return _in_database(place, settings.ledger, fund, create=create)
    if isinstance(place, BucketStore):
        return ObjectsLedger(place.objects, place.url)
    from onbrief.ledger.sqlite import SqliteLedger  # imported late: a bucket needs no database

    require_own_ledger(place)
    require_ledger(place.folder)
    return SqliteLedger(place.folder / LEDGER_FILE, fund)


def require_existing(settings: Settings) -> None:
    """Check that a folder with runs is where `settings.out` says. Buckets are not looked at.

    Raises:
        UsageError: there is none.
        LedgerError: there are runs, and their ledger is missing.
    """
    folder = Path(settings.out)
    file = _ELSEWHERE if settings.ledger else LEDGER_FILE
    if is_bucket(settings.out) or (folder / file).is_file():
        return
    if (folder / _ELSEWHERE).is_file():
        require_own_ledger(FolderStore(folder))
    require_ledger(folder)
    raise UsageError.of("out", settings.out, f"a folder with runs in it ({file} is missing)")


def require_own_ledger(place: Place) -> None:
    """Check that the ledger of a place is not in a database, as none is named. Blocks.

    Raises:
        UsageError: it is in one.
    """
    if found := _read(place):
        hint = f"name it with --ledger, such as {found['ledger']}, or as ONBRIEF_LEDGER"
        raise UsageError(f"ledger: the runs of {_name(place)} are recorded in a database, and none is named", hint=hint)


def require_ledger(folder: Path) -> None:
    """Check that a folder with runs in it has a ledger. A new one would know nothing of them, and pay for everything again.

    Raises:
        LedgerError: there are runs, and their ledger is missing or empty.
    """
    file = folder / LEDGER_FILE
    if file.exists() and file.stat().st_size:
        return
    runs = sorted(record.parent.name for record in folder.glob("*/run.json") if record.is_file())
    if runs:
        named = ", ".join(runs[:3]) + (f" and {len(runs) - 3} more" if len(runs) > 3 else "")
        raise LedgerError(
            f"the ledger {file} is {'empty' if file.exists() else 'missing'}, but there are runs: {named}",
            hint=f"restore {LEDGER_FILE} from a backup; to begin anew, move the runs away or choose another folder with --out",
        )


def require_one_limit(settings: Settings, usd: float | None) -> None:
    """Check that several processes can hold one money limit in US dollars.

    Raises:
        UsageError: they cannot.
    """
    if usd is not None and is_bucket(settings.out) and not settings.ledger:
        hint = "name a database with --ledger, or limit each run with --max-usd"
        raise UsageError("max_total_usd: a ledger in a bucket cannot hold a limit for several processes", hint=hint)


def future_ledger(settings: Settings) -> str | None:
    """Return, in words, where the ledger of a place will be created, or None if it exists, or is in a bucket. Blocks.

    Raises:
        UsageError, NotInstalled, LedgerError: it cannot be created there.
    """
    folder = Path(settings.out)
    if settings.ledger:
        if is_bucket(settings.out):
            found = _recorded(open_bucket(settings.out, region_of(settings.tables))) is not None
        else:
            found = (folder / _ELSEWHERE).is_file()
        return None if found else f"a schema of {_postgresql().require_reachable(settings.ledger)}"
    if is_bucket(settings.out) or any((folder / file).is_file() for file in (LEDGER_FILE, _ELSEWHERE)):
        return None
    require_ledger(folder)
    return str(folder / LEDGER_FILE)


def _in_database(place: Place, url: str, fund: Fund | None, *, create: bool) -> Ledger:
    postgresql = _postgresql()
    found = _recorded(place) if create else _read(place)
    if found is None:
        if not create:
            raise UsageError.of("out", _name(place), f"a place whose runs are recorded in a database ({_ELSEWHERE} is missing)")
        address: str = postgresql.require_reachable(url)  # before anything is written
        _require_no_runs(place)
        found = _create(place, address)
    # One process may have written the file, and ended before it made the schema: as long as there is no run, it can be made.
    new = f"onbrief: the runs of {_name(place)}" if create and not _has_folders(place) else None
    ledger: Ledger = postgresql.PostgresLedger(url, found["schema"], fund, create=new)
    return ledger


def _postgresql() -> ModuleType:
    try:
        from onbrief.ledger import postgresql
    except ImportError as error:
        raise NotInstalled.of("ledger", ["psycopg"], "onbrief[postgresql]") from error
    return postgresql


def _name(place: Place) -> str:
    return str(place.folder) if isinstance(place, FolderStore) else place.url


def _read(place: Place) -> dict[str, str] | None:
    """Return where the ledger of a place is, or None if no database has it."""
    document = place.load(_ELSEWHERE)
    if document is None:
        return None
    try:
        found = json.loads(document)
        if _SCHEMA.fullmatch(found["schema"]) and isinstance(found["ledger"], str):
            return found
    except (ValueError, TypeError, KeyError):
        pass
    raise LedgerError(f"{_ELSEWHERE} of {_name(place)} is damaged", hint=f"restore it from a backup, or {_ANOTHER}")


def _recorded(place: Place) -> dict[str, str] | None:
    """See `_read`. Without the right to list, a missing object cannot be told from a forbidden one: `_create` finds out."""
    try:
        return _read(place)
    except StoreError as error:
        if isinstance(error.__cause__, Exception) and is_denied(error.__cause__):
            return None
        raise


def _create(place: Place, address: str) -> dict[str, str]:
    """Write down that the ledger of a place is in a database. Another process may be quicker: then, what that has written."""
    found = {"ledger": address, "schema": f"onbrief_{secrets.token_hex(8)}"}
    document = f"{json.dumps(found, indent=2)}\n".encode()
    try:
        with ThreadPoolExecutor(1) as thread:  # an event loop may be running here
            thread.submit(asyncio.run, place.create(_ELSEWHERE, document, "application/json")).result()
    except KeyTaken:
        if taken := _read(place):
            return taken
        raise
    return found


def _require_no_runs(place: Place) -> None:
    """Check that a place has no ledger of its own.

    Raises:
        UsageError: it has one.
        LedgerError: it has runs without a ledger.
    """
    if isinstance(place, FolderStore):
        require_ledger(place.folder)
        own = LEDGER_FILE if (place.folder / LEDGER_FILE).is_file() else ""
    else:
        own = REQUESTS if _listed(place, REQUESTS) else ""
    if own:
        hint = f"without --ledger, they go on there; for runs in a database, {_ANOTHER}"
        raise UsageError(f"ledger: the runs of {_name(place)} are recorded there, in {own}", hint=hint)


def _has_folders(place: Place) -> bool:
    """Return whether a place may have runs: it has folders."""
    if isinstance(place, FolderStore):
        return any(path.is_dir() for path in place.folder.iterdir())
    try:
        return bool(place.objects.folders())
    except (OSError, BaseError):
        return True


def _listed(place: BucketStore, folder: str) -> bool:
    try:
        return bool(place.objects.keys(folder))
    except (OSError, BaseError):  # without the right to list, every run is looked up by its id
        return False
