"""The exhume-capture command."""

from capture.cli.main import main

__all__ = ["main"]
