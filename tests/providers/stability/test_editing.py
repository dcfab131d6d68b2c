"""The editing services of Stability AI's own service: what is to be seen after an edit, and which service makes it."""

from __future__ import annotations

import asyncio

import pytest

from onbrief_sandbox.seeing.eye import look
from tests.contract.test_editor import OVER_SQUARE, PICTURE, kinds
from tests.providers.over_http import Service


@pytest.mark.parametrize(
    ("instruction", "mask", "model", "after"),
    [
        ("replace the square with a green star", None, "search-and-replace", [("circle", "red"), ("star", "green")]),
        ("make the square yellow", None, "search-and-recolor", [("circle", "red"), ("square", "yellow")]),
        ("replace the square with a green star", OVER_SQUARE, "inpaint", [("circle", "red"), ("star", "green")]),
        ("remove the square", OVER_SQUARE, "erase", [("circle", "red")]),
    ],
)
def test_each_change_is_made_by_the_service_for_it(
    instruction: str, mask: bytes | None, model: str, after: list[tuple[str, str]], service: Service
) -> None:
    service.fresh()
    editor, seen = service.editor("image-services"), list[object]()
    for seed in range(1, 9):  # each edit is done at some of these and left undone at others
        seen.append(kinds(look(asyncio.run(editor.edit(PICTURE, instruction, seed, mask)).data).things))
        if after in seen:
            break
    assert after in seen
    assert {line["model"] for line in service.lines()} == {model}
    assert service.lines()[0]["usd"] == editor.price
