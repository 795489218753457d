"""The option that says where the recorded machine's root is, for a recorder in a container."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from capture.agent.host_root import look_below


def host_root_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option; it takes effect as it is read."""
    return click.option(
        "--host-root",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        envvar="HOST_ROOT",
        show_envvar=True,
        callback=_take,
        expose_value=False,
        help="Where the machine's root is mounted, when recording in a container.",
    )(command)


def _take(_context: click.Context, _parameter: click.Parameter, root: Path | None) -> None:
    if root is not None:
        look_below(root)
