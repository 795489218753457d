"""Paths in all the ways in which programs give them."""

import contextlib
import json
import os
import sys

folder = sys.argv[1]
facts = {"pid": os.getpid(), "folder": folder}


def touch(path, **options):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644, **options)
    os.write(fd, b"x")
    os.close(fd)
    return fd


touch(f"{folder}/old")
os.rename(f"{folder}/old", f"{folder}/new")
os.link(f"{folder}/new", f"{folder}/hard")
os.symlink("new", f"{folder}/soft")

os.mkdir(f"{folder}/inner")
inner = os.open(f"{folder}/inner", os.O_RDONLY | os.O_DIRECTORY)
touch("by-dirfd", dir_fd=inner)
os.rename("by-dirfd", "renamed", src_dir_fd=inner, dst_dir_fd=inner)

os.chdir(f"{folder}/inner")
touch("by-cwd")
touch("../above")
os.chdir("..")
touch("after-second-chdir")
os.fchdir(inner)
touch("after-fchdir")

deep = folder
while len(deep) < 1_200:
    deep += "/" + "d" * 100
    os.mkdir(deep)
    if len(deep) < 400:
        facts["long"] = f"{deep}/file"
facts["longer"] = f"{deep}/file"
touch(facts["long"])
touch(facts["longer"])
os.rename(facts["longer"], facts["longer"] + "-renamed")

# As long as the kernel takes, 4,095 bytes and a NUL, and one byte more.
start, end = f"{folder}/", "new"
room = 4_095 - len(start) - len(end)
facts["longest"] = start + "/" * (room % 2) + "./" * (room // 2) + end
os.close(os.open(facts["longest"], os.O_RDONLY))
facts["too_long"] = facts["longest"] + "r"
with contextlib.suppress(OSError):
    os.open(facts["too_long"], os.O_RDONLY)

os.close(os.open(b"bytes-\xff\xfe-not-text", os.O_WRONLY | os.O_CREAT))

os.makedirs(f"{folder}/moving/below")
kept = os.open(f"{folder}/moving/below/kept", os.O_WRONLY | os.O_CREAT)
os.chdir(f"{folder}/moving")
os.rename(f"{folder}/moving", f"{folder}/moved")
facts["kept"] = kept
os.write(kept, b"after the rename")
touch("in-moved")
print(json.dumps(facts))
