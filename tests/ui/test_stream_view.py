"""Boxes of any height, any number of them."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent

from inspect_app.ui.stream_view import Box, StreamView
from inspect_app.views.payload_text import Rendering

MANY = 2_000_000


@pytest.fixture
def asked():
    return set()


@pytest.fixture
def view(qtbot, asked):
    def payload(box):
        asked.add(box)
        return b"x" * (box % 7 * 300)

    made = StreamView()
    qtbot.addWidget(made)
    made.resize(900, 500)
    made.show()
    qtbot.waitExposed(made)
    made.show_boxes(MANY, lambda box: Box(box % 2 == 0, f"box {box}", "", "", ""), payload)
    return made


def wheel(view, steps):
    event = QWheelEvent(
        QPointF(100, 100), QPointF(100, 100), QPoint(), QPoint(0, 120 * steps), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    view.wheelEvent(event)


def test_only_what_is_on_screen_is_read(view, asked):
    view.grab()
    assert len(asked) < 60
    view.go_to(MANY // 2)
    view.grab()
    assert MANY // 2 in asked
    assert len(asked) < 200


def test_the_wheel_goes_down_and_comes_back_to_the_same_place(view):
    for _ in range(100):
        wheel(view, -1)
    assert view.box_at(0) > 20
    for _ in range(100):
        wheel(view, 1)
    assert view.box_at(20) == 0


def test_the_end_shows_the_last_box_at_the_bottom(view, qtbot):
    qtbot.keyClick(view, Qt.Key.Key_End)
    assert view.current == MANY - 1
    assert view.box_at(view.viewport().height() - 20) == MANY - 1


def test_the_scroll_bar_reaches_every_part(view):
    bar = view.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    assert abs(view.box_at(0) - MANY // 2) < 3
    bar.setValue(0)
    assert view.box_at(20) == 0


def test_another_rendering_keeps_the_place(view):
    view.go_to(1_000)
    for rendering in Rendering:
        view.show_as(rendering)
        assert abs(view.box_at(0) - 1_000) <= 1


def test_nothing_to_show_is_no_failure(view):
    view.show_boxes(0, lambda _: Box(False, "", "", "", ""), lambda _: b"")
    wheel(view, -3)
    view.grab()
    assert view.box_at(10) == -1
