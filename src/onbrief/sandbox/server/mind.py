"""What the server's Claude answers."""

from __future__ import annotations

from onbrief.sandbox.server.conversation import Answer, Conversation


async def answer(conversation: Conversation) -> Answer:
    """An answer to the last message."""
    text = conversation.turns[-1].text
    if conversation.forced:
        name = conversation.tools[0].name if conversation.forced == "*" else conversation.forced
        return Answer(tool=name, arguments={"echo": text})
    return Answer(text)
