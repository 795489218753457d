"""How the window feels with ten million events: from its start to each frame that is painted.

    python -m tests.benchmarks.desktop [FILE] [--events 10000000] [--rounds 20]

Without FILE a capture is generated first. Every figure is of the window as an analyst has it, on the platform
that QT_QPA_PLATFORM names (offscreen unless told otherwise; `xvfb-run -a env QT_QPA_PLATFORM=xcb python …`: a
real screen). Nothing is asserted. docs/benchmarks.md says how to read it.
"""

import argparse
import json
import math
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
STEPS = (
    # id, what is measured, what is aimed at in ms
    ("visible", "from the program's start to a window in sight", 1_500),
    ("stall", "longest stall of the event loop while loading", 50),
    ("again", "the same, opened from its index", 50),
    ("switch", "another page", 150),
    ("first", "a page whose questions were not asked before", 150),
    ("drag", "a frame while the window is dragged", 33),
    ("scroll", "a frame while events scroll", 25),
    ("lives", "a frame while 10,000 lifelines are scrolled and zoomed", 16),
    ("all", "choosing all events", 100),
)
START = """
import time
from inspect_app.app import main
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication

class Watch(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and watched.isWidgetType() and watched.isWindow():
            print(time.monotonic(), flush=True)
            QApplication.instance().removeEventFilter(self)
            QApplication.instance().closeAllWindows()
        return False

real = QApplication.exec
watch = Watch()
def exec_(*_):
    QApplication.instance().installEventFilter(watch)
    return real()
QApplication.exec = exec_
main([])
"""


def milliseconds_to_a_window():
    """A process of its own: from before it is made to the first paint of its window.

    What is installed has its bytecode beside it, so a tree may keep it here as well.
    """
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": home, "XDG_STATE_HOME": home}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [sys.executable, "-c", START], env=environment, capture_output=True, text=True, check=True
        )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (float(done.stdout.splitlines()[0]) - began) * 1_000, used * 1_000


class Stopwatch:
    """Milliseconds since it was made: of the clock, and of the processor on this thread."""

    def __init__(self):
        self.began, self.used = time.perf_counter(), time.thread_time()

    def read(self):
        return (time.perf_counter() - self.began) * 1_000, (time.thread_time() - self.used) * 1_000


