"""The file of a program as the kernel had it when the program began: 64 bytes in the column `exe`.

    0   flags u4    bits, `ProgramFlag`
    4   links u4    names that the file has in its file system
    8   size u8     bytes
    16  mtime i8    last write, ns since 1970 UTC
    24  ctime i8    last change of content or status, ns since 1970 UTC
    32  uid u4      its owner, as the host sees it
    36  gid u4
    40  magic u4    kind of file system (statfs(2): f_type)
    44  unused u4
    48  comm 16     the program's name as the kernel chose it, ends at the first NUL

Where nothing but its name is known those last 16 bytes stand alone. All numbers are little endian. Device,
inode and mode are columns of the event itself.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntFlag

_LAYOUT = struct.Struct("<IIQqqIIII16s")

_NAME = 16
SET_UID, SET_GID = 0o4000, 0o2000


class ProgramFlag(IntFlag):
    """What is to be known of a program's file, and of what was kept of the program."""

    UPPER = 1
    """On an overlay file system, and not as it lies in the image: written or changed since (upper layer)."""
    LOWER = 2
    """On an overlay file system, as it lies in the image (a lower layer)."""
    MEMFD = 4
    """In memory alone: made by memfd_create."""
    UNLINKED = 8
    """Had no name any more when it was begun."""
    SCRIPT = 16
    """The file given was a script, or of another format with an interpreter: that is the program."""
    ENV_TRUNCATED = 32
    """The environment was longer than what is kept."""
    ENV_UNREADABLE = 64
    LAYER_UNKNOWN = 128
    """Never in a file: /proc told of the program, and it does not know layers."""


@dataclass(frozen=True, slots=True)
class ProgramFile:
    """What the kernel knew of a program's file."""

    flags: ProgramFlag
    links: int
    size: int
    mtime: int
    ctime: int
    uid: int
    gid: int
    magic: int
    comm: bytes = b""

    @property
    def layer(self) -> str:
        """`upper` or `lower` on an overlay file system, else empty."""
        if self.flags & ProgramFlag.UPPER:
            return "upper"
        return "lower" if self.flags & ProgramFlag.LOWER else ""


def program_file(recorded: bytes) -> ProgramFile | None:
    """What a text of the column `exe` says; None where it is too short to be one."""
    if len(recorded) < _LAYOUT.size:
        return None
    flags, links, size, mtime, ctime, uid, gid, magic, _, comm = _LAYOUT.unpack_from(recorded)
    name = comm.partition(b"\0")[0]
    return ProgramFile(ProgramFlag(flags & 0x7F), links, size, mtime, ctime, uid, gid, magic, name)


def name_alone(recorded: bytes) -> bytes:
    """The name in a text of the column `exe` that says nothing else; empty in any other."""
    return recorded.partition(b"\0")[0] if len(recorded) == _NAME else b""


def packed_program_file(file: ProgramFile) -> bytes:
    """The 64 bytes."""
    numbers = (file.links, file.size, file.mtime, file.ctime, file.uid, file.gid, file.magic)
    return _LAYOUT.pack(int(file.flags), *numbers, 0, file.comm)


def set_id_bits(mode: int) -> str:
    """`setuid`, `setgid`, both, or empty."""
    found = ("setuid" if mode & SET_UID else "", "setgid" if mode & SET_GID else "")
    return " ".join(word for word in found if word)
