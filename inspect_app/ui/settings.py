"""What the window remembers from one time to the next: recent files, looks, paths, its size."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from inspect_app.session.look import Look, Profile, ProfileError, from_json, to_json
from inspect_app.ui.theme import ThemeName

RECENT_COUNTS = (0, 5, 10, 20, 50)
MAX_PROFILES = 50
_RECENT_LIMIT = 10
_CASES_LIMIT = 200
_LAYOUT_VERSION = 1
_CURRENT = "current"
"""What the look that is in force is called where it is stored."""


class Settings:
    """Typed access to the settings file; anything unreadable in it counts as not set."""

    def __init__(self, store: QSettings | None = None) -> None:
        self._store = store or QSettings(
            QSettings.Format.IniFormat, QSettings.Scope.UserScope, "exhume", "inspect"
        )

    def recent_files(self) -> list[str]:
        """Captures opened lately, the newest first."""
        return self._list("recent")[: self.recent_count()]

    def add_recent(self, path: str) -> None:
        """Put a capture at the head of the list."""
        full = str(Path(path).absolute())
        others = [known for known in self.recent_files() if known != full]
        self._set_list("recent", [full, *others][: self.recent_count()])

    def recent_count(self) -> int:
        """How many captures are remembered."""
        count = self._store.value("recent_count", _RECENT_LIMIT)
        known = int(str(count)) if str(count).isdigit() else _RECENT_LIMIT
        return known if known in RECENT_COUNTS else _RECENT_LIMIT

    def set_recent_count(self, count: int) -> None:
        """Remember so many captures; the others are forgotten."""
        self._store.setValue("recent_count", count)
        self._set_list("recent", self.recent_files())

    def theme(self) -> ThemeName:
        """The chosen theme."""
        return ThemeName(self.look().theme)

    def set_theme(self, theme: ThemeName) -> None:
        """Remember a theme."""
        self.set_look(replace(self.look(), theme=theme.value))

    def look(self) -> Look:
        """How captures are shown."""
        try:
            return from_json(str(self._store.value("look", ""))).look
        except ProfileError:
            return Look()

    def set_look(self, look: Look) -> None:
        """Remember how captures are shown."""
        self._store.setValue("look", to_json(Profile(_CURRENT, look)))

    def profiles(self) -> list[Profile]:
        """Looks that have names, in the order of these."""
        known = []
        for text in self._list("profiles")[:MAX_PROFILES]:
            try:
                known.append(from_json(text))
            except ProfileError:
                continue
        return sorted(known, key=lambda profile: profile.name.casefold())

    def set_profiles(self, profiles: Sequence[Profile]) -> None:
        """Remember looks that have names."""
        self._set_list("profiles", [to_json(profile) for profile in profiles[:MAX_PROFILES]])

    def path(self, name: str) -> str:
        """A file or folder that the analyst named: `examiner_log`, `views` or `rules`; empty for none."""
        return str(self._store.value(f"path_{name}", "") or "")

    def set_path(self, name: str, path: str) -> None:
        """Remember a file or folder."""
        self._store.setValue(f"path_{name}", path)

    def case_of(self, capture: str) -> str:
        """The case file that was used for a capture last; empty: none was."""
        return dict(self._pairs("cases")).get(capture, "")

    def set_case_of(self, capture: str, path: str) -> None:
        """Remember which case file is used for a capture."""
        others = [pair for pair in self._pairs("cases") if pair[0] != capture]
        self._set_list("cases", [json.dumps([capture, path]), *map(json.dumps, others)][:_CASES_LIMIT])

    def folder(self, name: str) -> Path:
        """A folder beside the settings, which is made where it is missing; nobody else may look into it."""
        folder = Path(self._store.fileName()).parent / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

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

    def _pairs(self, key: str) -> list[tuple[str, str]]:
        pairs = []
        for text in self._list(key):
            match json.loads(text):
                case [str(name), str(value)]:
                    pairs.append((name, value))
        return pairs

    def _set_list(self, key: str, values: list[str]) -> None:
        self._store.setValue(key, json.dumps(values))