class Window:
    """The window on a screen of 1440×900, and what one does in it."""

    def __init__(self):
        from PySide6.QtCore import QCoreApplication

        from inspect_app.ui.stage import Stage

        self.pump = QCoreApplication.processEvents
        self.stage = Stage((1440, 900), "dark")
        self.window = self.stage.window

    def load(self, path):
        """Open a file; gives the longest time between two turns of the event loop, and how long all took."""
        from PySide6.QtCore import QTimer

        beats = []
        timer = QTimer(interval=2)
        timer.timeout.connect(lambda: beats.append(time.perf_counter()))
        timer.start()
        began = time.perf_counter()
        self.window.open_path(str(path))
        before = self.window.workspace.frames
        while self.window.workspace.frames is before and self.window.jobs.busy():
            self.pump()
            time.sleep(0.0005)
        timer.stop()
        gaps = [after - before for before, after in pairwise(beats)]
        return (max(gaps) * 1_000, math.nan), time.perf_counter() - began

    def settle(self):
        self.stage.settle(120.0)

    def turn_to(self, page):
        """From the key that is pressed to the page that is painted."""
        watch = Stopwatch()
        self.window.workspace.turn_to(page)
        while self.window.jobs.busy():
            self.pump()
            time.sleep(0.0005)
        self.window.repaint()
        self.pump()
        return watch.read()

    def frame(self, change, widget):
        """One step of what a hand does, painted once, with all else that it makes the window do at once."""
        watch = Stopwatch()
        change()
        widget.repaint()
        self.pump()
        return watch.read()

    def drag(self, rounds):
        """A window is dragged over the strip, on the overview."""
        from PySide6.QtCore import QEvent, QPointF, Qt
        from PySide6.QtGui import QMouseEvent
        from PySide6.QtWidgets import QApplication

        strip = self.window.areas.strip
        axis = strip.axis()
        left = Qt.MouseButton.LeftButton

        def send(kind, x):
            place = QPointF(x, 40)
            event = QMouseEvent(
                kind, place, strip.mapToGlobal(place), left, left, Qt.KeyboardModifier.NoModifier
            )
            QApplication.sendEvent(strip, event)

        send(QEvent.Type.MouseButtonPress, axis.left + axis.width * 0.2)
        frames = []
        for place in range(rounds * 5):
            x = axis.left + axis.width * (0.25 + 0.5 * place / (rounds * 5))
            frames.append(self.frame(lambda x=x: send(QEvent.Type.MouseMove, x), strip))
        send(QEvent.Type.MouseButtonRelease, axis.left + axis.width * 0.75)
        self.settle()
        self.window.workspace.set_window(None, final=True)
        self.settle()
        return frames

    def scroll(self, rounds):
        """The list of events goes by in pages."""
        grid = self.window.book.events.grid
        bar = grid.verticalScrollBar()
        step = max(1, bar.maximum() // (rounds * 5))
        return [
            self.frame(lambda place=place: bar.setValue(place * step), grid.viewport())
            for place in range(rounds * 5)
        ]

    def choose_all(self):
        grid = self.window.book.events.grid
        found = self.frame(grid.selectAll, grid)
        grid.clearSelection()
        return found


def lifelines(stage, rounds):
    """The tree of 10,000 processes, scrolled, and zoomed by a window on the strip."""
    import numpy as np

    page = stage.window.book.tree
    view, model = page.view, page.model
    view.expandAll()
    stage.pump()
    bar = view.verticalScrollBar()
    frames = [
        stage.frame(lambda place=place: bar.setValue(place), view.viewport())
        for place in np.linspace(0, bar.maximum(), rounds * 5).astype(int).tolist()
    ]
    start, end = page.scope.range
    for part in range(rounds):
        shown = (start, end - (end - start) * part // (rounds + 1))

        def zoom(shown=shown):
            page._header.show_range(shown, page.scope.zero)
            page._delegate.show_range(shown)
            view.viewport().update()

        frames.append(stage.frame(zoom, view.viewport()))
    return frames, model.branches.shown.sum()


def generated(path, events):
    from tests.benchmarks.generated import generate

    generate(path, events, 0)


def measured(path, many, rounds, pages):
    """Figures by the ids of `STEPS`, ms of clock and processor; what a page asks first precedes `switch`."""
    milliseconds_to_a_window()
    figures = {"visible": [milliseconds_to_a_window() for _ in range(3)]}
    window = Window()
    for name in ("stall", "again"):
        stall, seconds = window.load(path)
        figures[name] = [stall]
        print(f"{name}: {seconds:.1f} s to frames", file=sys.stderr)
        window.window.jobs.cancel_all()
    window.turn_to("events")
    window.settle()
    figures["scroll"] = window.scroll(rounds)
    figures["all"] = [window.choose_all() for _ in range(3)]
    figures["drag"] = window.drag(rounds)
    for name in ("first", "switch"):
        figures[name] = []
        for page in pages:
            found = window.turn_to(page)
            print(f"{name} {page}: {found[0]:.0f} ms", file=sys.stderr)
            figures[name].append(found)
            window.settle()
    window.load(many)
    window.settle()
    window.turn_to("tree")
    window.settle()
    figures["lives"], count = lifelines(window, rounds)
    print(f"{count:,} lifelines", file=sys.stderr)
    window.stage.close()
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--pages", default="processes,files,connections,events,streams,tree,overview")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("XDG_CACHE_HOME", str(Path(folder) / "cache"))
        path = options.file or Path(folder) / "ten.exhume"
        if options.file is None:
            generated(path, options.events)
        many = Path(folder) / "many.exhume"
        processes(many)
        figures = measured(path, many, options.rounds, options.pages.split(","))
    machine = f"{platform.system()} {platform.release()}, {os.cpu_count()} processors"
    print(f"{machine}, {os.environ['QT_QPA_PLATFORM']}\n")
    print("| what | median | longest | of it processor, median | aim |\n|---|--:|--:|--:|--:|")
    for name, what, aim in STEPS:
        clock, processor = ([one[which] for one in figures[name]] for which in (0, 1))
        used = statistics.median(processor)
        told = "" if math.isnan(used) else f"{used:.1f} ms"
        print(f"| {what} | {statistics.median(clock):.1f} ms | {max(clock):.1f} ms | {told} | {aim:,} ms |")
    if options.json:
        options.json.write_text(json.dumps(figures))


def processes(path, count=10_000):
    """A capture of many short programs, each made by one of those before."""
    from tests.builders.capture import CaptureBuilder

    book = CaptureBuilder()
    book.process(100, comm="sh", cwd="/", argv=[b"sh"], exe="/bin/sh", uid=0)
    for number in range(count):
        pid = 1_000 + number
        book.fork(100 if number < 20 else 1_000 + (number * 7919) % (number // 2), pid, comm=b"sh")
        book.exec(pid, f"/usr/bin/tool-{number % 60}", ino=50 + number % 60)
        if number % 3:
            book.exit(pid)
    book.write(path)


if __name__ == "__main__":
    main()
