"""Names that arguments have in the field's rules where ours are the kernel's: `evt.arg.name` of an open.

Facts: falcosecurity/libs, driver/event_table.c.
"""

from __future__ import annotations

from functools import cache

_EVERYWHERE = {"filename": "path"}
_ROWS = """
open openat openat2 creat access unlinkat      name=path
execveat fchownat                              pathname=path
openat2                                        flags=how mode=how resolve=how
clone3                                         flags=cl_args
mount                                          dev=source dir=target type=fstype
umount umount2                                 name=target
socket socketpair                              proto=protocol
symlinkat                                      linkdirfd=newdirfd
linkat                                         olddir=olddirfd newdir=newdirfd
read write pread64 pwrite64 sendfile           size=count
sendto recvfrom splice                         size=len
pread64 pwrite64                               pos=offset
copy_file_range                                fdin=fd_in fdout=fd_out offin=off_in offout=off_out
init_module                                    img=module_image length=len uargs=param_values
finit_module                                   uargs=param_values
ioctl                                          argument=arg
mlock mlock2 munlock                           len=length
futex                                          addr=uaddr
prctl                                          arg2_int=arg2
seccomp                                        op=operation
pidfd_getfd                                    pid_fd=pidfd target_fd=targetfd
open_by_handle_at                              mountfd=mount_fd
nanosleep                                      interval=req
tgkill                                         pid=tgid
"""


@cache
def other_names() -> dict[tuple[str, str], str]:
    """(event type, other name) → the argument's name."""
    found = {}
    for row in _ROWS.splitlines():
        pairs = [word.partition("=") for word in row.split() if "=" in word]
        for call in (word for word in row.split() if "=" not in word):
            found.update({(call, other): name for other, _, name in pairs})
    return found


def name_of(call: str, argument: str) -> str:
    """What an argument is called in a call: its name, or what another name of it means there."""
    return other_names().get((call.removeprefix("uring_"), argument), _EVERYWHERE.get(argument, argument))


def names_beside(call: str, name: str) -> list[str]:
    """Other names of an argument of a call."""
    told = [other for (known, other), meant in other_names().items() if (known, meant) == (call, name)]
    return told + [other for other, meant in _EVERYWHERE.items() if meant == name]
