r"""Signatures: who vouches for a chain of digests.

The block `signature` stands behind the end block. It signs, with Ed25519, the bytes

    "exhume capture 1\0" digest-of-the-end-block:32

and with that every block before it, for each digest names the one before. The section tells the public key
beforehand (`evidence.public_key`), so that a signature that was taken away is missed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from capture.evidence.errors import EvidenceError
from capture.evidence.keys import KEY_BYTES, PasswordNeeded, load_private_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ALGORITHM = "ed25519"
OF_A_CAPTURE, OF_A_MANIFEST = b"exhume capture 1\0", b"exhume manifest 1\0"
"""What a signature is of: one of a manifest does for no capture."""
_SIGNATURE_BYTES = 64


class Signed(StrEnum):
    """What became of looking at a signature."""

    NOT = "not signed"
    VALID = "signed"
    INVALID = "the signature does not fit"
    MISSING = "the signature is missing"
    UNCHECKED = "signed, not checked: the package cryptography is not installed"


@dataclass(frozen=True, slots=True)
class Signature:
    """Whether somebody vouches for a capture or a manifest."""

    state: Signed
    key: str = ""
    """The public key, 64 hex digits; whether it is to be trusted is for who reads it to say."""

    def __str__(self) -> str:
        return f"{self.state} by {self.key}" if self.state is Signed.VALID else str(self.state)


class KeySigner:
    """Signs with a key in memory."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public_key = bytes(key.public_key().public_bytes_raw())

    def document(self, digest: bytes, purpose: bytes = OF_A_CAPTURE) -> dict[str, Any]:
        """What the signature block holds, for the digest of the end block."""
        signature = bytes(self._key.sign(purpose + digest))
        return {"algorithm": ALGORITHM, "public_key": self.public_key, "signature": signature}


def load_signer(path: Path, password: bytes | None = None) -> KeySigner:
    """A signer with the key of a PEM file; raises as `load_private_key` does."""
    return KeySigner(load_private_key(path, password))


def unlocked_signer(path: Path, ask: Callable[[str], str]) -> KeySigner:
    """A signer; where its key is locked and somebody sits at the terminal, `ask` is given what to ask.

    Raises as `load_private_key` does.
    """
    try:
        return load_signer(path)
    except PasswordNeeded:
        if not sys.stdin.isatty():
            raise
        return load_signer(path, ask(f"Password of {path}").encode())


def check_signature(
    document: Mapping[Any, Any] | None, digest: bytes, announced: object, purpose: bytes = OF_A_CAPTURE
) -> Signature:
    """Whether a document signs a digest.

    Args:
        document: of the signature block; None where there is none.
        digest: of the end block.
        announced: the key that the section tells, in hex; None where it tells none.
    """
    if document is None:
        return Signature(Signed.MISSING if announced else Signed.NOT)
    match document:
        case {"algorithm": "ed25519", "public_key": bytes(key), "signature": bytes(signature)} if (
            len(key) == KEY_BYTES and len(signature) == _SIGNATURE_BYTES and announced in (None, key.hex())
        ):
            return Signature(_fits(key, signature, purpose + digest), key.hex())
    return Signature(Signed.INVALID)


def _fits(key: bytes, signature: bytes, message: bytes) -> Signed:
    try:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
    except ImportError:
        return Signed.UNCHECKED
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return Signed.INVALID
    return Signed.VALID


def key_of_hex(text: str) -> bytes:
    """The 32 bytes of a public key told as 64 hex digits.

    Raises:
        EvidenceError: It is none.
    """
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise EvidenceError("a public key has 64 hex digits, or is a PEM file")
    return key
