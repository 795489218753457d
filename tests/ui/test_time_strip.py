"""The time strip under mouse and keyboard."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent

from inspect_app.ui.marks import CELL, Marks, MarkStyle, Shape
from inspect_app.ui.strip_painter import Lane, gutter
from inspect_app.ui.theme import colour
from inspect_app.ui.time_strip import TimeStrip

START, SPAN = 1_700_000_000_000_000_000, 2_000_000_000
LEFT, SHIFT, CONTROL = (
    Qt.MouseButton.LeftButton,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)


@pytest.fixture
def strip(qtbot):
    made = TimeStrip()
    qtbot.addWidget(made)
    made.resize(1_226, made.sizeHint().height())
    made.set_capture((START, START + SPAN), np.array([[START + 10**8, START + 2 * 10**8, 12, 0]]))
    made.set_times(START + np.sort(np.random.default_rng(1).integers(0, SPAN, 5_000)))
    made.show()
    qtbot.waitExposed(made)
    return made


def wheel(strip, x, steps, times=1):
    for _ in range(times):
        event = QWheelEvent(
            QPointF(x, 40), QPointF(x, 40), QPoint(), QPoint(0, 120 * steps), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        strip.wheelEvent(event)


def drag(qtbot, strip, start, end):
    qtbot.mousePress(strip, LEFT, pos=QPoint(start, 40))
    for x in np.linspace(start, end, 20).astype(int).tolist():
        qtbot.mouseMove(strip, QPoint(x, 40))
    qtbot.mouseRelease(strip, LEFT, pos=QPoint(end, 40))


def test_a_drag_tells_few_windows_and_one_that_is_final(strip, qtbot):
    told = []
    strip.window_changed.connect(lambda window, final: told.append((window, final)))
    drag(qtbot, strip, 300, 700)
    assert [final for _, final in told].count(True) == 1
    assert told[-1] == (strip.window_range, True)
    assert len(told) < 15
    axis = strip.axis()
    assert strip.window_range == (axis.ns_at(300), axis.ns_at(700))


def test_a_handle_adjusts_one_end_and_may_pass_the_other(strip, qtbot):
    drag(qtbot, strip, 300, 700)
    axis = strip.axis()
    drag(qtbot, strip, 700, 500)
    assert strip.window_range == (axis.ns_at(300), axis.ns_at(500))
    drag(qtbot, strip, 300, 900)
    assert strip.window_range == (axis.ns_at(500), axis.ns_at(900))


def test_a_mere_click_selects_nothing(strip, qtbot):
    qtbot.mouseClick(strip, LEFT, pos=QPoint(500, 40))
    assert strip.window_range is None


def test_a_drag_out_of_the_strip_ends_at_the_capture(strip, qtbot):
    drag(qtbot, strip, 900, 3_000)
    assert strip.window_range[1] == START + SPAN


def test_the_wheel_zooms_to_nanoseconds_and_back(strip, qtbot):
    wheel(strip, 600, 1, times=120)
    start, end = strip.view_range
    assert end - start == 20
    with qtbot.waitSignal(strip.view_changed):
        wheel(strip, 600, -1, times=120)
    assert strip.view_range == (START, START + SPAN)


def test_a_double_click_shows_everything(strip, qtbot):
    drag(qtbot, strip, 300, 700)
    wheel(strip, 600, 1, times=5)
    with qtbot.waitSignal(
        strip.window_changed, check_params_cb=lambda window, final: window is None and final
    ):
        qtbot.mouseDClick(strip, LEFT, pos=QPoint(500, 40))
    assert strip.view_range == (START, START + SPAN)


def test_the_keyboard_does_all_of_it(strip, qtbot):
    strip.setFocus()
    drag(qtbot, strip, 300, 700)
    start, end = strip.window_range
    step = SPAN // 50
    qtbot.keyClick(strip, Qt.Key.Key_Right)
    assert strip.window_range == (start + step, end + step)
    qtbot.keyClick(strip, Qt.Key.Key_Left, SHIFT)
    assert strip.window_range == (start + step, end)
    qtbot.keyClick(strip, Qt.Key.Key_Left, CONTROL)
    assert strip.window_range == (start, end)
    qtbot.keyClick(strip, Qt.Key.Key_Plus)
    assert strip.view_range[1] - strip.view_range[0] == SPAN // 2
    qtbot.keyClick(strip, Qt.Key.Key_Return)
    shown = strip.view_range
    assert shown[0] <= start < end <= shown[1]
    assert shown[1] - shown[0] < SPAN // 2
    qtbot.keyClick(strip, Qt.Key.Key_Escape)
    assert strip.window_range is None
    assert strip.view_range == (START, START + SPAN)


def test_pinned_lanes_make_it_higher_and_can_be_taken_off(strip, qtbot):
    before = strip.sizeHint().height()
    lanes = [
        Lane("errors", "Failed calls", "34", np.ones(50), 1, "{}"),
        Lane("net", "Network", "3 KiB", np.zeros(50), 2, "{} bytes"),
    ]
    strip.set_lanes(lanes)
    assert strip.sizeHint().height() > before + 60
    strip.resize(1_226, strip.sizeHint().height())
    strip.grab()
    with qtbot.waitSignal(strip.unpinned) as told:
        qtbot.mouseClick(strip, LEFT, pos=QPoint(gutter() - 16, 90))
    assert told.args == ["errors"]


def test_a_window_from_elsewhere_is_shown_and_not_told_again(strip, qtbot):
    with qtbot.assertNotEmitted(strip.window_changed, wait=60):
        strip.set_window((START + 5, START + 10))
    assert strip.window_range == (START + 5, START + 10)


def test_what_was_lost_is_hatched(strip):
    strip.grab()
    picture, axis = strip.grab().toImage(), strip.axis()

    def colours(ns):
        left = int(axis.x_of(START + ns))
        return {picture.pixelColor(left + dx, strip.height() - 10).rgb() for dx in range(8)}

    lost = colour("error").rgb()
    assert lost in colours(150_000_000)
    assert lost not in colours(10**9)


def marks_at(*moments, opened=None):
    times = np.array([START + one for one in moments], np.int64)
    styles = (MarkStyle(Shape.DIAMOND, "error"), MarkStyle(Shape.SQUARE, "accent"))
    kinds = np.arange(len(times), dtype=np.int64)[::-1] % 2
    return Marks(
        "Things", f"{len(times)} things", times, kinds, styles, lambda at: f"thing {at}", opened or print
    )


def test_a_row_of_marks_takes_room_only_where_there_are_marks(strip):
    height = strip.sizeHint().height()
    strip.set_marks("things", marks_at())
    assert strip.sizeHint().height() == height
    strip.set_marks("things", marks_at(10**9))
    assert strip.sizeHint().height() > height
    strip.set_marks("things", None)
    assert strip.sizeHint().height() == height


def test_a_click_on_a_mark_opens_the_one_that_matters_most_and_chooses_nothing(strip, qtbot):
    opened, clicked = [], []
    strip.clicked.connect(clicked.append)
    marks = marks_at(10**9, 10**9 + 1, opened=opened.append)
    strip.set_marks("things", marks)
    strip.resize(1_226, strip.sizeHint().height())
    axis = strip.axis()
    x = round(axis.x_of(START + 10**9))
    (y,) = {y for y in range(strip.height()) if strip._painter.marks_at(QPointF(x, y), axis)} & {82}
    qtbot.mouseClick(strip, LEFT, pos=QPoint(x, y))
    assert opened == [1]
    assert strip.window_range is None
    assert not clicked
    qtbot.mouseClick(strip, LEFT, pos=QPoint(x + 200, y))
    assert len(clicked) == 1
    assert marks.told(x, axis) == ["thing 1", "thing 0"]
    assert not marks.told(x + 200, axis)


def test_of_many_marks_in_one_place_the_one_that_matters_most_is_drawn(strip):
    moments = np.sort(np.random.default_rng(3).integers(0, SPAN, 20_000)).tolist()
    marks, axis = marks_at(*moments), strip.axis()
    cells, shown, counts = marks.cells(axis)
    assert counts.sum() == 20_000
    assert len(cells) <= axis.width / CELL + 1
    assert not marks.kinds[shown].any()
    strip.set_marks("things", marks)
    assert not strip.grab().isNull()
