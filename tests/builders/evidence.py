"""Signed captures, and captures taken apart and put together again."""

import io
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from capture.evidence.signing import KeySigner
from capture.format import CaptureFile, CaptureWriter
from capture.format.blocks import read_block


def signer_of(seed: int) -> KeySigner:
    """A signer that is the same each time."""
    return KeySigner(Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


def blocks_of(data: bytes) -> list[bytes]:
    """A file as the bytes of its blocks."""
    stream, parts = io.BytesIO(data), []
    while (block := read_block(stream, stream.tell())) is not None:
        parts.append(data[block.offset : block.offset + block.size])
    return parts


def rewrite(source: Path, target: Path, *, signer=None, change=lambda block: block, evidence=True) -> Path:
    """Write a capture anew, as a forger can; a block for which `change` gives None is left out."""
    with source.open("rb") as stream, target.open("wb") as out, CaptureFile.open(source) as capture:
        writer = CaptureWriter(out, signer=signer)
        facts = {"evidence": {"public_key": signer.public_key.hex()}} if signer and evidence else {}
        writer.section({**capture.section, **facts})
        while (block := read_block(stream, stream.tell())) is not None:
            kind = block.header.kind
            if kind == "end" and signer is not None:
                writer.end(capture.ending)
            elif kind != "section" and (changed := change(block)) is not None:
                writer.copy(changed)
    return target
