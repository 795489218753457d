"""Times and sizes as people write them on a command line."""

from __future__ import annotations

import re

import click

_SECONDS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_BYTES = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


class Duration(click.ParamType[float]):
    """A time such as 30, 30s, 500ms, 5m or 1h, in seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds, as a number."""
        if isinstance(value, float):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|)", str(value), re.ASCII)
        if not match or not float(match[1]):
            self.fail(f"{value!r} is no duration: 30s, 500ms, 5m or 1h was expected", param, ctx)
        return float(match[1]) * _SECONDS[match[2]]


class Size(click.ParamType[int]):
    """A number of bytes such as 4096, 512K, 100M, 2G or 1.5GiB; K is 1,024."""

    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Bytes, as a number."""
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", str(value).lower(), re.ASCII)
        size = int(float(match[1]) * _BYTES[match[2]]) if match else 0
        if not 0 < size < 1 << 62:
            self.fail(f"{value!r} is no size: 512K, 100M or 2G was expected", param, ctx)
        return size


def human_bytes(number: float) -> str:
    """Bytes in the unit that fits."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if number < 1024 or unit == "GiB":
            return f"{number:,.0f} {unit}" if unit == "B" else f"{number:,.1f} {unit}"
        number /= 1024
    raise AssertionError
