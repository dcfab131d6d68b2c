"""Requests and replies of the image models, in the formats of Stability, SDXL and Amazon."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from typing import Literal, assert_never

from onbrief.brief import Size
from onbrief_sandbox.server import easel
from onbrief_sandbox.server.catalogue import Language
from onbrief_sandbox.server.easel import Format
from onbrief_sandbox.server.form import Form
from onbrief_sandbox.server.originals import original
from onbrief_sandbox.server.refusals import invalid

Filter = Literal["prompt", "input image", "output image", "Inference error"]
"""What a content filter blocked. The last value is not a filter, but is reported in the same field."""

MAX_SEED = 2**32 - 1
MAX_PROMPT = 10_000
_ASPECTS: dict[str, Size] = {
    "16:9": (1344, 768),
    "1:1": (1024, 1024),
    "21:9": (1536, 640),
    "2:3": (832, 1216),
    "3:2": (1216, 832),
    "4:5": (896, 1088),
    "5:4": (1088, 896),
    "9:16": (768, 1344),
    "9:21": (640, 1536),
}
_SDXL_SIZES = {(1024, 1024), (1152, 896), (1216, 832), (1344, 768), (1536, 640)}
_SDXL_PROMPT = 2000
STYLES = (
    "3d-model", "analog-film", "anime", "cinematic", "comic-book", "digital-art", "enhance", "fantasy-art", "isometric",
    "line-art", "low-poly", "modeling-compound", "neon-punk", "origami", "photographic", "pixel-art", "tile-texture",
)  # fmt: skip
_SDXL_SAMPLERS = (
    "DDIM", "DDPM", "K_DPMPP_2M", "K_DPMPP_2S_ANCESTRAL", "K_DPM_2", "K_DPM_2_ANCESTRAL", "K_EULER", "K_EULER_ANCESTRAL",
    "K_HEUN", "K_LMS",
)  # fmt: skip
_SDXL_GUIDANCE = ("FAST_BLUE", "FAST_GREEN", "NONE", "SIMPLE", "SLOW", "SLOWER", "SLOWEST")
_TITAN_SIZES = {
    (1024, 1024), (768, 768), (512, 512), (768, 1152), (384, 576), (1152, 768), (576, 384), (768, 1280), (384, 640),
    (1280, 768), (640, 384), (896, 1152), (448, 576), (1152, 896), (576, 448), (768, 1408), (384, 704), (1408, 768),
    (704, 384), (640, 1408), (320, 704), (1408, 640), (704, 320), (1152, 640), (1173, 640),
}  # fmt: skip
_NOVA_PIXELS = 4_194_304


@dataclass(frozen=True, slots=True)
class Order:
    """A request for pictures, one per seed. With an `original`, it is edited as `prompt` says. With a `mask` as well, things
    under it are removed, and those that `prompt` names, if any, are drawn there.
    """

    speaks: Language
    prompt: str
    negative: str
    size: Size
    seeds: tuple[int, ...]
    format: Format = "png"
    original: bytes = b""
    mask: bytes = b""
    model: str = ""
    """The sandbox's image model to use; empty for the default."""


def read(speaks: Language, form: Form) -> Order:
    """Parse a body.

    Raises:
        Refusal: the model does not accept the request.
    """
    match speaks:
        case "core" | "sd3" | "ultra":
            return _stability(speaks, form)
        case "sdxl":
            return _sdxl(form)
        case "nova":
            return _amazon(speaks, form, 1024, 10, 2147483646)
        case "titan":
            return _amazon(speaks, form, 512, 10, 2147483647)
        case _:
            raise AssertionError(speaks)


async def paint(order: Order) -> list[bytes]:
    """Return the pictures in the requested format."""
    drawn = [await _painted(order, seed) for seed in order.seeds]
    return [await easel.encoded(png, order.format) for png in drawn]


async def _painted(order: Order, seed: int) -> bytes:
    if not order.original:
        return await easel.draw(order.prompt, order.negative, order.size, seed, order.model)
    if not order.mask:
        return await easel.edit(order.original, order.prompt, seed)
    return await easel.inpaint(order.original, order.mask, order.prompt, seed)


def reply(order: Order, pictures: list[bytes]) -> dict[str, object]:
    """Return the response body for these pictures."""
    encoded = [base64.b64encode(picture).decode() for picture in pictures]
    match order.speaks:
        case "sdxl":
            artifacts = [
                {"seed": seed, "base64": text, "finishReason": "SUCCESS"}
                for seed, text in zip(order.seeds, encoded, strict=False)
            ]
            return {"result": "success", "artifacts": artifacts}
        case "nova" | "titan":
            return {"images": encoded, "error": None}
        case _:
            return {"seeds": list(order.seeds), "finish_reasons": [None] * len(encoded), "images": encoded}


