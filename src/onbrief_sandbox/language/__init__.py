"""Converts between text and scenes: parses prompts and requirements, and writes the next prompt."""
