"""The one kind of error that reading a capture raises."""

from __future__ import annotations


class FormatError(Exception):
    """A capture that is not one, is damaged, or is newer than this reader.

    Attributes:
        offset: Byte position in the file at which reading stopped, None where it does not apply.
    """

    def __init__(self, reason: str, offset: int | None = None) -> None:
        super().__init__(reason if offset is None else f"{reason} (at byte {offset})")
        self.reason = reason
        self.offset = offset
