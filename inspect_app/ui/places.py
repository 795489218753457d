"""Where one can go from here: entries of the list at the left and of the palette."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from inspect_app.ui.actions import COMMANDS
from inspect_app.ui.command_palette import Choice
from inspect_app.ui.side_list import MORE, Entry
from inspect_app.ui.workspace import (
    COMPARE,
    EVENTS,
    FINDINGS,
    MOMENT,
    NOTES,
    OVERVIEW,
    PAGE_TITLES,
    SPECTROGRAM,
    STREAMS,
    TREE,
)
from inspect_app.views.catalogue import VIEWS, View, views_for

if TYPE_CHECKING:
    from inspect_app.ui.window import MainWindow

MAIN_VIEWS = (
    "processes", "threads", "containers", "files", "connections", "syscalls", "errors", "commands",
)  # fmt: skip
"""Those that are always in sight; the others are below a heading that opens."""
_TIPS = {
    OVERVIEW: "The selection in figures (o)",
    FINDINGS: "What detection rules found (r)",
    NOTES: "What you and others wrote about it (i)",
    TREE: "Who created whom, when each lived (t)",
    STREAMS: "What was read and written (e)",
    EVENTS: "Single events in order of time (d)",
    SPECTROGRAM: "Which calls took how long when (l)",
    MOMENT: "Who lived and what was open at one moment (m)",
    COMPARE: "What is new in a window, or beside another capture (c)",
}


def entries_for(key: str) -> list[Entry]:
    """Pages for what the last step chose a row of; "" is the whole capture."""
    entries = [_own(page, "") for page in (OVERVIEW, FINDINGS, NOTES, TREE, MOMENT, COMPARE)]
    views = views_for(key)
    entries += [_of_view(view, "Views") for view in views if view.id in MAIN_VIEWS]
    entries += [_own(page, "Raw") for page in (STREAMS, EVENTS, SPECTROGRAM)]
    return entries + [_of_view(view, MORE) for view in views if view.id not in MAIN_VIEWS]


def palette_choices(window: MainWindow) -> list[Choice]:
    """All commands that can be done now, and all pages."""
    choices = [
        Choice(
            command.text, ", ".join(command.shortcuts), command.icon, window.actions_by_id[command.id].trigger
        )
        for command in COMMANDS
        if window.actions_by_id[command.id].isEnabled()
    ]
    choices += [
        Choice(
            f"Switch to profile {profile.name}",
            "",
            "theme",
            partial(window.looks.switch_to, profile.name),
        )
        for profile in window.looks.profiles()
    ]
    workspace = window.workspace
    if workspace.frames is not None:
        choices += [
            Choice(
                f"Go to {view.title}",
                "",
                view.id,
                lambda to=view.id: workspace.turn_to(to),  # type: ignore[misc]  # bound now
            )
            for view in VIEWS.values()
        ]
    choices += [
        Choice(f"Open {path}", "recent", "open", lambda to=path: window.open_path(to))  # type: ignore[misc]  # bound now
        for path in window.settings.recent_files()
    ]
    return choices


def _of_view(view: View, group: str) -> Entry:
    tip = "\n".join((view.description, *view.tips))
    return Entry(view.id, view.title, tip, view.id, group)


def _own(page: str, group: str) -> Entry:
    return Entry(page, PAGE_TITLES[page], _TIPS[page], page, group)
