"""Why a rule found an event: the comparisons that decided it, below the table of findings."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QPlainTextEdit, QWidget

from inspect_app.ui.fonts import scaled
from inspect_app.ui.plain import plain

_HEIGHT, _MARGIN = 128, 9


class WhyPanel(QPlainTextEdit):
    """Plain text that can be selected; hidden where there is nothing to say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setAccessibleName("Why the rule holds")
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.document().setDocumentMargin(_MARGIN)
        self.setFixedHeight(scaled(_HEIGHT))
        self.hide()

    def tell(self, lines: Sequence[str]) -> None:
        """Show lines; none hides the panel."""
        self.setPlainText("\n".join(plain(line) for line in lines))
        self.setVisible(bool(lines))
