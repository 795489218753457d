"""With the keyboard alone, by ear, and with any eyes."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QMenu, QWidget

from inspect_app.ui.pages.detail_value import DetailValue
from inspect_app.ui.preferences.dialog import PreferencesDialog
from inspect_app.ui.screenshot import PAGES
from inspect_app.ui.strip_menu import build_strip_menu
from tests.builders.frames import NGINX
from tests.ui.test_menus import entries
from tests.ui.test_window import go

SUBJECTS = ("container/web", "process/301", "file/:/etc/passwd")
STANDARD = ("Show only", "Exclude", "Events", "I/O streams", "Process tree", "Copy")
WAYS = ("Errors", "Events", "I/O streams", "Process tree")
"""Some of those that the menu `Drill down to` has, and those beside it."""
NOTED = ("Add a note", "Add to the report")


def by_menu_key(widget):
    """The menu that the menu key opens on a widget."""
    before = set(QApplication.topLevelWidgets())
    middle = widget.rect().center()
    QApplication.sendEvent(
        widget, QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, middle, widget.mapToGlobal(middle))
    )
    found = [one for one in QApplication.topLevelWidgets() if isinstance(one, QMenu) and one.isVisible()]
    assert len(found) == 1, (found, before)
    texts = list(entries(found[0]))
    found[0].close()
    return texts


def has(texts, *beginnings):
    return all(any(text.startswith(one) for text in texts) for one in beginnings)


def is_drawn_by_hand(widget):
    return "paintEvent" in vars(type(widget)) and type(widget).__module__.startswith("inspect_app")


def test_what_is_drawn_by_hand_and_what_takes_the_keyboard_has_a_name(opened, settle):
    for page in (*PAGES, *SUBJECTS, "pivot/nginx"):
        go(opened, settle, page)
        for widget in opened.findChildren(QWidget):
            if not widget.isVisible() or type(widget).__name__ in ("QWidget", "QLineEdit"):
                continue
            takes_keys = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
            named = widget.accessibleName() or (isinstance(widget, QAbstractButton) and widget.text())
            is_ours = type(widget).__module__.startswith("inspect_app")
            if is_drawn_by_hand(widget) or (takes_keys and is_ours and widget.focusProxy() is None):
                assert named or widget.toolTip(), (page, type(widget).__name__, widget.objectName())


def test_a_chart_of_activity_is_read_with_arrows(opened, settle, qtbot):
    go(opened, settle, "container/web")
    chart = opened.book.subject.chart
    chart.setFocus()
    qtbot.keyClick(chart, Qt.Key.Key_Right)
    first = chart.accessibleDescription()
    assert first.startswith("at +")
    qtbot.keyClick(chart, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert chart.accessibleDescription() != first
    qtbot.keyClick(chart, Qt.Key.Key_End)
    last = chart.part(chart.bins - 1)
    assert has(by_menu_key(chart), "Look at this time alone", "State at this moment", *STANDARD)
    qtbot.keyClick(chart, Qt.Key.Key_Return)
    settle(opened)
    assert opened.workspace.session.page == f"moment/{last[0]}"


def test_the_focus_is_seen_on_what_is_drawn_by_hand(opened, settle):
    """Another picture with the focus than without it."""
    places = {
        "overview": lambda: [opened.book.overview.lifelines, *opened.book.overview.tiles.values()][:2],
        "streams": lambda: [opened.book.streams.view],
        "spectrogram": lambda: [opened.book.spectrogram.map],
        "container/web": lambda: [opened.book.subject.chart, opened.areas.strip],
    }
    for page, widgets in places.items():
        go(opened, settle, page)
        for widget in widgets():
            opened.areas.filter.edit.setFocus()
            without = widget.grab().toImage()
            widget.setFocus()
            assert widget.hasFocus()
            assert widget.grab().toImage() != without, type(widget).__name__


def test_a_focus_is_seen_on_tables(opened, settle):
    go(opened, settle, "files")
    grid = opened.book.table.grid
    opened.areas.filter.edit.setFocus()
    without = grid.grab().toImage()
    grid.setFocus()
    assert grid.grab().toImage() != without


def test_the_menu_key_opens_the_menu_of_what_has_the_focus(opened, settle, qtbot):
    overview = opened.book.overview
    for tile in overview.tiles.values():
        assert has(by_menu_key(tile), "Open", "Pin to", *WAYS, *NOTED, "Copy")
    texts = by_menu_key(overview.lifelines)
    assert has(texts, "Container page", "Where else", *STANDARD)
    texts = by_menu_key(opened.areas.strip)
    assert has(texts, "State at this moment", "Remove the time window", *STANDARD, *WAYS, *NOTED)
    go(opened, settle, "tree")
    tree = opened.book.tree
    tree.view.setCurrentIndex(tree.model.index_of(NGINX))
    texts = by_menu_key(tree.view)
    assert has(texts, "Process page", "Show only it and its descendants", "Where else", *STANDARD)
    go(opened, settle, "events")
    texts = by_menu_key(opened.book.events.grid)
    assert has(texts, "Process page", "State at this moment", "Copy as a strace line", *STANDARD, *WAYS)
    go(opened, settle, "streams")
    texts = by_menu_key(opened.book.streams.view)
    assert has(texts, "Show the event", "State at this moment", "Where else", *STANDARD, *WAYS, *NOTED)
    go(opened, settle, "spectrogram")
    assert has(by_menu_key(opened.book.spectrogram.map), "Zoom in", "Copy as filter", *STANDARD)


def test_the_menu_key_opens_the_menu_of_a_row(opened, settle):
    for page in ("files", "connections", "commands", "moment", "pivot/nginx", "container/web"):
        go(opened, settle, page)
        current = opened.book.current
        panel = current.tables.panel if hasattr(current, "tables") else current.panel
        assert panel.model.rowCount(), page
        panel.go_to_line(0)
        assert has(by_menu_key(panel.grid), "Show only", "Exclude", "Copy cell", "Events"), page


def test_a_fact_is_looked_for_elsewhere(opened, settle):
    go(opened, settle, "container/web")
    facts = opened.book.subject.facts
    facts.setCurrentItem(facts.topLevelItem(0).child(0))
    assert has(by_menu_key(facts), "Where else is", "Copy")
    facts.menu_wanted.emit(DetailValue("Program", "Name", "nginx"), QPoint())
    menu = next(one for one in opened.book.subject.findChildren(QMenu) if one.isVisible())
    entries(menu)["Where else is nginx?"].trigger()
    menu.close()
    settle(opened)
    assert opened.workspace.session.page == "pivot/nginx"


def test_every_fact_has_the_menu_of_what_it_is_told_of(opened, settle):
    for page in SUBJECTS:
        go(opened, settle, page)
        about = opened.book.subject
        for (group, name), text in about.facts.values().items():
            if text and group != "Notes":
                menu = about.value_menu(DetailValue(group, name, text))
                assert has(list(entries(menu)), "Where else", *STANDARD, *WAYS, *NOTED), (page, group, name)
                menu.deleteLater()


def test_every_value_of_an_event_has_the_menu_of_the_event(opened, settle):
    go(opened, settle, "events")
    page = opened.book.events
    for (group, name), text in page.detail.values().items():
        if text:
            menu = page.value_menu(DetailValue(group, name, text))
            assert has(list(entries(menu)), "Where else", *STANDARD, *WAYS, *NOTED), (group, name)
            menu.deleteLater()


def test_a_part_of_the_strip_is_opened_as_events(opened, settle):
    start, end = opened.workspace.scope().span
    menu = build_strip_menu(opened, start + (end - start) // 2)
    entries(menu)["Events"].trigger()
    settle(opened)
    times = opened.workspace.frames.events["time"].to_numpy()[opened.book.events.model.rows]
    first, after = opened.areas.strip.part_at(start + (end - start) // 2)
    assert ((times >= first) & (times < after)).all()
    menu.deleteLater()


def test_every_entry_of_a_chart_leads_to_events_that_are_there(opened, settle, qtbot):
    go(opened, settle, "container/web")
    page = opened.book.subject
    counts = page.chart._lanes[0].counts
    part = page.chart.part(int(counts.argmax()))
    entries(page.moment_menu(part))["Events"].trigger()
    settle(opened)
    assert opened.workspace.session.page == "events"
    assert opened.book.events.model.rowCount() >= 1


def test_tab_goes_round_the_window_and_comes_back(opened, settle):
    for page in ("overview", "files", "events", "streams", "tree", "container/web", "moment"):
        go(opened, settle, page)
        opened.areas.filter.edit.setFocus()
        seen = []
        for _ in range(60):
            opened.focusNextChild()
            seen.append(opened.focusWidget())
            if seen[-1] is opened.areas.filter.edit:
                break
        assert seen[-1] is opened.areas.filter.edit, page
        assert {opened.areas.side, opened.areas.strip} <= set(seen), page
        opened.book.take_focus()
        assert opened.focusWidget() in seen, page


def test_tab_goes_round_the_preferences(opened, qtbot):
    opened.show_preferences()
    dialog = opened.findChild(PreferencesDialog)
    for place in range(dialog.tabs.count()):
        dialog.tabs.setCurrentIndex(place)
        dialog.tabs.tabBar().setFocus()
        seen = []
        for _ in range(40):
            dialog.focusNextChild()
            seen.append(dialog.focusWidget())
            if seen[-1] is dialog.tabs.tabBar():
                break
        assert seen[-1] is dialog.tabs.tabBar()
        assert len(set(seen)) > 3
    dialog.close()
