"""The page of a batch of 10,000 rows in Chromium: when the first picture is seen, and how long a filter takes."""

from __future__ import annotations

import os
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, sync_playwright

from onbrief.report import index
from onbrief.report import index_thumbnail as thumbnail
from onbrief.results import Result, ResultState, Summary

ROWS: Final = 10_000
ROUNDS: Final = 7
PICTURES: Final = 240  # different files; each is the thumbnail of many rows, under their own names
_STATES: Final[Sequence[tuple[ResultState, int]]] = (
    ("passed", 8_200), ("unmet", 1_100), ("failed", 260), ("blocked", 240), ("unknown", 60), ("over_budget", 100),
    ("invalid", 40),
)  # fmt: skip
_THINGS: Final = (
    "boat", "lamp", "owl", "chair", "teapot", "lighthouse", "bicycle", "violin", "kettle", "fox", "bench", "clock", "suitcase",
    "umbrella", "cactus", "scarf",
)  # fmt: skip
_COLOURS: Final = ("red", "green", "blue", "yellow", "white", "black", "orange", "purple", "brown", "grey")
_PLACES: Final = ("on a lake at dawn", "in a bright kitchen", "on a wooden table", "in front of a brick wall", "under a tree")

_SHOWN = """
() => new Promise((done) => {
  const seen = () => {
    const image = document.querySelector('#rows img');
    if (!image?.naturalWidth) setTimeout(seen, 1);
    else requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())));
  };
  seen();
})
"""
_FILTERED = """
([kind, value]) => new Promise((done) => {
  const began = performance.now();
  if (kind === 'search') {
    const query = document.getElementById('query');
    query.value = value;
    query.dispatchEvent(new Event('input'));
  } else if (kind === 'outcome') document.querySelector(`[data-state=${value}]`).click();
  else {
    const sort = document.getElementById('sort');
    sort.value = value;
    sort.dispatchEvent(new Event('change'));
  }
  document.body.offsetHeight;  // lay it out
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
})
"""


def rows(count: int = ROWS) -> list[Result]:
    """Results of a night, with briefs of about 150 characters."""
    dice = random.Random(13)  # noqa: S311 - made rows
    states: list[ResultState] = [state for state, share in _STATES for _ in range(-(-share * count // ROWS))]
    dice.shuffle(states)
    made: list[Result] = []
    for n, state in enumerate(states[:count]):
        things = [f"a {dice.choice(_COLOURS)} {thing}" for thing in dice.sample(_THINGS, 3)]
        text = (
            f"Product picture {n}: {things[0]} beside {things[1]}, {things[2]} behind them, {dice.choice(_PLACES)}; soft light"
        )
        run_id = f"night-{n:05d}"
        drawn = state in ("passed", "unmet", "over_budget")
        seconds, images = dice.uniform(4, 90), dice.randint(1, 12)
        made.append(
            Result(
                id=f"sku-{n:05d}",
                number=n + 2,
                text=text,
                outcome=state,
                reason={"passed": "image 000-000 meets every requirement", "invalid": "size: '3x' is not a size"}.get(
                    state, "all 12 images are used up, and no image met every requirement"
                ),
                run_id="" if state == "invalid" else run_id,
                picture=f"{run_id}/000-000.png" if drawn else "",
                width=1024,
                height=(1024, 768, 1365)[n % 3],
                thumbnail=f"{run_id}/thumbnail.webp" if drawn else "",
                report="" if state == "invalid" else f"{run_id}/report.html",
                model=("openai:gpt-image-2", "bedrock:stability.sd3-5-large-v1:0")[dice.random() < 0.3] if drawn else "",
                unmet=tuple(f"{thing} is in the picture" for thing in things[: dice.randint(1, 3)]) if state == "unmet" else (),
                reserved=(f"{things[0]} is in the picture",) if state == "passed" and dice.random() < 0.05 else (),
                images=images,
                usd=round(0.04 * images, 4),
                seconds=seconds,
                started="2026-11-28T22:00:00.000Z",
                ended=f"2026-11-29T{n // 1800 % 24:02d}:{n // 30 % 60:02d}:{2 * n % 60:02d}.000Z",
            )
        )
    return made


def write(folder: Path, results: Sequence[Result]) -> tuple[int, float]:
    """Write the page and its thumbnails; return how many bytes the page has, and how many seconds it took."""
    small = [data for seed in range(PICTURES) if (data := thumbnail(_picture(seed)))]
    for n, result in enumerate(results):
        if result.thumbnail:
            file = folder / result.thumbnail
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(small[n % len(small)])
    summary = Summary.of(
        "night", results, started="2026-11-28T22:00:00Z", ended="2026-11-29T06:10:00Z", seconds=29_400, limits={"usd": 3_000}
    )
    began = time.perf_counter()
    page = index(results, summary)
    took = time.perf_counter() - began
    (folder / "index.html").write_text(page, encoding="utf-8")
    return len(page.encode()), took


def _picture(seed: int) -> bytes:
    from tests.report.samples import paint

    return paint(seed, ((256, 256), (256, 192), (192, 256))[seed % 3])


def _processor(page: Page) -> Callable[[], float]:
    """Return a function that returns how many milliseconds of a core the page's main thread has taken so far: the time that
    matters on a machine that has other work.
    """
    session: Any = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def read() -> float:
        metrics: list[dict[str, Any]] = session.send("Performance.getMetrics")["metrics"]
        return next(1000 * metric["value"] for metric in metrics if metric["name"] == "TaskDuration")

    return read


def _first_picture(browser: Browser, address: str) -> tuple[float, float]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    used = _processor(page)
    page.goto(address, wait_until="commit")
    page.wait_for_selector("#rows img", state="attached")
    shown: float = page.evaluate(_SHOWN)
    took = used()
    page.close()
    return shown, took


def _median(times: Sequence[float]) -> str:
    return f"{statistics.median(times):.0f} ({min(times):.0f} to {max(times):.0f})"


def main() -> None:
    chromium = os.environ.get("ONBRIEF_CHROMIUM") or shutil.which("chromium")
    if not chromium:
        print("no Chromium: install it, or name it in ONBRIEF_CHROMIUM")
        return
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        size, took = write(Path(place), rows())
        print(f"{ROWS:,} rows: {size / 1e6:.1f} MB, written in {took:.2f} s\n")
        print("| | ms | of them the main thread's |\n| --- | --- | --- |")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        address = (Path(place) / "index.html").as_uri()
        shown, worked = zip(*(_first_picture(browser, address) for _ in range(ROUNDS)), strict=True)
        print(f"| first picture | {_median(shown)} | {_median(worked)} |")
        for kind, values in (
            ("search", ("o", "owl", "red owl", "sku-0700", "nothing like it", "", "bench dawn")),
            ("outcome", ("unmet", "failed", "unmet", "failed", "passed", "passed", "blocked")),
            ("sort", ("usd", "number", "text", "outcome", "seconds", "text", "usd")),
        ):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            used = _processor(page)
            page.goto(address)
            times: list[tuple[float, float]] = []
            for value in values:
                before = used()
                waited: float = page.evaluate(_FILTERED, [kind, value])
                times.append((waited, used() - before))
            waits, works = zip(*times, strict=True)
            print(f"| {kind} | {_median(waits)} | {_median(works)} |")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
