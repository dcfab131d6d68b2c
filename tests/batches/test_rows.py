"""Rows as orders: what each column means, which run a row has, and what is wrong with one."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbrief.batches.cells import run_id_of
from onbrief.batches.columns import COLUMNS, column_of
from onbrief.batches.reading import read
from onbrief.batches.rows import MAX_LISTED, Broken, BrokenRows, Cells, Head, Row, orders_of, orders_of_stream
from onbrief.config import load, profile_path
from onbrief.errors import ConfigError, UsageError
from onbrief.ports import AnyModel, ModelRole
from onbrief.pursuit import check_run_id
from onbrief.settings import Settings
from onbrief.testing import Bill, ScriptedImageModel, ScriptedJudge, ScriptedPlanner, ScriptedReviser
from tests.judging.test_calibration import PROFILE

NO_COLUMNS = {"parallel", "priors", "max_total_usd", "out", "ledger", "tables"}
"""Settings that rows do not have: they are those of the batch."""


def cells(*rows: Mapping[str, object]) -> list[Cells]:
    return [Cells(number, tuple(row.items())) for number, row in enumerate(rows, 2)]


def orders(*rows: Mapping[str, object], settings: Settings | None = None, **about: Any) -> list[Row]:
    found = orders_of(cells(*rows), settings or Settings(), **about)
    assert all(isinstance(row, Row) for row in found), found
    return [row for row in found if isinstance(row, Row)]


def order(row: Mapping[str, object], **about: Any) -> Row:
    [found] = orders({"text": "a fox", **row}, **about)
    return found


def problem(*rows: Mapping[str, object], **about: Any) -> str:
    with pytest.raises(UsageError) as caught:
        orders_of(cells(*rows), Settings(), **about)
    return caught.value.explained


def test_each_setting_is_a_column_or_that_of_the_batch() -> None:
    columns = {column.name for column in COLUMNS if column.setting}
    assert {setting.name for setting in fields(Settings)} - NO_COLUMNS - {"size"} == columns


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Text", "text"), (" PROMPT ", "text"), ("brief", "text"), ("Max USD", "max_usd"), ("max-usd", "max_usd"),
        ("Require 3", "require"), ("require.1", "require"), ("Requirements", "require"), ("negative prompt", "avoid"),
        ("Aspect-Ratio", "aspect"), ("#note", None), ("_x", None), ("", None), (" ", None), ("cfg_scale", "cfg_scale"),
    ],
)  # fmt: skip
def test_headers(header: str, name: str | None) -> None:
    column = column_of(header)
    assert (column and column.name) == name


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["promt"], "x: unknown column 'promt' (did you mean 'prompt'?)"),
        (["text", "Model"], "unknown column 'Model' (did you mean 'image_model'?) (a column for notes is left out if"),
        (["text", "hue", "sed"], "unknown columns 'hue', 'sed' (did you mean 'seed'?); expected some of text id require"),
        (["text", "seed_2"], "unknown column 'seed_2'"),
        (["a fox", "a dog"], "no column is named text or prompt or brief; its columns are 'a fox', 'a dog' (the first line"),
        (["#text"], "no column is named text"),
        (["text", "brief"], "there are two columns for text; the second is 'brief'"),
        (["text", "steps"], "unknown column 'steps': it is for other image generators"),
    ],
)
def test_columns_of_a_table_are_checked_at_once(names: list[str], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        orders_of([Head(1, tuple(names), "x"), Broken(2, "later")], Settings())
    assert said in caught.value.explained
    assert orders_of([Head(1, ("prompt", "steps", "#a", "require", "Require", "require_2"), "x")], Settings()) == []


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"size": "512x768"}, {"size": (512, 768)}),
        ({"aspect": "16:9"}, {"size": (1344, 768)}),
        ({"size": [512, 768]}, {"size": (512, 768)}),
        ({"aspect": "16:09:00"}, {"size": (1344, 768)}),
        ({"width": "512", "height": 768.0}, {"size": (512, 768)}),
        ({"text": "a fox --ar 16:9 --no people"}, {"text": "a fox", "size": (1344, 768), "avoid": ("people",)}),
        ({}, {"size": (640, 640)}),
        ({"avoid": "people, text|dogs; cats"}, {"avoid": ("people", "text", "dogs", "cats")}),
        ({"avoid": ["people", "text"]}, {"avoid": ("people", "text")}),
        ({"negative_prompt": "people"}, {"avoid": ("people",)}),
        ({"text": '=HYPERLINK("x";"y")'}, {"text": '=HYPERLINK("x";"y")'}),
    ],
)
def test_columns_of_the_brief(row: dict[str, object], expected: dict[str, object]) -> None:
    brief = order(row, settings=Settings(size="640x640")).order.brief
    assert {name: getattr(brief, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ("the hat is red", ["the hat is red"]),
        ("the hat is red; the shoes, too, are blue", ["the hat is red", "the shoes, too, are blue"]),
        ("a|b |; c", ["a", "b", "c"]),
        ("a; b\n\n c | d \n", ["a; b", "c | d"]),
        ('the dog is called "A; B" | x', ['the dog is called "A; B"', "x"]),
        ("the dog is called “A; B”; »C; D«", ["the dog is called “A; B”", "»C; D«"]),
        (["a; b", {"text": "c", "kind": "style"}], ["a; b", "c"]),
        (("a", "b"), ["a", "b"]),
    ],
)
def test_several_in_one_cell(value: object, texts: list[str]) -> None:
    for column, must in (("require", True), ("prefer", False)):
        requirements = order({column: value}).order.brief.requirements
        assert [requirement.text for requirement in requirements] == texts
        assert {requirement.must for requirement in requirements} == {must}


def test_several_columns_of_a_name_and_what_is_given_for_all() -> None:
    row = Cells(2, (("text", "a fox"), ("require", "a"), ("require", "b"), ("Require 2", "c"), ("avoid", "x")))
    [found] = orders_of([row], Settings(), requirements=[{"text": "d", "must": False}], avoid=["y"])
    assert isinstance(found, Row)
    assert [requirement.text for requirement in found.order.brief.requirements] == ["a", "b", "c", "d"]
    assert found.order.brief.avoid == ("x", "y")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"max_usd": "0,5", "max_images": "3.0", "max-seconds": " 20 "}, {"max_usd": 0.5, "max_images": 3, "max_seconds": 20}),
        ({"max_usd": "$1.50", "max_judge_usd": "2 USD"}, {"max_usd": 1.5, "max_judge_usd": 2}),
        (
            {"plan": "TRUE", "strip_metadata": "yes", "Strictness": "Strict"},
            {"plan": True, "strip_metadata": True, "strictness": "strict"},
        ),
        ({"plan": False, "require": "x"}, {"plan": False}),
        (
            {"confirm": "Never", "max_reservations": "1", "policy": "classic"},
            {"confirm": "never", "max_reservations": 1, "policy": "classic"},
        ),
        (
            {"judge": "sandbox:?false_accept=0.1"},
            {"judge": "sandbox:?false_accept=0.1", "image_model": "sandbox:", "reviser": "sandbox:"},
        ),
        ({"image_model": "sandbox:\nsandbox:sdxl"}, {"image_model": ("sandbox:", "sandbox:sdxl")}),
        ({"image_model": ["sandbox:", "sandbox:sdxl"]}, {"image_model": ("sandbox:", "sandbox:sdxl")}),
        ({}, {"max_usd": 7, "out": "shop", "max_images": 5}),
    ],
)
def test_columns_of_settings(row: dict[str, object], expected: dict[str, object]) -> None:
    base = Settings(out="shop", max_usd=7, max_images=5)
    settings = order(row, settings=base).order.settings
    assert {name: getattr(settings, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"text": " "}, "text: ' ' is not allowed; expected a description of the picture"),
        ({"text": None}, "text: there is none; expected a description of the picture"),
        ({"text": "brief.txt"}, "text: 'brief.txt' is not allowed; expected a description of the picture, not the name"),
        ({"text": 7}, "text: 7 is not allowed; expected a description"),
        ({"text": "a", "prompt": "b"}, "text: there are 2 of it: text, prompt"),
        ({"seed": "1,5"}, "seed: '1,5' is not allowed; expected a whole number"),
        ({"seed": "4294967296"}, "seed: '4294967296' is not allowed; expected a whole number from 0 to 4294967295"),
        ({"seed": "9" * 5000}, "is not allowed; expected a whole number"),
        ({"seed": True}, "seed: True"),
        ({"size": "big"}, "size: 'big' is not allowed; expected WIDTHxHEIGHT"),
        ({"size": "9000x9000"}, "size: '9000x9000' is not allowed; expected sides of 64 to 4096 pixels"),
        ({"size": "64x64", "aspect": "1:1"}, "size and aspect: "),
        ({"width": "64"}, "width: "),
        ({"aspect": "9:1"}, "aspect: '9:1' is not allowed"),
        ({"max_usd": "1,000"}, "max_usd: '1,000' is not allowed; expected a number such as 0.5"),
        ({"max_usd": "-1"}, "max_usd: -1.0 is not allowed; expected a number from 0 up"),
        ({"max_usd": "nan"}, "max_usd: nan is not allowed"),
        ({"max_images": "0"}, "max_images: 0 is not allowed; expected a whole number from 1 to 10000"),
        ({"plan": "maybe"}, "plan: 'maybe' is not allowed; expected a valid boolean"),
        ({"plan": "false"}, "plan: false is not allowed without a requirement of your own"),
        ({"strictness": "hard"}, "strictness: 'hard' is not allowed; expected 'strict', 'fair' or 'lenient'"),
        ({"require": 5}, "require: 5 is not allowed; expected a text, or a list of texts"),
        ({"avoid": [{"text": "x"}]}, "avoid: "),
        ({"require": [{"text": "x", "kind": "no"}]}, "requirements.0.kind: 'no' is not allowed"),
        ({"require": "x" * 600}, "requirement.text: 'xxx"),
        ({"judge": "nobody:x"}, "judge: 'nobody:x' is not allowed; expected PROVIDER:MODEL"),
        ({"image_model": "sandbx:"}, "image_model: 'sandbx:' is not allowed"),
        ({"image_model": "sandbox:?oops=1"}, "oops"),
        ({"image_model": "sandbox:;sandbox:"}, "image_model: 'sandbox:' is not allowed; expected each model once"),
        ({"profile": "none.json"}, "none.json"),
        ({"judge": "sandbox:?x=https://a:password@b"}, "expected no password"),
        ({"id": ["a"]}, "id: ['a'] is not allowed; expected a text or a number"),
        ({"id": "a" * 201}, "at most 200 characters"),
        ({"id": "\ud800"}, "expected valid Unicode"),
        ({"text": "\ud800"}, "expected valid Unicode"),
        ({"": "x"}, "'x' is in a column without a name"),
        ({"colour": "red"}, "unknown column 'colour'; expected one of"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_row_names_field_value_and_what_is_allowed(row: dict[str, object], said: str) -> None:
    told = problem({"text": "a fox", **row})
    assert told.startswith("line 2: ")
    assert said in told
    [broken] = orders_of(cells({"text": "a fox", **row}), Settings(), skip_bad=True)
    assert isinstance(broken, Broken)
    str(broken).encode()
    (broken.id + broken.text).encode()


def test_all_problems_of_all_rows_are_told_and_nothing_is_begun() -> None:
    rows = [{"text": "a fox", "id": f"a{n}", "seed": "x", "size": "y", "max_images": "z"} for n in range(MAX_LISTED + 20)]
    with pytest.raises(BrokenRows) as caught:
        orders_of(cells({"text": "fine"}, *rows), Settings())
    first = str(caught.value)
    assert first.startswith("120 rows are not briefs; the first is line 3: ")
    assert all(f"{field}: " in first for field in ("seed", "size", "max_images"))
    listed = caught.value.__notes__
    assert listed[0].startswith("line 4: ")
    assert listed[-1] == "and 20 more"
    assert len(listed) == MAX_LISTED
    assert len(caught.value.rows) == 120
    [good, *broken] = orders_of(cells({"text": "fine"}, *rows), Settings(), skip_bad=True)
    assert isinstance(good, Row)
    assert broken[0] == Broken(3, caught.value.rows[0].problem, "a0", "a fox")


@pytest.mark.parametrize(
    ("row_id", "run_id"),
    [
        ("a1", "a1"),
        ("shoe-12", "shoe-12"),
        ("3", "3"),
        ("SKU 12/3", "sku-12-3-c7eb6eaa684c"),
        ("Ärmel", "armel-58ae1fd5860f"),
        ("靴", "brief-40a2391a45d9"),
        ("../../etc", "etc-74ccf3c5b4c1"),
        ("-", "brief-3973e022e932"),
    ],
)
def test_run_ids_of_ids(row_id: str, run_id: str) -> None:
    found = order({"id": row_id})
    assert (found.id, found.order.run_id) == (row_id, run_id)


@given(st.lists(st.text(min_size=1, max_size=200), unique=True, max_size=20))
def test_every_id_has_its_own_run_id(ids: list[str]) -> None:
    run_ids = {run_id_of(row_id) for row_id in ids}
    assert len(run_ids) == len(ids)
    for run_id in run_ids:
        check_run_id(run_id)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["1:1", "64x64", "a fox", "3"]),
    lambda value: (
        st.lists(value, max_size=2) | st.dictionaries(st.sampled_from(["text", "kind", "must", "x"]), value, max_size=2)
    ),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from([column.name for column in COLUMNS]) | st.text(max_size=5), VALUES, max_size=4))
def test_any_values_are_an_order_or_a_broken_row(row: dict[str, object]) -> None:
    for about in ({}, {"text": "a fox"}):
        [found] = orders_of(cells({**about, **row}), Settings(), skip_bad=True)
        assert isinstance(found, Row) or found.problem
        str(found).encode()


ROWS: list[dict[str, object]] = [
    {"text": "a fox"},
    {"text": "a fox"},
    {"text": "a fox", "seed": 3},
    {"text": "a fox", "require": "red"},
    {"text": "a fox", "avoid": "red"},
    {"text": "a fox", "size": "64x64"},
    {"text": "a fox", "judge": "sandbox:?false_accept=0.1"},
    {"text": "a fox", "plan": "false", "require": "red"},
    {"text": "a dog"},
    {"text": "犬"},
    {"text": "x" * 500},
]


def test_rows_without_an_id_have_the_same_runs_wherever_they_are() -> None:
    before = [(str(row), found.order.run_id) for row, found in zip(ROWS, orders(*ROWS), strict=True)]
    assert len({run_id for _, run_id in before}) == len(ROWS)
    assert sum("a-fox-" in str(run_id) for _, run_id in before) == 8
    moved = [*ROWS, {"text": "a cat"}]
    moved = [*moved[7:], *moved[3:7], *moved[:3]]
    after = [(str(row), found.order.run_id) for row, found in zip(moved, orders(*moved), strict=True)]
    assert sorted(entry for entry in after if "a cat" not in entry[0]) == sorted(before)
    fewer = [found.order.run_id for found in orders(*ROWS[1:])]
    assert set(fewer) < {run_id for _, run_id in before}


def test_what_makes_no_difference_to_a_picture_is_no_other_run(tmp_path: Path) -> None:
    same = [
        {"text": "a fox", "seed": "3", "require": "red; blue"},
        {"Prompt": " a fox ", "seed": 3.0, "Requirements": ["red", "blue"], "max_usd": "5", "max_images": 3, "#x": "y"},
        {"prompt": "a fox", "seed": 3, "require": "red\nblue", "steps": 30},
    ]
    assert (
        len({orders(row, settings=settings)[0].order.run_id for row in same for settings in (Settings(), Settings(max_usd=5))})
        == 1
    )
    (tmp_path / "a.csv").write_text("text,seed\na fox,3\n")
    (tmp_path / "a.jsonl").write_text('{"seed": 3, "text": "a fox"}\n')
    (tmp_path / "b.toml").write_text('size = "512x512"\n[[briefs]]\ntext = "a fox"\n')
    [sized] = orders_of(read(tmp_path / "b.toml"), Settings())
    assert sized.id == orders({"text": "a fox", "size": "512x512"})[0].id
    [[one], [other]] = [orders_of(read(tmp_path / name), Settings()) for name in ("a.csv", "a.jsonl")]
    assert one.id == other.id == "a-fox-bb25b8ff3ad0", "this id must stay: runs that exist are found by it"


def test_duplicate_ids_name_both_rows() -> None:
    rows = [{"text": "a", "id": "x"}, {"text": "b"}, {"text": "c", "id": "x"}, {"text": "d", "id": "X"}]
    assert "line 4: id: 'x' is not allowed; line 2 has it already" in problem(*rows)
    found = orders_of(cells(*rows), Settings(), skip_bad=True)
    assert [(row.number, row.id) for row in found if isinstance(row, Row)] == [(2, "x"), (3, found[1].id), (5, "X")]
    assert isinstance(found[2], Broken)
    assert found[2].id == "", "the result of x is that of the first"
    [derived] = orders({"text": "a"})
    assert "line 2 has it already" in problem({"text": "a"}, {"text": "b", "id": derived.id})


def test_defaults_of_a_file_hold_where_a_row_says_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(
        'size = "512x512"\navoid = "people"\nrequire = "red"\nmax_usd = 1\n[[briefs]]\ntext = "a"\n'
        '[[briefs]]\ntext = "b"\naspect = "16:9"\navoid = ["text"]\nMax-USD = 2\n'
        '[[briefs.requirements]]\ntext = "exactly 3 cats"\nkind = "style"\n[[briefs]]\ntext = "c --ar 16:9"\n'
    )
    first, second, third = [row.order for row in orders_of(read(path), Settings()) if isinstance(row, Row)]
    assert (first.brief.size, first.brief.avoid, first.settings.max_usd) == ((512, 512), ("people",), 1)
    assert (second.brief.size, second.brief.avoid, second.settings.max_usd) == ((1344, 768), ("text", "people"), 2)
    assert third.brief.size == (1344, 768), "its text says otherwise"
    assert [(requirement.text, requirement.kind) for requirement in second.brief.requirements] == [
        ("exactly 3 cats", "style"),
        ("red", "whole"),
    ]
    for wrong, said in (
        ('size = "big"', "size: 'big'"),
        ('judge = "no:x"', "judge: 'no:x'"),
        ("colour = 1", "unknown column 'colour'"),
        ('id = "a"', "id is for one brief alone"),
    ):
        path.write_text(f'{wrong}\n[[briefs]]\ntext = "a"\n')
        with pytest.raises(UsageError, match=r"a\.toml: what is to hold for all briefs: ") as caught:
            orders_of(read(path), Settings())
        assert said in str(caught.value)


def test_warnings_of_how_a_brief_was_read_are_those_of_its_order() -> None:
    [row] = orders({"prompt": "a fox", "steps": 30, "Sampler": "x", "seed": 3, "negative_prompt": "people"})
    assert row.order.seed == 3
    assert row.order.brief.avoid == ("people",)
    assert row.order.warnings == ("brief: left out, as only other image generators understand it: sampler, steps",)


def test_models_given_as_objects_hold_unless_a_row_names_one() -> None:
    bill = Bill()
    models: dict[ModelRole, AnyModel] = {
        "image_model": ScriptedImageModel(bill),
        "judge": ScriptedJudge(bill),
        "planner": ScriptedPlanner(bill),
        "reviser": ScriptedReviser(bill),
    }
    base = Settings().with_models(models)
    plain, other = orders({"text": "a"}, {"text": "b", "judge": "sandbox:"}, settings=base, models=models)
    assert plain.order.models == models
    assert other.order.models == {role: model for role, model in models.items() if role != "judge"}
    assert other.order.settings.judge == "sandbox:"


def test_what_concerns_all_rows_is_said_once() -> None:
    with pytest.raises(UsageError) as caught:
        orders_of(cells({"text": "a"}, {"text": "b"}), Settings(judge="nobody:x"), skip_bad=True)
    assert str(caught.value).startswith("judge: 'nobody:x' is not allowed")
    assert [row.id for row in orders({"text": "a", "judge": "sandbox:", "id": "x"}, settings=Settings(judge="nobody:x"))] == [
        "x"
    ]


def test_what_must_be_set_up_first_is_no_broken_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    with pytest.raises(ConfigError, match="region"):
        orders_of(cells({"text": "a", "judge": "bedrock:us.amazon.nova-lite-v1:0"}), Settings(), skip_bad=True)


def test_a_calibration_belongs_to_its_judge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    judges = ["sandbox:", "sandbox:?false_accept=0.1", "sandbox:?false_accept=0.2"]
    first, second, none = [profile_path(judge) for judge in judges]
    for path in (first, second):
        assert path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(PROFILE.to_json())
    rows = [{"text": judge, "judge": judge} for judge in judges]
    found = [row.order.settings.profile for row in orders({"text": "a"}, *rows, settings=load({})[0])]
    assert found == [str(first), str(first), str(second), ""]
    assert none
    assert {row.order.settings.profile for row in orders(*rows, settings=Settings(profile="none"))} == {"none"}
    chosen = tmp_path / "chosen.json"
    chosen.write_text(PROFILE.to_json())
    [row] = orders({"text": "a", "judge": judges[1], "profile": str(chosen)}, settings=load({})[0])
    assert row.order.settings.profile == str(chosen)


def test_a_stream_is_read_row_by_row_until_one_is_broken() -> None:
    async def items() -> AsyncGenerator[Head | Cells | Broken]:
        yield Head(1, ("text", "seed"), "x")
        for cell in cells({"text": "a"}, {"text": "b", "seed": "x"}, {"text": "c"}):
            yield cell

    async def go(**about: Any) -> list[Row | Broken | str]:
        found: list[Row | Broken | str] = []
        try:
            async for row in orders_of_stream(items(), Settings(), **about):
                found += [row]
        except BrokenRows as error:
            found.append(str(error))
        return found

    first, error = asyncio.run(go())
    assert isinstance(first, Row)
    assert str(error).startswith("line 3: seed: 'x' is not allowed")
    assert [type(row) for row in asyncio.run(go(skip_bad=True))] == [Row, Broken, Row]


@pytest.mark.parametrize("name", ["briefs.csv", "briefs.toml"])
def test_the_examples_can_be_used(name: str) -> None:
    path = Path(__file__).parents[2] / "examples" / name
    assert all(
        isinstance(row, Row) and (row.order.brief.requirements or row.order.brief.avoid)
        for row in orders_of(read(path), Settings())
    )
