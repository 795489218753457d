"""Programs begun from files of every kind: set-id, script, memory alone, without a name, overlay layers."""

import json
import os
import shutil
import subprocess
import sys

folder = sys.argv[1]
TRUE = shutil.which("true")


def status_of(path):
    status = os.stat(path)
    return {
        "dev": status.st_dev,
        "ino": status.st_ino,
        "size": status.st_size,
        "mtime": status.st_mtime_ns,
        "ctime": status.st_ctime_ns,
        "uid": status.st_uid,
        "gid": status.st_gid,
        "mode": status.st_mode,
    }


def life(path, *argv, **options):
    process = subprocess.Popen([*(argv or (path,))], executable=path, **options)
    process.wait()
    return process.pid


def copied(name, mode=0o755):
    path = os.path.join(folder, name)
    shutil.copy(TRUE, path)
    os.chmod(path, mode)
    return path


def told_of(path):
    return {"path": path, "status": status_of(path), "pid": life(path)}


def begun_by_descriptor(descriptor):
    pid = os.fork()
    if not pid:
        os.execve(descriptor, ["by-descriptor"], {})
    os.waitpid(pid, 0)
    return pid


def script(interpreter):
    path = os.path.join(folder, "script.sh")
    with open(path, "w") as stream:
        stream.write(f"#!{interpreter} -e\nexit 0\n")
    os.chmod(path, 0o755)
    return {"path": path, "interpreter": interpreter, "pid": life(path, path, "first", "")}


def in_memory():
    descriptor = os.memfd_create("payload-of-memory")
    with open(TRUE, "rb") as stream:
        os.write(descriptor, stream.read())
    return {"pid": begun_by_descriptor(descriptor), "ino": os.fstat(descriptor).st_ino}


def called_memfd():
    return {"pid": life(copied("memfd:not"))}


def without_name():
    path = copied("gone")
    descriptor = os.open(path, os.O_RDONLY)
    os.unlink(path)
    return {"pid": begun_by_descriptor(descriptor), "ino": os.fstat(descriptor).st_ino}


def layers():
    """A lower file, the same after it was written to, and one that is only in the upper layer."""
    base = os.path.join(folder, "overlay")
    os.mkdir(base)
    if subprocess.run(["mount", "-t", "tmpfs", "none", base], capture_output=True).returncode:
        return {"skip": "mounting is not permitted here"}
    try:
        for name in ("lower", "upper", "work", "merged"):
            os.mkdir(os.path.join(base, name))
        for name in ("untouched", "changed"):
            shutil.copy(TRUE, os.path.join(base, "lower", name))
        merged = os.path.join(base, "merged")
        options = ",".join(f"{part}dir={base}/{part}" for part in ("lower", "upper", "work"))
        done = subprocess.run(["mount", "-t", "overlay", "none", "-o", options, merged], capture_output=True)
        if done.returncode:
            return {"skip": f"overlayfs cannot be mounted here: {done.stderr.decode().strip()}"}
        try:
            os.utime(os.path.join(merged, "changed"))
            shutil.copy(TRUE, os.path.join(merged, "added"))
            return {name: life(os.path.join(merged, name)) for name in ("untouched", "changed", "added")}
        finally:
            # Lazily: the recorder may be reading a program there.
            subprocess.run(["umount", "--lazy", merged], check=True)
    finally:
        subprocess.run(["umount", "--lazy", base], check=True)


facts = {
    "plain": told_of(copied("plain")),
    "setuid": told_of(copied("setuid", 0o4755)),
    "setgid": told_of(copied("setgid", 0o2755)),
    "script": script(os.path.realpath("/bin/sh")),
    "memory": in_memory(),
    "called_memfd": called_memfd(),
    "nameless": without_name(),
    "layers": layers(),
}
pid = life(TRUE, "true", env={"EXHUME_SAYS": "hello there", "EMPTY": "", "LANG": "C"})
facts["environment"] = pid
print(json.dumps(facts))
