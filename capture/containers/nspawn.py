"""systemd-nspawn's containers, from systemd-machined's register of those that run, and from settings files.

    /run/systemd/machines/<name>                                   KEY=value lines
        CLASS, SERVICE, ROOT, LEADER (pid), REALTIME (µs since 1970)
    /etc/systemd/nspawn/<name>.nspawn, /run/systemd/nspawn/, /var/lib/machines/     systemd.nspawn(5)
        [Exec] [Files] [Network] sections of Key=value lines

A container that was started by hand with --register=no is in no register, and what its command line says is
not in the settings: it has its name alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from capture.containers import capabilities, documents
from capture.containers.metadata import RECORDED, ContainerMetadata, Mount

SETTINGS = ("etc/systemd/nspawn", "run/systemd/nspawn", "var/lib/machines")
"""Where settings lie; the first that is there counts."""


def find(full_id: str, root: Path = Path("/"), bundle: Path | None = None) -> ContainerMetadata | None:
    """Read the entry of the container of that name, and its settings; None if there is neither.

    Raises:
        MetadataError: there is something, but it cannot be read.
    """
    del bundle
    if not documents.is_name(full_id):
        return None
    content = documents.read_bytes(root / "run/systemd/machines" / full_id)
    settings = _settings(full_id, root)
    if content is None and settings is None:
        return None
    known = ContainerMetadata(
        full_id=full_id, runtime="nspawn", metadata=RECORDED, name=documents.text(full_id)
    )
    if content is not None:
        known = _with_register(known, content.decode("utf-8", "replace"))
    return known if settings is None else _with_settings(known, settings)


def _with_register(known: ContainerMetadata, content: str) -> ContainerMetadata:
    entry = dict(line.split("=", 1) for line in content.splitlines() if "=" in line)
    moment = _number(entry.get("REALTIME", ""))
    return replace(
        known,
        image=documents.text(entry.get("ROOT", "")),
        created_ns=None if moment is None else moment * 1000,
        init_pid=_number(entry.get("LEADER", "")),
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 17 else None


def _settings(name: str, root: Path) -> dict[str, list[str]] | None:
    """Key → its values, in order; keys are told apart without their sections."""
    for place in SETTINGS:
        content = documents.read_bytes(root / place / f"{name}.nspawn")
        if content is not None:
            found: dict[str, list[str]] = {}
            for key, value in _assignments(content.decode("utf-8", "replace")):
                found.setdefault(key, []).append(value)
            return found
    return None


def _assignments(content: str) -> Iterator[tuple[str, str]]:
    lines = [line.strip() for line in content.splitlines()[: documents.MAX_ITEMS]]
    for line in lines:
        key, equals, value = line.partition("=")
        if equals and not line.startswith(("#", ";", "[")):
            yield key.strip(), value.strip()


def _with_settings(known: ContainerMetadata, settings: dict[str, list[str]]) -> ContainerMetadata:
    def last(key: str) -> str:
        return documents.text(settings.get(key, [""])[-1])

    def words(key: str) -> list[str]:
        return [word for value in settings.get(key, []) for word in value.split()]

    private = (
        _truth(last("Private")) or "VirtualEthernet" in settings or "Bridge" in settings or "Zone" in settings
    )
    return replace(
        known,
        command=last("Parameters"),
        user=last("User"),
        working_directory=last("WorkingDirectory"),
        hostname=last("Hostname"),
        environment=tuple(word.partition("=")[0] for word in words("Environment")),
        capabilities_added=capabilities.named(words("Capability")),
        capabilities_dropped=capabilities.named(words("DropCapability")),
        no_new_privileges=_truth(last("NoNewPrivileges")),
        read_only=_truth(last("ReadOnly")),
        mounts=(*_mounts(words("Bind"), "rw"), *_mounts(words("BindReadOnly"), "ro")),
        # nspawn shares the network unless told otherwise.
        host_namespaces=() if private else ("network",),
    )


def _truth(value: str) -> bool | None:
    """systemd's yes and no; None for neither."""
    if value.lower() in ("yes", "true", "on", "1"):
        return True
    return False if value.lower() in ("no", "false", "off", "0") else None


def _mounts(values: list[str], mode: str) -> tuple[Mount, ...]:
    """Read SOURCE[:DESTINATION[:OPTIONS]]; a plus sign marks a path of the container's own."""
    rows = [[*value.split(":"), "", ""][:3] for value in values[: documents.MAX_ITEMS]]
    return tuple(
        Mount(
            destination=documents.text(target or source.lstrip("+-")),
            source=documents.text(source.lstrip("-")),
            type="bind",
            options=(mode, *documents.texts(options.split(",") if options else [])),
        )
        for source, target, options in rows
        if source
    )
