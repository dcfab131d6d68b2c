"""A picture file is parsed once and decoded once; damaged files raise nothing but PictureError."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onbrief.errors import PictureError
from onbrief.pictures import PictureFile, inspect
from onbrief.ports import ANY_PICTURE, PictureLimits
from tests.pictures.samples import KINDS, SECRETIVE, embed, judge_copy, kinds, read_embedded, strip

ACTS: list[Callable[[bytes], object]] = [inspect, judge_copy, strip, read_embedded, lambda data: embed(data, "a\nb", "{}")]


@given(st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_damaged_files_raise_nothing_but_picture_errors(draw: st.DataObject) -> None:
    data = bytearray(draw.draw(st.sampled_from([*KINDS.values(), *SECRETIVE.values()])))
    for _ in range(draw.draw(st.integers(1, 6))):
        at = draw.draw(st.integers(0, len(data) - 1) | st.integers(0, min(60, len(data) - 1)))
        match draw.draw(st.sampled_from(["set", "delete", "insert", "zero", "ones"])):
            case "set":
                data[at] = draw.draw(st.integers(0, 255))
            case "delete":
                del data[at : at + draw.draw(st.integers(1, 50))]
            case "insert":
                data[at:at] = draw.draw(st.binary(min_size=1, max_size=20))
            case "zero":
                data[at : at + 4] = bytes(4)
            case _:
                data[at : at + 4] = b"\xff" * 4
        if not data:
            break
    for act in ACTS:
        try:
            act(bytes(data))
        except PictureError:
            continue


@given(
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\x40\0\0\0WEBP", b"RIFF\x40\0\0\0WEBPVP8X"]),
    st.binary(max_size=100),
)
@settings(deadline=None)
def test_arbitrary_bytes_are_refused(head: bytes, tail: bytes) -> None:
    for act in ACTS:
        with pytest.raises(PictureError):
            act(head + tail)


@kinds
@pytest.mark.parametrize("limits", [ANY_PICTURE, PictureLimits(20, 3_000)])
def test_a_copy_is_the_same_whether_the_picture_was_inspected_before_or_not(data: bytes, limits: PictureLimits) -> None:
    file = PictureFile(data)
    facts = file.inspected(limits)
    assert file.judge_copy(limits) == PictureFile(data).judge_copy(limits)
    assert facts == inspect(data)


@pytest.mark.parametrize(("side", "kept"), [(37, False), (36, True)])
def test_pixels_are_kept_only_for_a_copy_that_is_made_from_them_and_only_until_then(side: int, kept: bool) -> None:
    file = PictureFile(KINDS["png RGB"])
    file.inspected()
    assert file._pixels is None
    file.inspected(PictureLimits(side))
    assert (file._pixels is not None) == kept
    file.judge_copy(PictureLimits(side))
    assert file._pixels is None
