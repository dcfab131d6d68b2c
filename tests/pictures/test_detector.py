"""Detectors of the user's own: real ONNX models, in every form in which they are exported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from onbrief.brief import Requirement
from onbrief.errors import UsageError
from onbrief.pictures.detections import Detections, detections
from onbrief.pictures.detector import Detector, load
from tests.detectors import FORMS, NAMES, SIDE, picture, table, write
from tests.pictures.samples import saved

COUNT = Requirement(id="r1", text="there are exactly three balls", kind="count")


def loaded(path: Path, **more: str) -> Detector:
    detector = load(table(path, **more))
    assert detector is not None
    return detector


def said(detector: Detector, text: str, *things: str, size: tuple[int, int] = (SIDE, SIDE)) -> str:
    found = detector.counted([Requirement(id="r1", text=text, kind="count")], saved(picture(*things, size=size)))
    return " ".join(f"{finding.verdict}: {finding.evidence}" for finding in found)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_export_is_read(form: str, tmp_path: Path) -> None:
    detector = loaded(write(tmp_path / "own.onnx", form))
    assert said(detector, COUNT.text, "ball", "cube", "ball", "ball") == "met: own.onnx counts 3 balls"
    assert said(detector, COUNT.text, "ball", "cube", "ball", "person") == "unmet: own.onnx counts 2 balls"
    assert said(detector, "there are exactly two people", *["person"] * 6) == "unmet: own.onnx counts 6 people"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("there are exactly two balls", "met: own.onnx counts 2 balls"),
        ("two balls", "met: own.onnx counts 2 balls"),
        ("at least three balls", "unmet: own.onnx counts 2 balls"),
        ("there are more than one balls in the picture", "met: own.onnx counts 2 balls"),
        ("there is at most 1 ball", "unmet: own.onnx counts 2 ball"),
        ("there are fewer than three balls", "met: own.onnx counts 2 balls"),
        ("there are exactly three cubes", ""),  # one is not clear
        ("there are exactly four cubes", "unmet: own.onnx counts 2 to 3 cubes"),
        ("at least two cubes", "met: own.onnx counts 2 to 3 cubes"),
        ("exactly one of the balls has a hat", ""),
        ("there are exactly two red balls", ""),  # not every ball is a red one
        ("there are two or three balls", ""),
        ("there are exactly two dogs", ""),
    ],
)
def test_a_count_is_compared_where_its_words_and_the_number_are_plain(text: str, expected: str, tmp_path: Path) -> None:
    detector = loaded(write(tmp_path / "own.onnx", names="{0: 'cube', 1: 'traffic_light', 2: 'ball'}"))
    # Here red is called a cube, and a third one is dim; blue is called a ball.
    assert said(detector, text, "ball", "ball", "dim ball", "person", "person") == expected


def test_only_counts_with_a_class_are_looked_for(tmp_path: Path) -> None:
    detector = loaded(write(tmp_path / "own.onnx", names='["ball", "traffic light", "person"]'))
    texts = {"r1": "two humans", "r2": "exactly 2 traffic lights", "r3": "two balloons", "r4": "two men"}
    counts = detector.counts([Requirement(id=id_, text=text, kind="count") for id_, text in texts.items()])
    assert {id_: classes for id_, (_, classes) in counts.items()} == {"r1": {2}, "r2": {1}}
    assert not detector.counts([Requirement(id="r1", text="there are two balls", kind="object")])


@pytest.mark.parametrize(("size", "shape"), [((128, 64), ()), ((64, 256), ["batch", 3, "height", "width"])])
def test_pictures_of_any_shape_are_shown_as_they_are_with_grey_around(
    size: tuple[int, int], shape: list[int | str], tmp_path: Path
) -> None:
    detector = loaded(write(tmp_path / "own.onnx", shape=shape), **({"size": str(SIDE)} if shape else {}))
    # Half of the 16 fields that the model sees are grey, which it finds possible.
    assert said(detector, "exactly 20 balls", *["ball"] * 16, size=size) == "unmet: own.onnx counts 8 to 16 balls"


def test_boxes_that_share_most_of_their_place_are_one_thing() -> None:
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 9], [0, 0, 10, 6], [20, 0, 30, 10]], float)
    scores = np.array([[0.9, 0.0], [0.8, 0.0], [0.7, 0.0], [0.6, 0.3]])
    found = Detections(boxes, scores)
    assert (found.number({0}, 0.5, 0.45), found.number({0}, 0.5, 0.7), found.number({0}, 0.5, 1.0)) == (2, 3, 4)
    assert (found.number({1}, 0.25, 0.7), found.number({0, 1}, 0.65, 0.7), found.number({0}, 0.95, 0.7)) == (1, 2, 0)
    assert Detections(np.zeros((0, 4)), np.zeros((0, 2))).number({1}, 0.25, 0.7) == 0


def test_no_thing_and_one_thing_are_read_too() -> None:
    for number in (0, 1):
        outputs = {
            "a": np.zeros((number, 4), np.float32),
            "b": np.zeros(number, np.int64),
            "c": np.full(number, 0.9, np.float32),
        }
        assert detections(outputs, 3).number({0}, 0.5, 0.45) == number
    assert detections({"o": np.full((1, 2000, 6), 0.9, np.float32)}, 1).scores.shape == (2000, 1), (
        "a score for the box, and one"
    )


def test_a_class_without_a_name_is_an_error(tmp_path: Path) -> None:
    detector = loaded(write(tmp_path / "own.onnx", "sizes", "['ball', 'cube']"))
    assert said(detector, COUNT.text, "ball", "ball") == "unmet: own.onnx counts 2 balls"
    with pytest.raises(ValueError, match="something of class 2, and there are 2 names"):
        said(detector, COUNT.text, "ball", "person")


@pytest.mark.parametrize(
    "outputs",
    [
        {"o": np.zeros((1, 84, 100), np.float32)},
        {"o": np.zeros((1, 1000), np.float32)},
        {"o": np.full((1, 7, 100), 2.0, np.float32)},
        {"o": np.full((1, 7, 100), np.nan, np.float32)},
        {"boxes": np.zeros((1, 5, 4), np.float32), "scores": np.zeros((1, 9), np.float32)},
        {},
    ],
)
def test_outputs_that_are_not_known_are_refused(outputs: dict[str, np.ndarray]) -> None:
    with pytest.raises(ValueError, match=r"not known|not from 0 to 1"):
        detections(outputs, 3)


def broken(folder: Path, what: str) -> dict[str, str]:
    path = write(folder / "own.onnx", "classifier" if what == "classifier" else "columns", None if "names" in what else "[]")
    good = write(folder / "good.onnx")
    names = folder / "names.txt"
    match what:
        case "no file":
            return {**table(good), "path": str(folder / "none.onnx")}
        case "folder":
            return {**table(good), "path": str(folder)}
        case "other hash":
            return {**table(good), "sha256": "0" * 64}
        case "no hash":
            return {"path": str(good)}
        case "no path":
            return {"sha256": "0" * 64}
        case "text":
            path.write_text("this is no model")
            return table(path)
        case "cut":
            path.write_bytes(good.read_bytes()[:-200])
            return table(path)
        case "classifier":
            names.write_text("\n".join(NAMES))
            return table(path, names=str(names))
        case "no names":
            return table(path)
        case "other names":
            names.write_text("one\ntwo\n")
            return table(good, names=str(names))
        case "binary names":
            names.write_bytes(b"\xff\xfe\x00")
            return table(good, names=str(names))
        case "blank names":
            names.write_text(" \n\n")
            return table(good, names=str(names))
        case "missing names":
            return table(good, names=str(folder / "no.txt"))
        case "size":
            return table(good, size="320")
        case _:
            return table(write(path, shape=[1, 1, SIDE, SIDE]))


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("no file", r"detector\.path: '.* is not allowed; expected an ONNX file that can be read \(No such file"),
        ("folder", r"detector\.path: .* that can be read \(Is a directory\)"),
        ("other hash", r"detector\.sha256: '0000.*' is not allowed; expected [0-9a-f]{64}, the hash of .*good\.onnx"),
        ("no hash", r"detector\.sha256: '' is not allowed; expected [0-9a-f]{64}, the hash of .*good\.onnx"),
        ("no path", r"detector\.path: none is set"),
        ("text", r"detector\.path: .* expected an ONNX file that onnxruntime can load"),
        ("cut", r"detector\.path: .* expected an ONNX file that onnxruntime can load"),
        ("classifier", r"detector\.path: .*for 3 classes, outputs of this form are not known: reshape2 "),
        ("no names", r"detector\.names: there are no names of classes in the metadata of .*own\.onnx; expected a text file"),
        ("other names", r"detector\.path: .*for 2 classes, outputs of this form are not known"),
        ("binary names", r"detector\.names: .* a text file in UTF-8"),
        ("blank names", r"detector\.names: .* in each line \(it is empty\)"),
        ("missing names", r"detector\.names: .* in each line \(No such file"),
        ("size", r"detector\.size: 320 is not allowed; expected 64, the size that this model takes"),
        (
            "grey pictures",
            r"detector\.path: .* a model with one input of \[1, 3, height, width\], and not images \[1, 1, 64, 64\]",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_when_it_is_loaded(what: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=told):
        load(broken(tmp_path, what))


def test_without_a_path_there_is_no_detector() -> None:
    assert load({}) is None
    assert load({"path": "", "sha256": "0" * 64}) is None


def test_the_digest_is_of_all_that_decides(tmp_path: Path) -> None:
    path, names = write(tmp_path / "own.onnx"), tmp_path / "names.txt"
    names.write_text("ball\ncube\ndog\n\n")
    moved = write(tmp_path / "moved.onnx")
    first = loaded(path).digest
    assert loaded(moved).digest == first
    others = [
        loaded(path, names=str(names)).digest,
        loaded(path, pixels="0-255").digest,
        loaded(path, pixels="imagenet").digest,
    ]
    assert len({first, *others}) == 4


def test_pixels_are_given_as_the_model_wants_them(tmp_path: Path) -> None:
    path = write(tmp_path / "own.onnx")
    assert said(loaded(path, pixels="imagenet"), "no fewer than nine balls", "ball") == "unmet: own.onnx counts 1 balls"
