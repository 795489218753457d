"""All pages in all themes and sizes: `python -m inspect_app.ui.pictures FOLDER FILE`."""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path

from inspect_app.ui.screenshot import PAGES, THEMES, ScreenshotError, Studio

SIZES = ((1440, 900), (1280, 720))
_USAGE = "usage: python -m inspect_app.ui.pictures FOLDER FILE"


def draw_all(folder: Path, file: Path) -> list[Path]:
    """Draw every page of a capture; gives the files that were written. Raises ScreenshotError."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    with Studio(SIZES[0], THEMES[0]) as studio:
        studio.open(file)
        for theme, size in product(THEMES, SIZES):
            studio.change(size, theme)
            for page in PAGES:
                out = folder / f"{page}-{theme}-{size[0]}x{size[1]}.png"
                studio.picture(page, out)
                drawn.append(out)
    return drawn


def main() -> int:
    """Draw what the command line names."""
    if len(sys.argv) != 3:
        print(_USAGE, file=sys.stderr)
        return 2
    try:
        drawn = draw_all(Path(sys.argv[1]), Path(sys.argv[2]))
    except (ScreenshotError, OSError) as error:
        print(f"pictures: {error}", file=sys.stderr)
        return 1
    print(f"{len(drawn)} pictures in {sys.argv[1]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
