"""Who a process is changes in all the ways there are; each child tells what it was before and after."""

import ctypes
import json
import os
import shutil
import stat
import subprocess
import tempfile

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, SIGCHLD = 0x4000000, 0x8000000, 0x10000000, 17
PR_SET_KEEPCAPS, PR_CAPBSET_DROP, CAP_SYS_TIME, SYS_CLONE = 8, 24, 25, 56
facts = {"pid": os.getpid()}


def child(name, work):
    """Run work in a process of its own; what it returned is a fact."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        os.write(write, json.dumps(work()).encode())
        os._exit(0)
    os.close(write)
    os.waitpid(pid, 0)
    with os.fdopen(read) as answer:
        facts[name] = {"pid": pid, "told": json.loads(answer.read() or "null")}


def space(kind):
    return int(os.readlink(f"/proc/self/ns/{kind}").split("[")[1][:-1])


def unshared():
    before = [space("uts"), space("ipc")]
    libc.unshare(CLONE_NEWUTS | CLONE_NEWIPC)
    return [before, [space("uts"), space("ipc")]]


def joined():
    target = os.open("/proc/self/ns/uts", os.O_RDONLY)
    libc.unshare(CLONE_NEWUTS)
    before = space("uts")
    libc.setns(target, 0)
    return [before, space("uts")]


child("dropped", lambda: os.setresgid(1234, 1235, 1236) or os.setresuid(1001, 1002, 1003))
child("kept", lambda: [libc.prctl(PR_SET_KEEPCAPS, 1), libc.prctl(PR_CAPBSET_DROP, CAP_SYS_TIME)])
child("groups", lambda: os.setgroups([5, 6, 7]))
child("nothing", lambda: [os.setuid(0), libc.prctl(PR_SET_KEEPCAPS, 0)])
child("unshared", unshared)
child("joined", joined)

# A program that is set-user-id makes root of somebody who is not.
place = tempfile.mkdtemp()
program = os.path.join(place, "true")
shutil.copy(shutil.which("true"), program)
os.chmod(program, 0o755 | stat.S_ISUID)
os.chmod(place, 0o755)
setid = subprocess.Popen([program], user=4321)
setid.wait()
shutil.rmtree(place)
facts["setid"] = {"pid": setid.pid, "code": setid.returncode}

# A process that is born into namespaces of its own.
pid = libc.syscall(SYS_CLONE, CLONE_NEWUTS | CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0)
if not pid:
    os._exit(0)
facts["born"] = {"pid": pid, "told": [space("uts"), space("user")]}
if pid > 0:
    os.waitpid(pid, 0)
print(json.dumps(facts))
