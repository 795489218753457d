"""Files opened by names that are not theirs: links, dots, another root, another mount, a renamed folder."""

import ctypes
import json
import os
import sys

folder = sys.argv[1]
libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, MS_BIND, MS_REC, MS_PRIVATE = 0x20000, 4096, 16384, 1 << 18
facts = {"pid": os.getpid(), "folder": folder, "children": {}, "exe": os.readlink("/proc/self/exe")}


def look(path, times=1):
    for _ in range(times):
        os.close(os.open(path, os.O_RDONLY))


def child(name, work):
    pid = os.fork()
    if not pid:
        work()
        os._exit(0)
    facts["children"][name] = [pid, os.waitpid(pid, 0)[1]]


os.makedirs(f"{folder}/real/deep")
for name in ("linked", "relative", "often", "jailed", "bound", "moved"):
    with open(f"{folder}/real/deep/{name}", "w") as file:
        file.write(name)
os.symlink("real", f"{folder}/link")
look(f"{folder}/link/deep/linked")
os.chdir(f"{folder}/link/deep")
look("../deep/./relative")
look(f"{folder}/link/deep/often", times=50)
os.chdir(folder)


def in_another_root():
    os.chroot(f"{folder}/real")
    look("/deep/jailed")


def in_another_mount():
    os.mkdir(f"{folder}/mounted")
    libc.unshare(CLONE_NEWNS)
    libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None)
    if libc.mount(f"{folder}/real/deep".encode(), f"{folder}/mounted".encode(), None, MS_BIND, None):
        os._exit(1)
    look(f"{folder}/mounted/bound")


child("another root", in_another_root)
child("another mount", in_another_mount)
look(f"{folder}/real/deep/moved")
os.rename(f"{folder}/real/deep", f"{folder}/real/shallow")
look(f"{folder}/link/shallow/moved")
os.close(os.open(folder, os.O_RDWR | os.O_TMPFILE, 0o600))
deep = f"{folder}/" + "/".join(["d"] * 70)
os.makedirs(deep)
with open(f"{deep}/bottom", "w"):
    pass
print(json.dumps(facts))
