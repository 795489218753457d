"""`exhume-inspect screenshot`: a page of the window as a picture, without a display."""

from __future__ import annotations

import re
from pathlib import Path

import click

from inspect_app.app.launch import unusable_qt
from inspect_app.cli.boundary import EXIT_CODES, ExitCode, fail
from inspect_app.cli.options import files_argument
from inspect_app.filters.errors import FilterError
from inspect_app.filters.language import parse
from inspect_app.ui.screenshot import ADDRESSED, OWN_PAGES, PAGES, ScreenshotError, render_page
from inspect_app.views.catalogue import VIEWS

_CODE_OF_STATE = {"whole": ExitCode.FINE, "altered": ExitCode.ALTERED}


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


@click.command(name="screenshot", short_help="Draw a page of the window into a PNG file.", epilog=EXIT_CODES)
@files_argument
@click.option(
    "--page",
    default="overview",
    show_default=True,
    help=f"One of {', '.join(PAGES)}, any view, or container/NAME, process/PID, file/:PATH.",
)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The PNG file to write.")
@click.option(
    "--size", type=_Size(), default="1440x900", show_default=True, help="Width and height in pixels."
)
@click.option("--filter", "condition", default="", metavar="EXPR", help="Narrow the page to what it selects.")
@click.option("--theme", type=click.Choice(["dark", "light"]), default="dark", show_default=True)
def screenshot(  # noqa: PLR0917 - click hands over options by name
    files: tuple[Path, ...], page: str, output: Path, size: tuple[int, int], condition: str, theme: str
) -> None:
    """Draw a page of the window on a capture into a PNG file; needs no display.

    \b
    exhume-inspect screenshot node.exhume --page tree -o tree.png
    exhume-inspect screenshot node.exhume --page container/web -o container.png
    exhume-inspect screenshot node.exhume --page files -o web.png --filter 'container.name = web'
    exhume-inspect screenshot /var/captures/ -o set.png
    """
    kind, slash, _ = page.partition("/")
    if not (kind in ADDRESSED if slash else page in VIEWS or page in OWN_PAGES):
        fail(f"there is no page {page!r}; there are {', '.join((*OWN_PAGES, *VIEWS))}", ExitCode.USAGE)
    try:
        parse(condition or "evt.num exists")
    except FilterError as error:
        fail(f"the filter is wrong: {error}", ExitCode.USAGE)
    problem = unusable_qt()
    if problem:
        fail(problem, ExitCode.UNREADABLE)
    try:
        state = render_page(files, page, output, size, theme, condition)
    except ScreenshotError as error:
        fail(str(error), ExitCode.UNREADABLE)
    code = _CODE_OF_STATE.get(state.state, ExitCode.CUT_SHORT)
    if code is not ExitCode.FINE:
        fail(f"{files[0]}: {state.detail}", code)
