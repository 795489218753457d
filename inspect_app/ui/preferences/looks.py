"""The look that is in force in all windows, and the profiles it can be changed for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication

from capture.format.placing import placed
from inspect_app.session.look import MAX_FILE, Look, Profile, ProfileError, from_json, to_json
from inspect_app.ui.fonts import set_text_size, text_percent
from inspect_app.ui.settings import Settings
from inspect_app.ui.theme import ThemeName, apply_theme


class Looks(QObject):
    """Holds it, remembers it, and puts in force what belongs to the whole program."""

    changed = Signal()
    """Another look is in force."""
    paths_changed = Signal()
    """The analyst named other rules."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self.look = settings.look()

    def change(self, look: Look) -> None:
        """Put another look in force."""
        if look != self.look:
            self.keep(lambda _: look)
            self.apply()
            self.changed.emit()

    def keep(self, change: Callable[[Look], Look]) -> None:
        """Remember a change that is shown already."""
        self.look = change(self.look)
        self._settings.set_look(self.look)

    def apply(self) -> None:
        """Theme and size of text, for the whole program."""
        app = QApplication.instance()
        if isinstance(app, QApplication):
            resized = text_percent() != self.look.text_percent
            if resized:
                set_text_size(app, self.look.text_percent)
            apply_theme(app, ThemeName(self.look.theme), anew=resized)

    def resize_text(self, steps: int) -> None:
        """Larger or smaller text; 0 steps: as it comes."""
        self.change(self.look.with_text(steps))

    def set_theme(self, theme: ThemeName) -> None:
        """Another theme."""
        self.change(replace(self.look, theme=theme.value))

    def profiles(self) -> list[Profile]:
        """What has a name."""
        return self._settings.profiles()

    def save_as(self, name: str) -> None:
        """Give the look in force a name; a profile of that name is replaced."""
        self._add(Profile(name, self.look))

    def remove(self, name: str) -> None:
        """Forget a profile; the look stays."""
        self._settings.set_profiles([one for one in self.profiles() if one.name != name])

    def switch_to(self, name: str) -> None:
        """Put a profile's look in force."""
        for profile in self.profiles():
            if profile.name == name:
                self.change(profile.look)

    def export_to(self, name: str, path: Path) -> None:
        """Write a profile for a colleague. Raises OSError."""
        for profile in self.profiles():
            if profile.name == name:
                with placed(path) as stream:
                    stream.write(to_json(profile).encode("utf-8") + b"\n")

    def import_from(self, path: Path) -> Profile:
        """Read a colleague's profile; it is not put in force. Raises ProfileError or OSError."""
        with path.open("rb") as stream:
            data = stream.read(4 * MAX_FILE + 1)
        try:
            profile = from_json(data.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise ProfileError("a profile is text in UTF-8, this file is not") from error
        self._add(profile)
        return profile

    def _add(self, profile: Profile) -> None:
        others = [one for one in self.profiles() if one.name != profile.name]
        self._settings.set_profiles([*others, profile])
