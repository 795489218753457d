"""Everything the window can be told to do, as a table: menus, shortcuts, the palette and the help read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QMenuBar

from inspect_app.ui.icons import icon


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to do."""

    id: str
    menu: str
    text: str
    shortcuts: tuple[str, ...] = ()
    icon: str = ""
    needs_capture: bool = True
    is_switch: bool = False


COMMANDS = (
    Command("open", "File", "Open a capture …", ("Ctrl+O",), "open", needs_capture=False),
    Command("open_folder", "File", "Open a folder …", ("Ctrl+Shift+O",), "open", needs_capture=False),
    Command("new_window", "File", "New window", ("Ctrl+N",), needs_capture=False),
    Command("save_session", "File", "Save the session …", ("Ctrl+S",), "save"),
    Command("copy_link", "File", "Copy a link to this place", ("Ctrl+Shift+C",), "copy"),
    Command("copy_command", "File", "Copy a command line to this place", (), "commands"),
    Command("paste_link", "File", "Go to the copied link", ("Ctrl+Shift+V",), needs_capture=False),
    Command("case_new", "File", "Begin a case …", (), "notes"),
    Command("case_open", "File", "Open a case …", (), "notes"),
    Command("case_save_as", "File", "Save the case as …", ("Ctrl+Shift+S",), "save"),
    Command("case_merge", "File", "Merge another case …", (), "notes"),
    Command("import_findings", "File", "Import findings of others …", (), "findings"),
    Command("export", "File", "Export …", ("Ctrl+E",), "save"),
    Command("report", "File", "Report …", ("Ctrl+P",), "save"),
    Command("quit", "File", "Quit", ("Ctrl+Q",), needs_capture=False),
    Command("back", "Go", "Back", ("Alt+Left",), "back"),
    Command("forward", "Go", "Forward", ("Alt+Right",), "forward"),
    Command("up", "Go", "Up one step", ("Backspace", "Alt+Up"), "up"),
    Command("overview", "Go", "Overview", ("Alt+Home", "o"), "overview"),
    Command("streams", "Go", "I/O streams", ("e",), "streams"),
    Command("events", "Go", "Events: single system calls", ("d",), "events"),
    Command("tree", "Go", "Process tree", ("t",), "tree"),
    Command("findings", "Go", "Findings of rules", ("r",), "findings"),
    Command("notes", "Go", "Notes", ("i",), "notes"),
    Command("moment", "Go", "State at a moment", ("m",), "clock"),
    Command("spectrogram", "Go", "Latency over time", ("l",), "spectrogram"),
    Command("compare", "Go", "Compare", ("c",), "compare"),
    Command("next_view", "Go", "Next view in the list", ("j",)),
    Command("previous_view", "Go", "Previous view in the list", ("k",)),
    Command("add_note", "Edit", "Add a note …", ("n",), "notes"),
    Command("add_to_report", "Edit", "Add to the report", ("a",), "notes"),
    Command("undo", "Edit", "Undo in the case", ("Ctrl+Z",)),
    Command("redo", "Edit", "Redo in the case", ("Ctrl+Shift+Z", "Ctrl+Y")),
    Command("filter", "Edit", "Filter", ("Ctrl+L", "s"), "filter"),
    Command("find", "Edit", "Find in this page", ("Ctrl+F", "f"), "search"),
    Command("clear_filter", "Edit", "Remove the filter", ("Ctrl+Shift+L",)),
    Command("clear_window", "Edit", "Remove the time window", ("Alt+0",)),
    Command("preferences", "Edit", "Preferences …", ("Ctrl+,",), needs_capture=False),
    Command("reload", "View", "Reload", ("F5",), "clock"),
    Command("follow", "View", "Follow: show what is added", ("Ctrl+Shift+F",), is_switch=True),
    Command("focus_time", "View", "Go to the time strip", ("w",)),
    Command("zoom_window", "View", "Zoom the time strip to the window", ("z",)),
    Command("unpin_all", "View", "Unpin all tiles", ()),
    Command("theme_system", "View", "Theme of the system", (), "theme", needs_capture=False),
    Command("theme_dark", "View", "Dark theme", (), "theme", needs_capture=False),
    Command("theme_light", "View", "Light theme", (), "theme", needs_capture=False),
    Command("larger_text", "View", "Larger text", ("Ctrl++", "Ctrl+="), needs_capture=False),
    Command("smaller_text", "View", "Smaller text", ("Ctrl+-",), needs_capture=False),
    Command("usual_text", "View", "Usual size of text", ("Ctrl+0",), needs_capture=False),
    Command("colour_rules", "View", "Colour rules …", (), needs_capture=False),
    Command("profiles", "View", "Profiles …", ("Ctrl+Shift+A",), needs_capture=False),
    Command("palette", "Help", "Command palette …", ("Ctrl+K",), "search", needs_capture=False),
    Command("sample", "Help", "Open the sample incident", (), "containers", needs_capture=False),
    Command("tour", "Help", "A tour in five steps …", (), needs_capture=False),
    Command("shortcuts", "Help", "Keyboard shortcuts", ("F1", "?"), needs_capture=False),
    Command("crash_log", "Help", "Crash log …", (), needs_capture=False),
    Command("about", "Help", "About Exhume", (), needs_capture=False),
)

IN_PLACE = (
    ("Enter", "Open the chosen row, tile or container"),
    ("Arrows, Space", "Go along the tiles, pin one to the time strip"),
    ("Ctrl+C", "Copy the chosen rows"),
    ("Enter, Shift+Enter", "Next and previous match while finding"),
    ("Tab, Up, Down, Esc", "In the filter: take a completion, go through them or the history, revert"),
    ("Left, Right", "On the time strip: move the window; with Shift its end, with Ctrl its beginning"),
    ("+, −, Enter, Esc", "On the time strip: zoom in and out, zoom to the window, show everything"),
)
"""Keys that belong to a widget rather than to the window."""


def build_actions(window: QMainWindow, call: Callable[[str], None]) -> dict[str, QAction]:
    """An action for each command; each calls `call` with its id."""
    actions = {}
    for command in COMMANDS:
        action = QAction(command.text, window)
        action.setObjectName(command.id)
        action.setCheckable(command.is_switch)
        action.setShortcuts([QKeySequence(keys) for keys in command.shortcuts])
        tip = f"{command.text} ({', '.join(command.shortcuts)})" if command.shortcuts else command.text
        action.setToolTip(tip)
        action.triggered.connect(lambda *_, name=command.id: call(name))
        window.addAction(action)
        actions[command.id] = action
    refresh_icons(actions)
    return actions


def refresh_icons(actions: dict[str, QAction]) -> None:
    """Draw the icons in the colours of the theme in force; those in the title area are always light."""
    for command in COMMANDS:
        if command.icon:
            ink = "title_text" if command.id in ("back", "forward", "up") else "muted"
            actions[command.id].setIcon(icon(command.icon, ink))


def fill_menus(bar: QMenuBar, actions: dict[str, QAction]) -> QMenu:
    """The menus, in the order of the table; gives the one for recent files, to be filled when it opens."""
    menus = {}
    for name in ("File", "Edit", "View", "Go", "Help"):
        menus[name] = bar.addMenu(name)
        menus[name].setObjectName(f"Menu{name}")
    for command in COMMANDS:
        menus[command.menu].addAction(actions[command.id])
    recent = QMenu("Open recent", bar)
    menus["File"].insertMenu(actions["export"], recent)
    return recent
