"""What the window remembers from one time to the next: recent files, theme, size."""

from __future__ import annotations

import json
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from inspect_app.ui.theme import ThemeName

_RECENT_LIMIT = 10
_LAYOUT_VERSION = 1


class Settings:
    """Typed access to the settings file; anything unreadable in it counts as not set."""

    def __init__(self, store: QSettings | None = None) -> None:
        self._store = store or QSettings(
            QSettings.Format.IniFormat, QSettings.Scope.UserScope, "exhume", "inspect"
        )

    def recent_files(self) -> list[str]:
        """Captures opened lately, the newest first."""
        return self._list("recent")

    def add_recent(self, path: str) -> None:
        """Put a capture at the head of the list."""
        full = str(Path(path).absolute())
        others = [known for known in self.recent_files() if known != full]
        self._set_list("recent", [full, *others][:_RECENT_LIMIT])

    def theme(self) -> ThemeName:
        """The chosen theme."""
        value = str(self._store.value("theme", ThemeName.SYSTEM.value))
        return ThemeName(value) if value in set(ThemeName) else ThemeName.SYSTEM

    def set_theme(self, theme: ThemeName) -> None:
        """Remember a theme."""
        self._store.setValue("theme", theme.value)

    def filters(self) -> list[str]:
        """Filters that were applied, the newest first."""
        return self._list("filters")

    def add_filter(self, text: str) -> None:
        """Put a filter at the head of the history."""
        self._set_list("filters", [text, *(known for known in self.filters() if known != text)][:50])

    def geometry(self) -> QByteArray:
        """Where the window was, empty when that is not known or of another layout."""
        version = self._store.value("layout_version", 0, type=int)
        value = self._store.value("geometry") if version == _LAYOUT_VERSION else None
        return value if isinstance(value, QByteArray) else QByteArray()

    def set_geometry(self, geometry: QByteArray) -> None:
        """Remember where the window was."""
        self._store.setValue("layout_version", _LAYOUT_VERSION)
        self._store.setValue("geometry", geometry)

    def _list(self, key: str) -> list[str]:
        # As JSON: an INI file gives a list of one text back as a text.
        try:
            known = json.loads(str(self._store.value(key, "[]")))
        except ValueError:
            return []
        return [text for text in known if isinstance(text, str)] if isinstance(known, list) else []

    def _set_list(self, key: str, values: list[str]) -> None:
        self._store.setValue(key, json.dumps(values))
