"""The one kind of error of this room."""

from __future__ import annotations


class CaseError(ValueError):
    """A case file, or what is to be put into one, is not as it should be; the message says what was found."""
