"""Calls through the 32-bit entry and with a number of the x32 ABI, and programs of 32 bits."""

import ctypes
import json
import mmap
import os
import socket
import struct
import sys

folder = sys.argv[1]
OPEN_32, READ_32, UNLINKAT_32, RENAME_32, EXECVE_32 = 5, 3, 301, 38, 11
SETUID_32, SETREGID_32 = 213, 204
SOCKETCALL_32, SENDMMSG_32, WRITEV_32 = 102, 345, 146
GETPPID_32, SYNC_FILE_RANGE_32 = 64, 314
GETPPID_64, X32_BIT = 110, 1 << 30
ARGUMENTS = [0x11, 0x22, 0x33, 0x44, 0x55, 0x66]
LOADS = (b"\xbb", b"\xb9", b"\xba", b"\xbe", b"\xbf", b"\xbd")  # mov ebx, ecx, edx, esi, edi, ebp
# Memory that a register of 32 bits can point to.
low = mmap.mmap(-1, 1 << 16, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40)  # MAP_32BIT
low_address = ctypes.addressof(ctypes.c_char.from_buffer(low))


def through_int_80(number, arguments):
    code = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(b"\x53\x55")  # push rbx; push rbp
    for load, value in zip(LOADS, [*arguments, *[0] * (6 - len(arguments))], strict=True):
        code.write(load + (value % (1 << 32)).to_bytes(4, "little"))
    code.write(b"\xb8" + number.to_bytes(4, "little"))  # mov eax
    code.write(b"\xcd\x80\x5d\x5b\xc3")  # int 0x80; pop rbp; pop rbx; ret
    place = ctypes.addressof(ctypes.c_char.from_buffer(code))
    return ctypes.CFUNCTYPE(ctypes.c_int)(place)()


def text(value):
    """Where a text lies, as a 32-bit program points to it."""
    place = low.tell()
    low.write(value.encode() + b"\0")
    return low_address + place


def of_32_bits():
    """The smallest program for i386: mov eax, 1; mov ebx, 7; int 0x80, which is exit(7)."""
    code = b"\xb8\1\0\0\0\xbb\7\0\0\0\xcd\x80"
    base, start = 0x08048000, 52 + 32
    header = b"\x7fELF\1\1\1" + bytes(9)
    for value, size in ((2, 2), (3, 2), (1, 4), (base + start, 4), (52, 4), (0, 4), (0, 4), (52, 2), (32, 2),
                        (1, 2), (0, 2), (0, 2), (0, 2)):  # fmt: skip
        header += value.to_bytes(size, "little")
    for value in (1, 0, base, base, start + len(code), start + len(code), 5, 0x1000):
        header += value.to_bytes(4, "little")
    return header + code


def calls():
    """What the child does: returns whether the entry works."""
    if through_int_80(GETPPID_32, []) != os.getppid():
        return False
    through_int_80(SYNC_FILE_RANGE_32, ARGUMENTS)
    through_int_80(RENAME_32, [text(f"{folder}/name-32"), text(f"{folder}/other-32")])
    fd = through_int_80(OPEN_32, [text(f"{folder}/other-32"), 0, 0])
    through_int_80(READ_32, [fd, low_address + 40_000, 100])
    through_int_80(UNLINKAT_32, [-100, text(f"{folder}/other-32"), 0])
    return True


def words(*values):
    """Numbers of 32 bits in memory, as a 32-bit program lays out its arguments and structures."""
    place = low.tell()
    low.write(struct.pack(f"<{len(values)}I", *values))
    return low_address + place


def talk(receiver, pipe):
    """What a 32-bit program sends through the one call that it has for sockets, and to a pipe."""
    socket_32 = through_int_80(SOCKETCALL_32, [1, words(socket.AF_INET, socket.SOCK_DGRAM, 0)])
    address = low_address + low.tell()
    low.write(struct.pack("<H", socket.AF_INET) + struct.pack(">H4s8x", receiver, bytes([127, 0, 0, 1])))
    through_int_80(SOCKETCALL_32, [3, words(socket_32, address, 16)])
    through_int_80(SOCKETCALL_32, [9, words(socket_32, text("sent at once"), 12, 0)])
    parts = words(text("sent in "), 8, text("two parts"), 9)
    message = words(address, 16, parts, 2, 0, 0, 0)
    through_int_80(SOCKETCALL_32, [16, words(socket_32, message, 0)])
    messages = words(address, 16, parts, 2, 0, 0, 0, 0, 0, 0, parts, 1, 0, 0, 0, 0)
    through_int_80(SENDMMSG_32, [socket_32, messages, 2, 0])
    through_int_80(WRITEV_32, [pipe, words(text("to "), 3, text("a pipe"), 6), 2])
    through_int_80(SOCKETCALL_32, [4, 8])
    return socket_32


with open(f"{folder}/name-32", "w") as file:
    file.write("read through the other entry")
program = f"{folder}/program-32"
with open(program, "wb") as file:
    file.write(of_32_bits())
os.chmod(program, 0o755)

# A kernel without that entry kills who uses it: let a child find out.
tried = os.fork()
if not tried:
    os._exit(0 if calls() else 1)
works = os.waitpid(tried, 0)[1] == 0

begun = os.posix_spawn(program, [program, "of", "32", "bits"], {})
ended = os.waitstatus_to_exitcode(os.waitpid(begun, 0)[1])

back = os.fork()
if not back:
    arguments = [text("/bin/true"), low_address + 50_000, 0]
    low.seek(50_000)
    low.write(arguments[0].to_bytes(4, "little") + bytes(4))
    through_int_80(EXECVE_32, arguments) if works else None
    os._exit(1)
os.waitpid(back, 0)

lowered = os.fork()
if not lowered:
    if works:
        through_int_80(SETREGID_32, [(1 << 32) - 1, 1234])
        through_int_80(SETUID_32, [1001])
    os._exit(0)
os.waitpid(lowered, 0)

receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 0))
out, into = os.pipe()
talking = os.fork()
if not talking:
    os._exit(talk(receiver.getsockname()[1], into) if works else 0)
talked = os.waitstatus_to_exitcode(os.waitpid(talking, 0)[1])

libc = ctypes.CDLL(None, use_errno=True)
x32 = libc.syscall(X32_BIT | GETPPID_64)
facts = {"pid": os.getpid(), "child": tried, "compat": works, "x32": x32, "arguments": ARGUMENTS}
facts |= {"folder": folder, "program": program, "begun": begun, "ended": ended, "back": back}
facts |= {"lowered": lowered, "talking": talking, "talked": talked, "port": receiver.getsockname()[1]}
print(json.dumps(facts))
