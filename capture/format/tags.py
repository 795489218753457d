"""Whether what is read again is what was read before: a tag of it under a key that no one else has.

SHA-256 of each body would be a good part of the time of a search in payload. A tag by Poly1305 (RFC 8439)
takes a fifth of it and is as hard to meet for whoever does not have the key: this is made at random by each
process, and neither key nor tags leave it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import cache

_KEY = os.urandom(32)


def tag_of(body: bytes) -> bytes:
    """The tag of a body, for this process alone."""
    return _tagger()(body)


@cache
def _tagger() -> Callable[[bytes], bytes]:
    try:
        # Not needed to record, and slow to import.
        from cryptography.hazmat.primitives.poly1305 import Poly1305  # noqa: PLC0415
    except ImportError:
        return lambda body: hashlib.sha256(body).digest()
    return lambda body: Poly1305.generate_tag(_KEY, body)
