"""OCI bundles made by hand: the smallest containers there are, busybox and nothing else."""

import json
import shutil
import subprocess
from pathlib import Path

TOOLS = ("sh", "sleep", "tail", "true", "cat")


def missing(*programs):
    """Say which programs are not there, or nothing."""
    absent = [name for name in (*programs, "busybox") if shutil.which(name) is None]
    return f"needs {', '.join(absent)}" if absent else ""


def make_rootfs(folder):
    """A root file system with busybox in it."""
    root = Path(folder)
    for name in ("bin", "proc", "dev", "sys", "tmp", "etc"):
        (root / name).mkdir(parents=True)
    shutil.copy(shutil.which("busybox"), root / "bin" / "busybox")
    for name in TOOLS:
        (root / "bin" / name).symlink_to("busybox")
    return root


def make_bundle(folder, rootfs, *command, memory=None, without=(), annotations=None):
    """A bundle that runs a command; `without`: kinds of namespaces that it shares with the host."""
    folder.mkdir(parents=True)
    subprocess.run(["runc", "spec", "-b", folder], check=True)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config["process"] |= {"terminal": False, "args": list(command)}
    # A limit above what this machine allows would keep it from starting.
    config["process"].pop("rlimits", None)
    config["process"]["env"].append("TOKEN=s3cret")
    config["root"] = {"path": str(rootfs), "readonly": True}
    linux = config["linux"]
    linux["namespaces"] = [row for row in linux["namespaces"] if row["type"] not in without]
    if memory:
        linux["resources"]["memory"] = {"limit": memory, "swap": memory}
    if annotations:
        config["annotations"] = annotations
    path.write_text(json.dumps(config))
    return folder
