"""The one kind of error that recording raises."""


class CaptureError(Exception):
    """Recording cannot start or go on; the message says why and what to do about it."""
