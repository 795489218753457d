"""What pages found out, so that one who comes back to a page sees it at once."""

from __future__ import annotations

from collections import OrderedDict

from inspect_app.frames.capture import CaptureFrames

_MOST = 16
"""Pages whose answer is kept; of each but the last, since a window that is dragged asks for many."""


class Answers:
    """The last answer of each page about one capture."""

    def __init__(self) -> None:
        self._frames: CaptureFrames | None = None
        self._kept: OrderedDict[str, tuple[tuple[object, ...], object]] = OrderedDict()

    def keep(self, page: str, frames: CaptureFrames, asked: tuple[object, ...], answer: object) -> None:
        """Keep what a page answered; of another capture than before, nothing else is kept any more."""
        if frames is not self._frames:
            self.clear()
            self._frames = frames
        self._kept[page] = (asked, answer)
        self._kept.move_to_end(page)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)

    def of(self, page: str, frames: CaptureFrames, asked: tuple[object, ...]) -> object:
        """What a page answered to the same question, None where that is not kept."""
        if frames is not self._frames or page not in self._kept or self._kept[page][0] != asked:
            return None
        return self._kept[page][1]

    def clear(self) -> None:
        """Forget everything, the capture too."""
        self._frames = None
        self._kept.clear()
