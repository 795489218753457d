"""The home folders in which containers without root privileges keep their files."""

from __future__ import annotations

from pathlib import Path

from capture.containers import documents

MAX_HOMES = 512


def homes(root: Path) -> list[Path]:
    """List the home folders of the host whose file system is at `root`, from its user table and from /home.

    Service users, who often own rootless containers, live outside /home; directory services' users are not in
    the table.
    """
    found = {root / "home" / name for name in documents.names_in(root / "home", limit=MAX_HOMES)}
    for line in _user_table(root):
        fields = line.split(":")
        if len(fields) == 7 and fields[5].startswith("/") and len(fields[5]) > 1:
            found.add(root / fields[5].lstrip("/"))
    return sorted(found)[:MAX_HOMES]


def run_folders(root: Path) -> list[Path]:
    """List the folders for run time files of the users who are logged in."""
    return [root / "run/user" / name for name in documents.names_in(root / "run/user", limit=MAX_HOMES)]


def _user_table(root: Path) -> list[str]:
    try:
        content = documents.read_bytes(root / "etc/passwd")
    except documents.MetadataError:
        return []
    return (content or b"").decode("utf-8", "replace").splitlines()
