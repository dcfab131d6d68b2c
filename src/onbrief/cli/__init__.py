"""The command line."""

from onbrief.cli.app import main

__all__ = ["main"]
