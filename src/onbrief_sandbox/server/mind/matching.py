"""Decides whether pictures match a prompt: the planner makes a checklist of the prompt, and the eye answers it."""

from __future__ import annotations

from dataclasses import dataclass

from onbrief.brief import MAX_BRIEF_CHARACTERS, Brief, Requirement
from onbrief_sandbox.language.planner import SandboxPlanner
from onbrief_sandbox.server.mind import perception


@dataclass(frozen=True, slots=True)
class Match:
    """The result of a comparison. `so`: whether it matches, None if that cannot be decided. `unmet`: the texts of requirements
    that are not met. `share`: the share of met requirements.
    """

    so: bool | None
    reason: str
    unmet: tuple[str, ...] = ()
    share: float = 0.0


async def requirements(prompt: str) -> tuple[Requirement, ...]:
    """Return the requirements that a picture of this prompt must meet."""
    text = prompt.encode("utf-8", "replace").decode()[:MAX_BRIEF_CHARACTERS]
    planned = await SandboxPlanner("sandbox:", None).checklist(Brief(text=text))
    return tuple(requirement for requirement in planned.requirements if requirement.must)


async def match(prompt: str, images: tuple[bytes, ...]) -> Match:
    """Compare pictures with a prompt. The result is that of the worst picture."""
    if not prompt.strip():
        return Match(None, "There is no prompt to compare the image with.")
    if not images:
        return Match(None, "There is no image to look at.")
    wanted = await requirements(prompt)
    matches = [await _match(wanted, image) for image in images]
    return min(matches, key=lambda match: (match.so is True, match.share))


async def _match(wanted: tuple[Requirement, ...], image: bytes) -> Match:
    sight = await perception.sight(image)
    if sight is None:
        return Match(None, "The image cannot be read.")
    found = [(requirement.text, perception.seen(requirement.text, sight)) for requirement in wanted]
    unmet = [(text, seen) for text, seen in found if not seen.so]
    share = 1 - len(unmet) / len(found)
    if not unmet:
        evidence = "; ".join(dict.fromkeys(seen.evidence for _, seen in found))
        return Match(True, f"The image shows all that the prompt asks for: {evidence}.", share=1.0)
    reasons = "; ".join(f"{text} (seen: {seen.evidence})" for text, seen in unmet)
    texts = tuple(text for text, _ in unmet)
    if all(seen.so is None for _, seen in unmet):
        return Match(None, f"It cannot be told whether this is so: {reasons}.", texts, share)
    return Match(False, f"The image does not show what the prompt asks for. Expected: {reasons}.", texts, share)
