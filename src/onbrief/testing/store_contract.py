"""Tests that every store must pass, to inherit; see `onbrief.testing`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from onbrief.errors import KeyTaken, LeaseLost, StoreError
from onbrief.ports import Store
from onbrief.testing.running import in_loop, raises

KEY = "a-run/000-000.png"
RECORD = "a-run/run.json"
_FILES = {"run.json": "application/json", "report.html": "text/html"}
_PNG, _JSON = "image/png", "application/json"


@dataclass(slots=True)
class _Owner:
    lost: bool = False

    async def confirm(self) -> None:
        if self.lost:
            raise LeaseLost("taken over")


class StoreContract:
    """The tests of every store. Override `store`."""

    def store(self) -> Store:
        """Open the store under test, which is empty when a test begins. Called again within a test, open the same one again."""
        raise NotImplementedError("a contract test needs a method `store` that opens the store under test")

    @in_loop
    async def test_what_was_created_is_read_back(self) -> None:
        store = self.store()
        await store.create(KEY, b"picture", _PNG)
        assert await store.read(KEY) == b"picture"
        assert await asyncio.to_thread(store.load, KEY) == b"picture"

    @in_loop
    async def test_what_was_created_is_read_back_by_another_store(self) -> None:
        await self.store().create(KEY, b"picture", _PNG)
        assert await self.store().read(KEY) == b"picture"

    @in_loop
    async def test_reading_a_missing_key_returns_none(self) -> None:
        store = self.store()
        assert await store.read(KEY) is None
        assert await asyncio.to_thread(store.load, KEY) is None

    @in_loop
    async def test_creating_the_same_bytes_again_succeeds(self) -> None:
        store = self.store()
        assert await store.create(KEY, b"picture", _PNG) == await store.create(KEY, b"picture", _PNG)

    @in_loop
    async def test_other_bytes_never_overwrite_what_was_created(self) -> None:
        store = self.store()
        await store.create(KEY, b"picture", _PNG)
        with raises(KeyTaken):
            await store.create(KEY, b"another", _PNG)
        assert await store.read(KEY) == b"picture"

    @in_loop
    async def test_replace_overwrites(self) -> None:
        store = self.store()
        urls = {await store.replace(RECORD, data, _JSON) for data in (b"one", b"two", b"")}
        assert len(urls) == 1
        assert await store.read(RECORD) == b""

    @in_loop
    async def test_of_concurrent_creations_of_the_same_key_one_succeeds(self) -> None:
        store = self.store()
        tries = [store.create(KEY, b"picture %d" % number, _PNG) for number in range(8)]
        ends = await asyncio.gather(*tries, return_exceptions=True)
        assert [type(end) for end in ends].count(KeyTaken) == 7
        winner = next(number for number, end in enumerate(ends) if isinstance(end, str))
        assert await store.read(KEY) == b"picture %d" % winner

    @in_loop
    async def test_a_reader_sees_either_the_old_or_the_new_bytes(self) -> None:
        store, texts = self.store(), [bytes([65 + number]) * 200_000 for number in range(5)]
        await store.replace(RECORD, texts[0], _JSON)
        seen: set[bytes | None] = set()

        async def look() -> None:
            for _ in range(40):
                seen.add(await store.read(RECORD))

        async def write() -> None:
            for text in texts:
                await store.replace(RECORD, text, _JSON)

        await asyncio.gather(look(), write(), look())
        assert seen <= set(texts)

    @in_loop
    async def test_an_owner_replaces_its_files_and_leaves_nothing_else(self) -> None:
        store, owner = self.store(), _Owner()
        owned = await store.own("a-run", _FILES, "one", owner.confirm, fresh=True)
        for text in (b"first", b"second"):
            await owned.replace(RECORD, text, _JSON)
            assert await store.read(RECORD) == text
        await owned.aclose()
        again = await store.own("a-run", _FILES, "two", owner.confirm, fresh=False)
        await again.replace(RECORD, b"third", _JSON)
        await again.aclose()
        assert await store.read(RECORD) == b"third"
        await store.remove("a-run")

    @in_loop
    async def test_a_former_owner_changes_nothing(self) -> None:
        store, former, owner = self.store(), _Owner(), _Owner()
        before = await store.own("a-run", _FILES, "one", former.confirm, fresh=True)
        await before.replace(RECORD, b"old", _JSON)
        former.lost = True
        after = await self.store().own("a-run", _FILES, "two", owner.confirm, fresh=False)
        for key in (RECORD, "a-run/report.html"):
            with raises(LeaseLost):
                await before.replace(key, b"stale", _JSON)
        assert (await store.read(RECORD) or b"").rstrip() == b"old"
        await after.replace(RECORD, b"new", _JSON)
        with raises(LeaseLost):
            await before.replace(RECORD, b"stale", _JSON)
        await before.aclose()
        await after.replace(RECORD, b"newer", _JSON)
        assert await store.read(RECORD) == b"newer"
        await after.aclose()

    @in_loop
    async def test_an_owner_replaces_what_others_have_written_or_removed(self) -> None:
        store, owner = self.store(), _Owner()
        owned = await store.own("a-run", _FILES, "one", owner.confirm, fresh=True)
        await store.replace(RECORD, b"foreign", _JSON)
        await owned.replace(RECORD, b"own", _JSON)
        await store.remove("a-run")
        await owned.replace(RECORD, b"own again", _JSON)
        assert await store.read(RECORD) == b"own again"
        await owned.aclose()

    @in_loop
    async def test_removing_a_run_removes_that_run_alone(self) -> None:
        store, others = self.store(), ("a-run-2/000-000.png", "a/000-000.png")
        for key in (KEY, RECORD, *others):
            await store.create(key, b"picture", _PNG)
        await store.remove("a-run")
        assert [await store.read(key) for key in (KEY, RECORD)] == [None, None]
        assert [await store.read(key) for key in others] == [b"picture", b"picture"]
        await store.create(KEY, b"another", _PNG)

    @in_loop
    async def test_removing_a_missing_run_is_not_an_error(self) -> None:
        store = self.store()
        await store.remove("a-run")
        assert await store.read(KEY) is None

    @in_loop
    async def test_there_is_room(self) -> None:
        await self.store().require_room()
        await self.store().require_room([KEY])

    @in_loop
    async def test_everything_that_can_hold_the_bytes_of_a_key_is_found(self) -> None:
        store = self.store()
        assert await store.copies(KEY) == []
        await store.create(KEY, b"picture", _PNG)
        assert b"picture" in await store.copies(KEY)
        assert await store.copies("a-run/000-001.png") == []

    @in_loop
    async def test_what_has_no_place_is_kept_and_not_taken_for_what_is_stored(self) -> None:
        store = self.store()
        await store.create(KEY, b"picture", _PNG)
        error = await store.keep(KEY, b"another", "no place")
        assert str(error).startswith("no place")
        assert error.hint
        assert await store.read(KEY) == b"picture"

    @in_loop
    async def test_a_key_never_leads_out_of_the_store(self) -> None:
        store = self.store()
        for key in ("../outside.png", "a-run/../../outside.png", "/outside.png", "a-run/../../out2/x.png"):
            for work in (store.create(key, b"x", ""), store.replace(key, b"x", ""), store.read(key)):
                with raises(StoreError):
                    await work
