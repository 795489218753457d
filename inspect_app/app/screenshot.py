"""`exhume-inspect screenshot`: a page of the window as a picture, without a display."""

from __future__ import annotations

import re
from pathlib import Path

import click

_FAILED = 1
_PAGES = (
    "overview, processes, threads, containers, files, connections, syscalls, errors, commands, "
    "events, streams, tree"
)


class _Size(click.ParamType[tuple[int, int]]):
    """Pixels as WIDTHxHEIGHT."""

    name = "WxH"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """`1440x900` as two numbers."""
        found = re.fullmatch(r"(\d{3,5})[x×](\d{3,5})", str(value))
        size = (int(found[1]), int(found[2])) if found else (0, 0)
        if not (640 <= size[0] <= 16_000 and 480 <= size[1] <= 16_000):
            self.fail(f"{value!r} is no size from 640x480 to 16000x16000, such as 1440x900", param, ctx)
        return size


@click.command(name="screenshot", short_help="Draw a page of the window into a PNG file.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--page", default="overview", show_default=True, help=f"One of {_PAGES}, or any other view.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The PNG file to write.")
@click.option(
    "--size", type=_Size(), default="1440x900", show_default=True, help="Width and height in pixels."
)
@click.option("--theme", type=click.Choice(["dark", "light"]), default="dark", show_default=True)
def screenshot(file: Path, page: str, output: Path, size: tuple[int, int], theme: str) -> None:
    """Draw a page of the window on a capture into a PNG file; needs no display.

    \b
    Exit codes: 0 drawn, 1 the file or the page could not be drawn, 2 wrong usage, 5 Qt cannot be used.
    """
    from inspect_app.app.launch import NO_DISPLAY, broken_qt, missing_qt  # noqa: PLC0415 - keeps --help quick

    problem = missing_qt() or broken_qt()
    if problem:
        raise _failure(problem, NO_DISPLAY)
    from inspect_app.ui.screenshot import ScreenshotError, render_page  # noqa: PLC0415 - loads Qt

    try:
        render_page(file, page, output, size, theme)
    except ScreenshotError as error:
        raise _failure(str(error), _FAILED) from error


def _failure(text: str, code: int) -> click.ClickException:
    return _Failure(text, code)


class _Failure(click.ClickException):
    """One line and an exit code of its own."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.exit_code = code  # type: ignore[misc]  # click reads it from the instance as well
