"""The same call through the 32-bit entry and with the number of the x32 ABI."""

import ctypes
import json
import mmap
import os

GETPPID_32, GETPPID_64, X32_BIT = 64, 110, 1 << 30
ARGUMENTS = [0x11, 0x22, 0x33, 0x44, 0x55, 0x66]
LOADS = (b"\xbb", b"\xb9", b"\xba", b"\xbe", b"\xbf", b"\xbd")  # mov ebx, ecx, edx, esi, edi, ebp


def through_int_80():
    code = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(b"\x53\x55")  # push rbx; push rbp
    for load, value in zip(LOADS, ARGUMENTS, strict=True):
        code.write(load + value.to_bytes(4, "little"))
    code.write(b"\xb8" + GETPPID_32.to_bytes(4, "little"))  # mov eax
    code.write(b"\xcd\x80\x5d\x5b\xc3")  # int 0x80; pop rbp; pop rbx; ret
    place = ctypes.addressof(ctypes.c_char.from_buffer(code))
    return ctypes.CFUNCTYPE(ctypes.c_int)(place)()


# A kernel without that entry kills who uses it: let a child find out.
tried = os.fork()
if not tried:
    os._exit(0 if through_int_80() == os.getppid() else 1)
works = os.waitpid(tried, 0)[1] == 0

libc = ctypes.CDLL(None, use_errno=True)
x32 = libc.syscall(X32_BIT | GETPPID_64)
print(json.dumps({"pid": os.getpid(), "child": tried, "compat": works, "x32": x32, "arguments": ARGUMENTS}))
