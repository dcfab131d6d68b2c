"""Runs the workflows of a ComfyUI server: what each node makes of its inputs. Pictures are drawn by the painter."""

from __future__ import annotations

import io
import json
import random
import struct
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from PIL import Image

from onbrief_sandbox.server import easel

File = tuple[str, str, str]
"""Where a file is: output, input or temp; the folder in it; the name."""

_MEMORY = 2**33  # bytes that the server can have for one picture


class Stopped(Exception):
    """The job was interrupted before this node."""


class Broken(Exception):
    """A node failed. `kind` is the type of its exception."""

    def __init__(self, node: str, kind: str, message: str) -> None:
        super().__init__(message)
        self.node = node
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Words:
    """A conditioning: a text, and the picture that it is about, if it is an instruction."""

    text: str
    image: bytes = b""


@dataclass(frozen=True, slots=True)
class Latent:
    """What a sampler takes and makes."""

    size: tuple[int, int]
    batch: int = 1
    image: bytes = b""
    mask: bytes = b""
    positive: Words | None = None
    negative: str = ""
    seed: int = 0


class Running:
    """One run of a workflow. `enter` is awaited before each node, and raises to end it; `spoilt` is what a fault makes of a
    picture; `files` are those of the server. `outputs` has what each node showed so far.
    """

    def __init__(
        self,
        workflow: Mapping[str, Any],
        files: dict[File, bytes],
        enter: Callable[[str], Awaitable[None]],
        spoilt: Callable[[bytes], bytes],
    ) -> None:
        self.outputs: dict[str, Any] = {}
        self._workflow = workflow
        self._files = files
        self._enter = enter
        self._spoilt = spoilt
        self._made: dict[str, tuple[Any, ...]] = {}

    async def run(self, key: str) -> tuple[Any, ...]:
        """Return the results of a node, run once, after those that it depends on."""
        if key not in self._made:
            node = self._workflow[key]
            given: dict[str, Any] = {}
            for name, value in node["inputs"].items():
                if isinstance(value, list):
                    source, place = cast("list[Any]", value)
                    given[name] = (await self.run(str(source)))[place]
                else:
                    given[name] = value
            await self._enter(key)
            try:
                self._made[key] = await self._result(key, node["class_type"], given)
            except (OSError, ValueError, KeyError) as error:
                raise Broken(key, type(error).__name__, str(error)) from error
        return self._made[key]

    async def _result(self, key: str, kind: str, given: Mapping[str, Any]) -> tuple[Any, ...]:
        match kind:
            case "CheckpointLoaderSimple":
                return ("model", "clip", "vae")
            case "CLIPTextEncode":
                return (Words(str(given["text"])),)
            case "TextEncodeQwenImageEdit":
                return (Words(str(given["prompt"]), (given.get("image") or [b""])[0]),)
            case "PrimitiveStringMultiline":
                return (str(given["value"]),)
            case "EmptyLatentImage":
                return (Latent((_int(given["width"]) // 8 * 8, _int(given["height"]) // 8 * 8), _int(given["batch_size"])),)
            case "KSampler":
                seed, negative = _int(given["seed"]), given["negative"].text
                return (replace(given["latent_image"], positive=given["positive"], negative=negative, seed=seed),)
            case "VAEDecode":
                latent = given["samples"]
                return ([await _drawn(latent, latent.seed + number) for number in range(latent.batch)],)
            case "VAEEncode":
                return (_latent(given["pixels"][0]),)
            case "VAEEncodeForInpaint":
                return (replace(_latent(given["pixels"][0]), mask=given["mask"]),)
            case "SetLatentNoiseMask":
                return (replace(given["samples"], mask=given["mask"]),)
            case "LoadImage":
                data = self._files[_input(given["image"])]
                return [_png(_opened(data).convert("RGB"))], _channel(data, "alpha")
            case "LoadImageMask":
                return (_channel(self._files[_input(given["image"])], given["channel"]),)
            case "EmptyImage":
                return (_empty(key, given),)
            case "ImageAddNoise":
                return ([_noisy(data, _int(given["seed"]), float(given["strength"])) for data in given["image"]],)
            case "PreviewAny":
                self.outputs[key] = {"text": [str(given["source"])]}
                return (str(given["source"]),)
            case "PreviewImage":
                self._save(key, given["images"], "temp", f"ComfyUI_temp_{key}")
                return ()
            case _:
                self._save(key, given["images"], "output", str(given["filename_prefix"]))
                return ()

    def _save(self, key: str, pictures: list[bytes], kind: str, prefix: str) -> None:
        """Write pictures under the next free names, with the workflow in each."""
        folder, _, name = prefix.rpartition("/")
        if ".." in prefix.split("/") or prefix.startswith("/") or len(name.encode()) > 255:
            raise Broken(key, "Exception", "Saving image outside the output folder is not allowed.")
        number = 1 + sum(of == kind and where == folder and file.startswith(f"{name}_") for of, where, file in self._files)
        shown: list[dict[str, str]] = []
        for picture in pictures:
            file = f"{name}_{number:05}_.png"
            self._files[kind, folder, file] = self._spoilt(_with_workflow(picture, self._workflow))
            shown.append({"filename": file, "subfolder": folder, "type": kind})
            number += 1
        self.outputs[key] = {"images": shown}


async def _drawn(latent: Latent, seed: int) -> bytes:
    words = latent.positive or Words("")
    if words.image:
        return await easel.edit(words.image, words.text, seed)
    if latent.mask:
        return await easel.inpaint(latent.image, latent.mask, words.text, seed)
    return await easel.draw(words.text, latent.negative, latent.size, seed)


def _latent(picture: bytes) -> Latent:
    return Latent(_opened(picture).size, image=picture)


def _int(value: Any) -> int:
    return int(float(value)) if isinstance(value, str) else int(value)


def _input(name: str) -> File:
    folder, _, file = name.rpartition("/")
    return "input", folder, file


def _channel(data: bytes, channel: str) -> bytes:
    """Return a channel of a picture as a mask: white is masked. Alpha is turned round."""
    image = _opened(data).convert("RGBA").getchannel(channel[0].upper())
    return _png(image.point([255 - level for level in range(256)]) if channel == "alpha" else image)


def _empty(key: str, given: Mapping[str, Any]) -> list[bytes]:
    width, height, batch, colour = (_int(given[name]) for name in ("width", "height", "batch_size", "color"))
    if width * height * batch * 12 > _MEMORY:
        raise Broken(key, "RuntimeError", "[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory")
    return [_png(Image.new("RGB", (width, height), (colour >> 16, colour >> 8 & 255, colour & 255)))] * batch


def _noisy(data: bytes, seed: int, strength: float) -> bytes:
    image = _opened(data).convert("RGB")
    noise = Image.frombytes("L", (64, 64), random.Random(seed).randbytes(64 * 64)).resize(image.size)  # noqa: S311
    return _png(Image.blend(image, noise.convert("RGB"), strength))


def _opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=["PNG", "JPEG", "WEBP"])


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=3)
    return out.getvalue()


def _with_workflow(png: bytes, workflow: Mapping[str, Any]) -> bytes:
    """Return a PNG with the workflow in it, as every picture of the server has."""
    body = b"tEXtprompt\0" + json.dumps(workflow).encode()
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return png[:33] + chunk + png[33:]
