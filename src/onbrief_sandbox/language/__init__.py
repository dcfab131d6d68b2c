"""Between words and scenes: what a prompt asks for, what a requirement says, and the next prompt."""
