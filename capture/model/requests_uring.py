"""Requests of io_uring: what each operation is like, so that its completion is read as a system call is.

A row: the operation's number (include/uapi/linux/io_uring.h), the name of its completion, category, result.
"""

from __future__ import annotations

from capture.model.events import FIRST_URING_CODE, Arg, ArgKind, Category, EventSpec, Returns

_TABLE = """
0  nop io-other zero
1  readv io-read size
2  writev io-write size
3  fsync io-other zero
4  read_fixed io-read size
5  write_fixed io-write size
6  poll_add wait int
7  poll_remove wait zero
8  sync_file_range io-other zero
9  sendmsg io-write size
10 recvmsg io-read size
11 timeout time zero
12 timeout_remove time zero
13 accept net fd
14 async_cancel io-other int
15 link_timeout time zero
16 connect net zero
17 fallocate file zero
18 openat file fd
19 close file zero
20 files_update io-other int
21 statx file zero
22 read io-read size
23 write io-write size
24 fadvise io-other zero
25 madvise memory zero
26 send io-write size
27 recv io-read size
28 openat2 file fd
29 epoll_ctl wait zero
30 splice io-other size
31 provide_buffers memory zero
32 remove_buffers memory int
33 tee io-other size
34 shutdown net zero
35 renameat file zero
36 unlinkat file zero
37 mkdirat file zero
38 symlinkat file zero
39 linkat file zero
40 msg_ring ipc zero
41 fsetxattr file zero
42 setxattr file zero
43 fgetxattr file size
44 getxattr file size
45 socket net fd
46 uring_cmd io-other int
47 send_zc io-write size
48 sendmsg_zc io-write size
49 read_multishot io-read size
50 waitid wait zero
51 futex_wait wait zero
52 futex_wake ipc int
53 futex_waitv wait int
54 fixed_fd_install file fd
55 ftruncate file zero
56 bind net zero
57 listen net zero
58 recv_zc io-read size
59 epoll_wait wait int
60 readv_fixed io-read size
61 writev_fixed io-write size
62 pipe ipc zero
255 unknown io-other int
"""
PREFIX = "uring_"
NO_REQUEST = 255
"""Stands for the operation of a completion that belongs to no request of its own (a repeated one)."""

_ARGS = (
    Arg("opcode", ArgKind.ENUM, "io_uring_op"),
    Arg("user_data", ArgKind.HEX),
    Arg("cqe_flags", ArgKind.FLAGS, "io_uring_cqe_flags"),
    Arg("request", ArgKind.POINTER),
    Arg("ring", ArgKind.POINTER),
)


def _spec(row: str) -> EventSpec:
    number, name, category, returns = row.split()
    code = FIRST_URING_CODE + int(number)
    return EventSpec(PREFIX + name, Category(category), _ARGS, Returns(returns), code, code)


URING_COMPLETIONS: tuple[EventSpec, ...] = tuple(map(_spec, _TABLE.strip().splitlines()))
"""Completions of requests, an event for each operation."""
