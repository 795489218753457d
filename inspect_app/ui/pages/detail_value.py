"""A value of a detail, and the filter that selects the events that have it too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from inspect_app.filters.errors import FilterError
from inspect_app.filters.language import parse, quote

_FIELDS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("Event", "Name"): "evt.type",
        ("Event", "Category"): "evt.category",
        ("Event", "Error"): "evt.res",
        ("Event", "Processor"): "evt.cpu",
        ("Event", "Thread"): "thread.tid",
        ("Process", "PID"): "proc.pid",
        ("Process", "Name"): "proc.name",
        ("Process", "Program"): "proc.exepath",
        ("Process", "Command"): "proc.cmdline",
        ("Process", "Directory"): "proc.cwd",
        ("Process", "SHA-256"): "proc.exe_sha256",
        ("Process", "Session"): "proc.sid",
        ("Program", "Name"): "proc.name",
        ("Program", "Path"): "proc.exepath",
        ("Program", "Command"): "proc.cmdline",
        ("Program", "Directory"): "proc.cwd",
        ("Program", "SHA-256"): "proc.exe_sha256",
        ("Descriptor", "Number"): "fd.num",
        ("Descriptor", "Type"): "fd.type",
        ("Descriptor", "Name"): "fd.name",
        ("Descriptor", "Protocol"): "fd.l4proto",
        ("Descriptor", "Inode"): "fd.ino",
        ("File", "Path"): "fd.name",
        ("File", "Inode"): "fd.ino",
        ("Container", "Name"): "container.name",
        ("Container", "ID"): "container.full_id",
        ("Container", "Image"): "container.image",
        ("Container", "Digest"): "container.image.digest",
        ("Container", "Pod"): "k8s.pod.name",
        ("Container", "Namespace"): "k8s.ns.name",
        ("User", "UID"): "user.uid",
        ("User", "Name"): "user.name",
    }
)
"""Fields by group and name; what a detail says of them is what they hold."""
_NUMBERS = frozenset({"evt.cpu", "thread.tid", "proc.pid", "proc.sid", "fd.num", "fd.ino", "user.uid"})


@dataclass(frozen=True, slots=True)
class DetailValue:
    """One value, and where in the detail it stands."""

    group: str
    name: str
    text: str

    def condition(self) -> str:
        """The filter on it; empty where no field holds what is said."""
        field = _FIELDS.get((self.group, self.name), "")
        if not field or (field in _NUMBERS and not self.text.isdecimal()):
            return ""
        condition = f"{field} = {self.text if field in _NUMBERS else quote(self.text)}"
        try:
            parse(condition)
        except FilterError:
            return ""
        return condition
