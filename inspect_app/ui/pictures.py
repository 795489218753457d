"""All pages in all themes and sizes: `python -m inspect_app.ui.pictures FOLDER FILE`.

Pages that are about something are drawn of what the gravest finding is about, the comparison of the second
half with the first. Nothing of who draws them is in them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np

from inspect_app.analysis.subject import Kind
from inspect_app.cases import Note, Severity
from inspect_app.cases.anchors import finding_anchor, subject_anchor
from inspect_app.frames.capture import CaptureFrames
from inspect_app.rules.whole import whole_run
from inspect_app.ui.screenshot import PAGES, THEMES, ScreenshotError, Studio
from inspect_app.views.row_subjects import subjects_of_event

SIZES = ((1440, 900), (1280, 720))
_USAGE = "usage: python -m inspect_app.ui.pictures FOLDER FILE"
FIRST_PAGE = "first-page"
MORE = ("executables",)
"""Further views that the documents show."""
_ADDRESSES = {"compare": "compare/before"}
_NARROWED = {"streams": "fd.type in (ipv4, ipv6)"}
"""What pages are narrowed to: the first bytes of every recording are those of libraries."""


def draw_all(
    folder: Path,
    file: Path,
    themes: Sequence[str] = THEMES,
    sizes: Sequence[tuple[int, int]] = SIZES,
) -> list[Path]:
    """Draw every page of a capture; gives the files that were written. Raises ScreenshotError."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn: list[Path] = []

    def each(name: str, draw: Callable[[Path], None]) -> None:
        for theme, size in product(themes, sizes):
            studio.change(size, theme)
            out = folder / f"{name}-{theme}-{size[0]}x{size[1]}.png"
            draw(out)
            drawn.append(out)

    with Studio(sizes[0], themes[0]) as studio:
        each(FIRST_PAGE, studio.grab)
        studio.open(file)
        studio.write_notes(_notes(studio.frames))
        for page in PAGES:
            studio.look_at(_second_half(studio.frames) if page == "compare" else None)
            studio.narrow(_NARROWED.get(page, ""))
            each(page, partial(studio.picture, _ADDRESSES.get(page, page)))
            studio.narrow("")
        for name, address in addresses(studio.frames):
            each(name, partial(studio.picture, address))
        for page in MORE:
            each(page, partial(studio.picture, page))
    return drawn


def addresses(frames: CaptureFrames) -> Iterator[tuple[str, str]]:
    """A page of each kind of subject, and where its name occurs: `process`, `process/812`."""
    _rule, row = _gravest(frames)
    about = {one.kind.value: one for one in subjects_of_event(frames, row)} if row >= 0 else {}
    if row >= 0 and Kind.CONNECTION.value not in about:
        sent = subjects_of_event(frames, _most_sent(frames))
        about |= {one.kind.value: one for one in sent if one.kind is Kind.CONNECTION}
    for kind in Kind:
        if kind.value in about:
            yield kind.value, about[kind.value].address
    if row >= 0:
        image = int(frames.events["image"].to_numpy()[row])
        yield "pivot", f"pivot/{frames.images['comm'].iat[image]}"


def _gravest(frames: CaptureFrames) -> tuple[str, int]:
    """The rule and the row of events of the finding that matters most; no row where there is none."""
    run = whole_run(frames, ())
    which, rows = run.findings()
    if not len(rows):
        return "", -1
    priorities = np.array([int(run.outcomes[one].rule.priority) for one in which.tolist()])
    place = int(np.argmin(priorities))
    return run.outcomes[int(which[place])].rule.name, int(rows[place])


def _most_sent(frames: CaptureFrames) -> int:
    """The event that wrote most to a socket of the network."""
    events, kinds = frames.events, frames.descriptors["type"].isin(["ipv4", "ipv6"]).to_numpy()
    used, sent = events["descriptor"].to_numpy(), events["type"].isin(["write", "sendto"]).to_numpy()
    size = np.where(sent & (used >= 0) & np.append(kinds, False)[used], events["size"].to_numpy(), -1)
    return int(np.argmax(size))


def _notes(frames: CaptureFrames) -> list[Note]:
    """Something for the page of notes: the gravest finding, and what it is about."""
    rule, row = _gravest(frames)
    if row < 0:
        return []
    found = finding_anchor(frames, rule, row)
    about = [subject_anchor(frames, one) for one in subjects_of_event(frames, row)]
    texts = ("This is where it begins.", "Everything that ran in here is suspect.")
    return [
        Note(found, "The first that matters: start here.", ("timeline",), Severity.HIGH, report=1),
        *(Note(one, text, ("scope",), Severity.MEDIUM) for one, text in zip(about, texts, strict=False)),
    ]


def _second_half(frames: CaptureFrames) -> tuple[int, int]:
    times = frames.events["time"].to_numpy()
    first, last = int(times[0]), int(times[-1])
    return (first + last) // 2, last + 1


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
