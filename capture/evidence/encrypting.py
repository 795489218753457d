"""Encryption to recipients' public keys, in the age format (age-encryption.org/v1): any age program opens it.

A capture is encrypted as it is, in one pass and in little memory; its digests and its signature are inside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from capture.evidence.errors import EvidenceError
from capture.evidence.keys import write_secret

T = TypeVar("T")

_MOST = 1 << 20
"""Bytes of a file of keys that is read."""


def recipient(text: str) -> Any:
    """A recipient: `age1…`, or a public SSH key (`ssh-ed25519 …`, `ssh-rsa …`).

    Raises:
        EvidenceError: It is none, or pyrage is not installed.
    """
    pyrage = _library()
    kind = pyrage.ssh if text.startswith("ssh-") else pyrage.x25519
    try:
        return kind.Recipient.from_str(text.strip())
    except pyrage.RecipientError as error:
        raise EvidenceError(f"{text[:60]!r} is no public key: age1… or ssh-ed25519 … is wanted") from error


def recipients_of(path: Path) -> list[Any]:
    """The recipients of a file, one a line; # begins a remark. Raises as `recipient` does."""
    lines = [line.strip() for line in _content(path).decode("utf-8", "replace").splitlines()]
    return [recipient(line) for line in lines if line and not line.startswith("#")]


def identities_of(path: Path) -> list[Any]:
    """The secret keys of a file: lines with AGE-SECRET-KEY-1…, or one SSH key without a password.

    Raises:
        EvidenceError: There is none in it, or pyrage is not installed.
        OSError: It cannot be read.
    """
    pyrage, data = _library(), _content(path)
    try:
        if data.startswith(b"-----BEGIN"):
            return [pyrage.ssh.Identity.from_buffer(data)]
        lines = [line.strip() for line in data.decode("utf-8", "replace").splitlines()]
        keys = [line for line in lines if line and not line.startswith("#")]
        found = [pyrage.x25519.Identity.from_str(line) for line in keys]
    except pyrage.IdentityError as error:
        raise EvidenceError(f"{path} holds no secret key of age or SSH that can be used") from error
    if not found:
        raise EvidenceError(f"{path} holds no secret key")
    return found


def make_identity(path: Path) -> str:
    """Write a new secret key, readable by its owner alone; returns the public one, `age1…`.

    Raises:
        EvidenceError: pyrage is not installed.
        OSError: The file exists, or cannot be written.
    """
    identity = _library().x25519.Identity.generate()
    public = str(identity.to_public())
    write_secret(path, f"# public key: {public}\n{identity}\n".encode())
    return public


def encrypt(source: BinaryIO, target: BinaryIO, recipients: Sequence[Any]) -> None:
    """Encrypt to all recipients; each can open it alone.

    Raises:
        EvidenceError: It cannot be encrypted to them.
        OSError: Reading or writing failed.
    """
    pyrage, ends = _library(), _Ends(source, target)
    try:
        ends.joined_by(lambda: pyrage.encrypt_io(ends, ends, list(recipients)))
    except pyrage.EncryptError as error:
        raise EvidenceError(f"it cannot be encrypted: {error}") from error


def decrypt(source: BinaryIO, target: BinaryIO, identities: Sequence[Any]) -> None:
    """Decrypt with whichever key fits. What was written before an error must not be used.

    Raises:
        EvidenceError: No key fits, or it was altered or cut short, or is no age file.
        OSError: Reading or writing failed.
    """
    pyrage, ends = _library(), _Ends(source, target)
    try:
        ends.joined_by(lambda: pyrage.decrypt_io(ends, ends, list(identities)))
    except pyrage.DecryptError as error:
        raise EvidenceError(f"it cannot be decrypted: {error}") from error
    except OSError as error:
        if error.errno is not None:
            raise
        # What does not authenticate comes as an error of reading, without a number.
        raise EvidenceError(f"it cannot be decrypted: {error}") from error


class _Ends:
    """What is read and what is written, for a library that makes texts of its own of all that these raise."""

    def __init__(self, source: BinaryIO, target: BinaryIO) -> None:
        self._source, self._target = source, target
        self._raised: OSError | None = None
        self._stopped = False

    def joined_by(self, work: Callable[[], object]) -> None:
        """Let the library work. It does so in a thread, for it would swallow Ctrl-C and the like.

        Raises:
            OSError: As reading or writing raised it.
        """
        with ThreadPoolExecutor(1) as pool:
            try:
                # Also what comes while the thread begins: whoever leaves here stops it.
                pool.submit(work).result()
            except BaseException:
                self._stopped = True
                if self._raised is None:
                    raise
        # Also where the library took no notice: of what it writes last it takes none.
        if self._raised is not None:
            raise self._raised

    def read(self, size: int = -1) -> bytes:
        """Of what is read."""
        return self._kept(lambda: self._source.read(size))

    def write(self, data: bytes) -> int:
        """To what is written."""
        return self._kept(lambda: self._target.write(data))

    def flush(self) -> None:
        """What was written."""
        self._kept(self._target.flush)

    def _kept(self, step: Callable[[], T]) -> T:
        if self._stopped:
            raise EOFError
        try:
            return step()
        except OSError as error:
            self._raised = error
            raise


def _content(path: Path) -> bytes:
    with path.open("rb") as stream:
        data = stream.read(_MOST + 1)
    if len(data) > _MOST:
        raise EvidenceError(f"{path} is too large for keys")
    return data


def _library() -> Any:
    try:
        import pyrage  # noqa: PLC0415  loaded where it is used, and only there
    except ImportError as error:
        raise EvidenceError("encryption needs the package pyrage: pip install 'exhume[evidence]'") from error
    return pyrage