def filtered(order: Order, reason: Filter) -> dict[str, object]:
    """Return the response body for a picture that a content filter blocked.

    Raises:
        Refusal: the model reports this as an error.
    """
    match order.speaks:
        case "sdxl":
            finish = "ERROR" if reason == "Inference error" else "CONTENT_FILTERED"
            return {"result": "success", "artifacts": [{"seed": order.seeds[0], "base64": "", "finishReason": finish}]}
        case "nova" | "titan":
            if reason == "prompt":
                raise invalid(
                    "This request has been blocked by our content filters. "
                    "Please adjust your text prompt to submit a new request."
                )
            return {"images": [], "error": "All of the generated images have been blocked by our content filters."}
        case _:
            return {"finish_reasons": [reason if reason == "Inference error" else f"Filter reason: {reason}"]}


def drawn_seed(seed: int) -> int:
    """Return the seed, or a random one for 0."""
    return seed or 1 + secrets.randbelow(MAX_SEED - 1)


def _stability(speaks: Literal["core", "sd3", "ultra"], form: Form) -> Order:
    prompt = form.text("prompt", least=1, most=MAX_PROMPT)
    negative = form.text("negative_prompt", most=MAX_PROMPT, default="")
    size = _ASPECTS[form.choice("aspect_ratio", tuple(_ASPECTS), "1:1")]
    seed = form.whole("seed", 0, MAX_SEED - 1 if speaks == "sd3" else MAX_SEED, default=0)
    formats: tuple[Format, ...] = ("png", "jpeg", "webp") if speaks == "sd3" else ("png", "jpeg")
    chosen = form.choice("output_format", formats, "png")
    match speaks:
        case "core":
            pass
        case "sd3":
            if form.choice("mode", ("text-to-image", "image-to-image"), "text-to-image") == "image-to-image":
                _, size = original(form, "image")
                form.number("strength", 0, 1)
        case "ultra":
            if form.has("image"):
                _, size = original(form, "image")
            form.number("strength", 0, 1, default=0.35)
        case _:
            assert_never(speaks)
    form.end()
    return Order(speaks, prompt, negative, size, (drawn_seed(seed),), chosen)


def _sdxl(form: Form) -> Order:
    wanted: list[str] = []
    unwanted: list[str] = []
    for text in form.forms("text_prompts", least=1):
        written = text.text("text", most=_SDXL_PROMPT)
        (unwanted if text.number("weight", -1e6, 1e6, default=1.0) < 0 else wanted).append(written)
        text.end()
    size = form.whole("width", 128, 4096, default=1024), form.whole("height", 128, 4096, default=1024)
    if size not in _SDXL_SIZES and size[::-1] not in _SDXL_SIZES:
        allowed = ", ".join(sorted(f"{w}x{h}" for w, h in _SDXL_SIZES | {(h, w) for w, h in _SDXL_SIZES}))
        raise invalid(
            f"for stable-diffusion-xl-1024-v1-0 the allowed dimensions are {allowed}, but we received {size[0]}x{size[1]}"
        )
    form.number("cfg_scale", 0, 35, default=7)
    form.whole("steps", 10, 150, default=30)
    form.whole("samples", 1, 1, default=1)
    seed = form.whole("seed", 0, MAX_SEED, default=0)
    for name, allowed in (
        ("sampler", _SDXL_SAMPLERS),
        ("clip_guidance_preset", _SDXL_GUIDANCE),
        ("style_preset", STYLES),
    ):
        if form.has(name):
            form.choice(name, allowed)
    form.end()
    return Order("sdxl", ", ".join(wanted), ", ".join(unwanted), size, (drawn_seed(seed),), model="sdxl")


def _amazon(speaks: Literal["nova", "titan"], form: Form, most: int, guidance: float, max_seed: int) -> Order:
    form.choice("taskType", ("TEXT_IMAGE",))
    words = form.form("textToImageParams")
    prompt = words.text("text", least=1, most=most)
    negative = words.text("negativeText", least=1, most=most) if words.has("negativeText") else ""
    words.end()
    size, count, seed = (1024, 1024), 1, 12 if speaks == "nova" else 42
    if form.has("imageGenerationConfig"):
        config = form.form("imageGenerationConfig")
        count = config.whole("numberOfImages", 1, 5, default=1)
        config.choice("quality", ("standard", "premium"), "standard")
        config.number("cfgScale", 1.1, guidance, default=6.5)
        seed = config.whole("seed", 0, max_seed, default=seed)
        size = config.whole("width", 320, 4096, default=1024), config.whole("height", 320, 4096, default=1024)
        config.end()
    form.end()
    if not (_nova_takes(size) if speaks == "nova" else size in _TITAN_SIZES):
        raise invalid(f"The provided width and height, {size[0]}x{size[1]}, are not supported by this model.")
    return Order(speaks, prompt, negative, size, tuple((seed + n) % (max_seed + 1) for n in range(count)))


def _nova_takes(size: Size) -> bool:
    width, height = size
    even = width % 16 == height % 16 == 0
    return even and width * height <= _NOVA_PIXELS and max(size) <= 4 * min(size)
