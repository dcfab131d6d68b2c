"""What the server's Claude answers. It is no language model: it knows three kinds of request by their form.

conversation ─┬─ ours ──► planner, eye or writer ──────────────┐
              ├─ does it match? a better prompt? in plain words ┼─► shaped as the client wants it: tool, JSON or text
              └─ anything else ──► says what it is ─────────────┘
"""

from __future__ import annotations

from onbrief_sandbox.server.conversation import Answer, Conversation
from onbrief_sandbox.server.mind import ours, plain, shaping

ABOUT = (
    "I am the sandbox's stand-in for a language model, so this is all I can do: say whether an image matches a prompt that is "
    "quoted in the message, write a better prompt for a text-to-image model, and answer onbrief's own questions."
)


async def answer(conversation: Conversation) -> Answer:
    """The same conversation always gets the same answer. Whatever cannot be seen or understood is never answered as a match."""
    document = await ours.answered(conversation)
    if document is not None and (shaped := shaping.fitted(conversation, document)):
        return shaped
    if document is None and (said := await plain.answered(conversation)):
        return said
    return shaping.nothing(conversation, ABOUT)
