"""The options of `record` that spread a recording over files."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from capture.agent.rotation import Rotation
from capture.cli.quantities import Duration, Size

_FILES_OF_A_RING = 10
"""The oldest of which is the most that a ring holds beyond its length."""

_OPTIONS = (
    click.option("--rotate-size", type=Size(), help="Begin another file after so many bytes: 100M, 2G."),
    click.option("--rotate-time", type=Duration(), help="Begin another file after this time: 10m, 1h."),
    click.option(
        "--rotate-events", type=click.IntRange(1), metavar="N", help="Begin another file after N events."
    ),
    click.option(
        "--keep", type=click.IntRange(1), metavar="N", help="Keep the last N files, remove older ones."
    ),
    click.option(
        "--disk-floor",
        type=Size(),
        help="Leave so much of the disk free: with --keep the oldest files go, else recording ends.",
    ),
    click.option(
        "--ring",
        type=Duration(),
        help="Flight recorder: keep only the last part, so long: 10m. See `freeze`.",
    ),
    click.option("--ring-size", type=Size(), help="Flight recorder: … of so many bytes: 2G."),
)


def rotation_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options; the command gets them as `rotation`."""

    @wraps(command)
    def gathered(
        *args: Any,
        rotate_size: int | None,
        rotate_time: float | None,
        rotate_events: int | None,
        keep: int | None,
        disk_floor: int | None,
        ring: float | None,
        ring_size: int | None,
        **others: Any,
    ) -> Any:
        rotation = Rotation(
            size=rotate_size or (ring_size or 0) // _FILES_OF_A_RING,
            seconds=rotate_time or (ring or 0.0) / _FILES_OF_A_RING,
            events=rotate_events or 0,
            keep=keep or 0,
            disk_floor=disk_floor or 0,
            ring_seconds=ring or 0.0,
            ring_size=ring_size or 0,
        )
        if keep and not rotation.rotates:
            raise click.UsageError(
                "--keep is for several files: add --rotate-size, --rotate-time or --rotate-events"
            )
        return command(*args, rotation=rotation, **others)

    for option in reversed(_OPTIONS):
        gathered = option(gathered)
    return gathered
