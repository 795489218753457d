"""What can go wrong in an export that is neither the capture's nor the disk's fault."""

from __future__ import annotations


class ExportError(ValueError):
    """It cannot be written in this form; the sentence says what to do instead."""
