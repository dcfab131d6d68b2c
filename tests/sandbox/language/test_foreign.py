from __future__ import annotations

import asyncio

import pytest

from benchmarks.geneval import briefs
from benchmarks.hard import hard_briefs
from onbrief.brief import Brief
from onbrief_sandbox.language import foreign, sentences
from onbrief_sandbox.language.claims import Claim
from onbrief_sandbox.language.grammar import parse
from onbrief_sandbox.language.planner import SandboxPlanner
from onbrief_sandbox.scene import Group, Scene

SERENE = "a serene landscape with mountains and a lake"
NIGHT = (
    "A night view seen from nature: in the sky an aurora, the moon and a meteor shower, on the ground the sea spreads with "
    "drifting ice, the sun rising from the horizon, a photo with nobody in it."
)
BRIEFS = {
    "ja": (
        "山と湖のある静かな風景",
        "自然の中から見た夜景で、空にはオーロラと月と流星群があり、地上には海が広がって流氷が流れ、"
        "地平線から太陽が出ている無人の写真。",
    ),
    "zh": (
        "有山和湖的宁静风景",
        "从大自然中看到的夜景，天空中有极光、月亮和流星雨，地面上是大海，海面上漂着浮冰，太阳正从地平线升起，一张无人的照片。",
    ),
    "ko": (
        "산과 호수가 있는 고요한 풍경",
        "자연 속에서 바라본 야경으로, 하늘에는 오로라와 달과 유성우가 있고, 땅에는 바다가 펼쳐져 유빙이 흐르고, "
        "지평선에서 태양이 떠오르는 아무도 없는 사진.",
    ),
    "de": (
        "Eine ruhige Landschaft mit Bergen und einem See",
        "Eine Nachtansicht aus der Natur gesehen: am Himmel ein Polarlicht, der Mond und ein Meteorschauer, auf der Erde das "
        "Meer, auf dem Treibeis treibt, und die Sonne, die am Horizont aufgeht; ein menschenleeres Foto.",
    ),
    "fr": (
        "Un paysage serein avec des montagnes et un lac",
        "Une vue nocturne prise depuis la nature : dans le ciel une aurore boréale, la lune et une pluie de météores, au sol "
        "la mer où flottent des glaces dérivantes, le soleil qui se lève à l'horizon, une photo sans personne.",
    ),
    "es": (
        "Un paisaje sereno con montañas y un lago",
        "Una vista nocturna desde la naturaleza: en el cielo una aurora, la luna y una lluvia de meteoros, en la tierra el mar "
        "con hielo a la deriva, el sol saliendo por el horizonte, una foto sin personas.",
    ),
    "pt": (
        "Uma paisagem serena com montanhas e um lago",
        "Uma vista noturna a partir da natureza: no céu uma aurora, a lua e uma chuva de meteoros, na terra o mar com gelo à "
        "deriva, o sol nascendo no horizonte, uma foto sem pessoas.",
    ),
    "it": (
        "Un paesaggio sereno con montagne e un lago",
        "Una vista notturna dalla natura: nel cielo un'aurora, la luna e una pioggia di meteore, sulla terra il mare con "
        "ghiaccio alla deriva, il sole che sorge all'orizzonte, una foto senza persone.",
    ),
}


def asked(text: str) -> tuple[set[tuple[Claim, bool]], list[str]]:
    """Return the claims of a checklist, each with whether it is a must, and the texts that cannot be checked."""
    requirements = asyncio.run(SandboxPlanner("sandbox:grammar", 0.0).checklist(Brief(text=text))).requirements
    claims = {(claim, requirement.must) for requirement in requirements for claim in sentences.read(requirement.text) or ()}
    return claims, [requirement.text for requirement in requirements if sentences.read(requirement.text) is None]


@pytest.mark.parametrize("code", BRIEFS)
@pytest.mark.parametrize("which", [0, 1], ids=["serene", "night"])
def test_a_brief_in_another_language_asks_for_the_same(code: str, which: int) -> None:
    text = BRIEFS[code][which]
    assert foreign.language(text) == code
    assert asked(text) == (asked((SERENE, NIGHT)[which])[0], [])
    assert len(asked(text)[0]) == (3, 8)[which]


@pytest.mark.parametrize("code", BRIEFS)
def test_the_painter_sees_nothing_of_it(code: str) -> None:
    assert [parse(text) for text in BRIEFS[code]] == [Scene(), Scene()]


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("三只红色的狗和没有云", "three red dog, no clouds"),
        ("雲のない山と赤い円", "no clouds, the mountains, red circle"),
        ("구름 없는 산과 빨간 원", "no clouds, the mountains, red circle"),
        ("drei rote Kreise ohne Wolken", "three red circles, no clouds"),
        ("trois cercles rouges et un carré bleu", "three red circles, blue square"),
        ("tres círculos rojos y un cuadrado azul", "three red circles, blue square"),
        ("três círculos vermelhos e um quadrado azul", "three red circles, blue square"),
        ("tre cerchi rossi e un quadrato blu", "three red circles, blue square"),
        ('ein Schild mit dem Wort "OPEN" und ein Haus', 'the word "OPEN", house'),
    ],
)
def test_what_is_said_of_a_thing_stays_with_it(text: str, english: str) -> None:
    translation = foreign.translate(text)
    assert translation is not None
    assert translation.english == english


@pytest.mark.parametrize(
    "text",
    [
        "Eine Katze und ein Nashorn auf der Wiese", "un chat et un rhinocéros", "猫とサイ", "一只猫和犀牛", "고양이와 코뿔소",
        "красный круг и circle",
    ],
)  # fmt: skip
def test_a_word_that_is_not_in_the_lexicon_leaves_the_whole_undecided(text: str) -> None:
    assert asked(text)[1] == [text]


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("un lac serein et une forêt, two red circles", [Group("circle", 2, "red")]),
        ("eine Katze und ein Hund", []),
        ("a cat and a sombrero", [Group("cat", numbered=False), Group("sombrero", numbered=False)]),
    ],
)
def test_only_what_is_english_is_painted(text: str, groups: list[Group]) -> None:
    assert list(parse(text).groups) == groups


def test_no_english_prompt_is_taken_for_another_language() -> None:
    texts = [brief.prompt for brief in briefs()] + [brief.text for brief in hard_briefs()]
    assert [text for text in (*texts, SERENE, NIGHT) if foreign.language(text)] == []


def test_a_requirement_in_another_language_is_undecided() -> None:
    assert [sentences.read(text) for text in ("es gibt eine Katze und einen Hund", "il y a un chat", "猫がいる")] == [None] * 3
