"""How the kernel's clock since boot relates to UTC."""

from __future__ import annotations

import time


def boot_to_utc_ns() -> int:
    """What to add to CLOCK_BOOTTIME to get nanoseconds since 1970 UTC, to a few hundred ns.

    The best of several readings: the one during which the least time passed.
    """
    readings = []
    for _ in range(9):
        before = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        utc = time.time_ns()
        after = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        readings.append((after - before, utc - (before + after) // 2))
    return min(readings)[1]


def boot_now_ns() -> int:
    """Now, on the clock of the probe's records."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
