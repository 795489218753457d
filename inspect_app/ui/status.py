"""The line at the bottom: how much is shown, what is missing, and what was just done."""

from __future__ import annotations

import pandas as pd
from PySide6.QtWidgets import QStatusBar, QWidget

from inspect_app.analysis.host import recording_filter, tells_loss
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.columns import COUNTED_KIND, UNSEEN_KINDS
from inspect_app.ui.plain import plain
from inspect_app.ui.widgets import plain_label
from inspect_app.views.format import format_count, format_duration, format_share

_MESSAGE_MS = 6_000
NOTHING_LOST, LOSS_UNTOLD = "No event was lost", "Losses are not told"


def loss_text(drops: pd.DataFrame, *, told: bool = True) -> str:
    """What a capture lacks, in a few words: `12 events not recorded, 3 calls only counted`.

    `told`: whether its file tells of losses at all.
    """
    lost = int(drops.loc[drops["kind"].isin(UNSEEN_KINDS), "count"].sum())
    counted = int(drops.loc[drops["kind"] == COUNTED_KIND, "count"].sum())
    parts = [f"{format_count(lost, 'event')} not recorded"] if lost else []
    parts += [f"{format_count(counted, 'call')} only counted"] if counted else []
    return ", ".join(parts) or (NOTHING_LOST if told else LOSS_UNTOLD)


class StatusLine(QStatusBar):
    """Counts at the right; words that pass at the left."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self._shown = plain_label()
        self._span = plain_label()
        self._drops = plain_label()
        for label in (self._shown, self._span, self._drops):
            self.addPermanentWidget(label)

    @property
    def shown_text(self) -> str:
        """`12 of 345 events shown (3.5 %)`."""
        return self._shown.text()

    @property
    def drops_text(self) -> str:
        """`No event was lost`, or how many."""
        return self._drops.text()

    def tell(self, text: str) -> None:
        """A word that passes."""
        self.showMessage(text, _MESSAGE_MS)

    def show_capture(self, frames: CaptureFrames) -> None:
        """What the capture lacks."""
        chosen = recording_filter(frames.host)
        self._drops.setText(
            loss_text(frames.drops, told=tells_loss(frames.host))
            + (", recorded with a filter" if chosen else "")
        )
        self._drops.setToolTip(plain(f"Recorded with a filter: {chosen}") if chosen else "")

    def show_counts(self, shown: int, total: int, duration_ns: int) -> None:
        """How many events are selected, and over how long a time."""
        share = f" ({format_share(shown / total)})" if total and shown < total else ""
        some = f"{shown:,} of " if shown < total else ""
        self._shown.setText(f"{some}{format_count(total, 'event')} shown{share}")
        self._span.setText(format_duration(duration_ns))
