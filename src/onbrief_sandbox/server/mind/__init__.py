"""The answers of the server's Claude. It is not a language model; it recognises a few kinds of requests by their form.

conversation ─┬─ onbrief's own question ──► planner, eye or writer ─────────┐
              ├─ free text: does it match? write a better prompt ───────────┼─► in the requested form: tool, JSON or text
              └─ anything else ──► a text that describes the stand-in ──────┘
"""

from __future__ import annotations

from onbrief_sandbox.server.conversation import Answer, Conversation
from onbrief_sandbox.server.mind import ours, plain, shaping

ABOUT = (
    "I am the sandbox's stand-in for a language model, so this is all I can do: say whether an image matches a prompt that is "
    "quoted in the message, write a better prompt for a text-to-image model, and answer onbrief's own questions."
)


async def answer(conversation: Conversation) -> Answer:
    """Answer a conversation. The same conversation always gets the same answer, and a picture or prompt that cannot be read or
    understood never counts as a match.
    """
    document = await ours.answered(conversation)
    if document is not None and (shaped := shaping.fitted(conversation, document)):
        return shaped
    if document is None and (answer := await plain.answered(conversation)):
        return answer
    return shaping.nothing(conversation, ABOUT)
