"""Device numbers as people read them.

The kernel keeps a file system's as major << 20 | minor. A terminal's comes from `/proc/PID/stat`, where the
major stands in bits 8 to 15 and the minor around it; which names they bear is in the kernel's
Documentation/admin-guide/devices.txt.
"""

from __future__ import annotations

from inspect_app.analysis.container import NOT_RECORDED

_PTS, _TTY, _SERIAL_FROM = 136, 4, 64


def device_text(number: int) -> str:
    """A device as `/proc/self/mountinfo` has it, major:minor."""
    if number < 0:
        return NOT_RECORDED
    return f"{number >> 20}:{number & 0xFFFFF}"


def terminal_text(number: int) -> str:
    """A controlling terminal by its name where it has a well-known one, else major:minor."""
    if number <= 0:
        return NOT_RECORDED if number else "none"
    major, minor = number >> 8 & 0xFFF, number & 0xFF | number >> 12 & 0xFFF00
    if major == _PTS:
        return f"pts/{minor}"
    if major == _TTY:
        return f"tty{minor}" if minor < _SERIAL_FROM else f"ttyS{minor - _SERIAL_FROM}"
    return f"{major}:{minor}"
