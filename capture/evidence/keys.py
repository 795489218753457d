"""Ed25519 keys in files: PEM, as `openssl genpkey -algorithm ed25519` writes them.

`cryptography` is loaded where a key is used and nowhere else: who records without signing does not need it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from capture.evidence.errors import EvidenceError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY_BYTES = 32
_MOST = 64 << 10
"""Bytes of a key file; none has more."""


class PasswordNeeded(EvidenceError):
    """The key is locked, and no password, or a wrong one, was given."""


def load_private_key(path: Path, password: bytes | None = None) -> Ed25519PrivateKey:
    """The key of a PEM file.

    Raises:
        PasswordNeeded: It is locked.
        EvidenceError: It holds no Ed25519 key, or `cryptography` is not installed.
        OSError: It cannot be read.
    """
    serialization, ed25519 = _library()
    try:
        key = serialization.load_pem_private_key(_content(path), password)
    except TypeError as error:
        raise PasswordNeeded(f"{path} is locked with a password") from error
    except Exception as error:
        if password is not None:
            raise PasswordNeeded(f"{path} does not open with that password") from error
        raise EvidenceError(f"{path} holds no private key in PEM form") from error
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise EvidenceError(f"{path} holds a key of another kind; Ed25519 is wanted")
    return key  # type: ignore[no-any-return,unused-ignore]


def load_public_key(path: Path) -> bytes:
    """The 32 bytes of a public key in a PEM file.

    Raises:
        EvidenceError: It holds no Ed25519 key, or `cryptography` is not installed.
        OSError: It cannot be read.
    """
    serialization, ed25519 = _library()
    try:
        key = serialization.load_pem_public_key(_content(path))
    except Exception as error:
        raise EvidenceError(f"{path} holds no public key in PEM form") from error
    if not isinstance(key, ed25519.Ed25519PublicKey):
        raise EvidenceError(f"{path} holds a key of another kind; Ed25519 is wanted")
    return bytes(key.public_bytes_raw())


def make_keys(private: Path, public: Path) -> bytes:
    """Write a new pair of keys, the private one readable by its owner alone; returns the public one's bytes.

    Raises:
        EvidenceError: `cryptography` is not installed.
        OSError: A file exists, or cannot be written.
    """
    serialization, ed25519 = _library()
    key = ed25519.Ed25519PrivateKey.generate()
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    write_secret(private, key.private_bytes(encoding, form, serialization.NoEncryption()))
    told = key.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)
    with public.open("xb") as stream:
        stream.write(told)
    return bytes(key.public_key().public_bytes_raw())


def write_secret(path: Path, data: bytes) -> None:
    """A new file that its owner alone may read.

    Raises:
        OSError: It exists, or cannot be written.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
    except OSError as error:
        # Half a key is none, and would be in the way of the next one.
        path.unlink()
        raise OSError(error.errno, error.strerror, str(path)) from error


def _content(path: Path) -> bytes:
    with path.open("rb") as stream:
        data = stream.read(_MOST + 1)
    if len(data) > _MOST:
        raise EvidenceError(f"{path} is too large for a key")
    return data


def _library() -> tuple[Any, Any]:
    try:
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415
    except ImportError as error:
        raise EvidenceError(
            "signatures need the package cryptography: pip install 'exhume[evidence]'"
        ) from error
    return serialization, ed25519
