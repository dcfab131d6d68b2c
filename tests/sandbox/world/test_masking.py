from __future__ import annotations

import io

import pytest
from PIL import Image, ImageDraw

from onbrief_sandbox.language.editing import read
from onbrief_sandbox.scene import Box, Group, Scene, Sight, Thing
from onbrief_sandbox.world.changes import NotThereError
from onbrief_sandbox.world.draws import chooser
from onbrief_sandbox.world.editing import edited, inpainted
from onbrief_sandbox.world.masking import Mask
from onbrief_sandbox.world.room import touching

TRIES = 60


def box(x: float, y: float, side: float = 0.15) -> Box:
    return Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)


def mask(*boxes: Box, size: tuple[int, int] = (600, 400)) -> Mask:
    """Return a mask that is white in these boxes."""
    image = Image.new("L", size, 0)
    for one in boxes:
        corners = one.left * size[0], one.top * size[1], one.right * size[0], one.bottom * size[1]
        ImageDraw.Draw(image).rectangle(corners, fill=255)
    out = io.BytesIO()
    image.save(out, "PNG")
    return Mask.of(out.getvalue())


DOG, NEAR, FAR = Thing("dog", "brown", box(0.2, 0.5)), Thing("cup", "red", box(0.5, 0.5)), Thing("cup", "red", box(0.8, 0.5))
TABLE = Sight((DOG, NEAR, FAR), "blue", words=("OPEN",))
OVER_NEAR = mask(box(0.5, 0.5, 0.2))


def outcomes(instruction: str, under: Mask = OVER_NEAR) -> set[Sight]:
    """Return all different results of an edit over many draws."""
    edit = read(instruction)
    assert edit is not None
    return {edited(TABLE, edit, str(key), 1.5, under) for key in range(TRIES)}


def test_only_what_lies_under_the_mask_changes_and_nothing_else_breaks() -> None:
    green = Thing("cup", "green", NEAR.box)
    assert outcomes("make the cups green") == {TABLE, Sight((DOG, green, FAR), "blue", words=("OPEN",))}
    assert outcomes("remove the cups") == {TABLE, Sight((DOG, FAR), "blue", words=("OPEN",))}


def test_what_is_elsewhere_is_not_under_the_mask() -> None:
    with pytest.raises(NotThereError, match="dog under the mask"):
        outcomes("remove the dog")


@pytest.mark.parametrize(("instruction", "cups"), [("add two cups", 2), ("change the number of cups to three", 3)])
def test_what_is_added_comes_to_lie_under_the_mask_and_free_of_the_rest(instruction: str, cups: int) -> None:
    under = mask(Box(0.3, 0.65, 0.95, 0.98))
    assert TABLE in outcomes(instruction, under)
    (after, *_) = [sight for sight in outcomes(instruction, under) if sight != TABLE]
    new = [thing.box for thing in after.things if thing not in TABLE.things]
    assert (len(new), after.things[:3]) == (cups, TABLE.things)
    assert min(map(under.covered, new)) > 0.85
    assert not any(touching(one, thing.box) for one in new for thing in TABLE.things)


def test_inpainting_takes_away_what_lies_there_and_draws_what_is_wanted() -> None:
    wanted = Scene((Group("star", 1, "green"),))
    after = {inpainted(TABLE, wanted, str(key), 1.5, OVER_NEAR) for key in range(TRIES)} - {TABLE}
    assert after
    for sight in after:
        dog, far, star = sight.things
        assert (dog, far, star.noun, star.colour, sight.words) == (DOG, FAR, "star", "green", ("OPEN",))
        assert OVER_NEAR.covered(star.box) > 0.85


def test_inpainting_nothing_leaves_nothing_under_the_mask() -> None:
    after = {inpainted(TABLE, Scene(), str(key), 1.5, OVER_NEAR) for key in range(TRIES)}
    assert after == {TABLE, Sight((DOG, FAR), "blue", words=("OPEN",))}


def test_a_mask_of_any_shape_has_room_only_where_it_is_white() -> None:
    corner = mask(Box(0, 0, 0.5, 0.2), Box(0, 0, 0.2, 1))
    boxes = corner.room([], 3, 1.5, chooser("room"))
    assert len(boxes) == 3
    assert min(map(corner.covered, boxes)) > 0.85
    assert mask().room([], 1, 1.5, chooser("room")) == []
