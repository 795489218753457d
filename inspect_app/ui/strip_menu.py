"""The menu of the time strip: what can be done with a window of time, or with what happened just then."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu

from inspect_app.ui.thing_menu import Thing, build_thing_menu
from inspect_app.views.format import format_duration, format_relative

if TYPE_CHECKING:
    from inspect_app.ui.window import MainWindow

_OF_THE_STRIP = ("zoom_window", "clear_window", "compare", "unpin_all")


def build_strip_menu(window: MainWindow, moment: int) -> QMenu:
    """Of the chosen window; without one, of what is drawn in one place of the strip.

    Args:
        window: Whose strip it is.
        moment: The moment under the pointer, ns since 1970 UTC.
    """
    strip, workspace, scope = window.areas.strip, window.workspace, window.workspace.scope()
    start, end = strip.window_range or strip.part_at(moment)
    since = format_relative(start - (scope.zero if scope is not None else 0), digits=6)
    thing = Thing(
        f"{since} for {format_duration(end - start)}",
        f"evt.rawtime >= {start} and evt.rawtime < {end}",
        moment=moment,
    )
    alone = partial(workspace.set_window, (start, end), final=True)
    anchor = partial(window.case_menu.anchor_on_strip, moment)
    own = (("Look at this time alone", "clock", alone),)
    menu = build_thing_menu(window.book.current, thing, own, anchor)
    menu.addSeparator()
    for name in _OF_THE_STRIP:
        menu.addAction(window.actions_by_id[name])
    return menu
