"""A window on a real X server, started as a user starts it."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.ui.test_window import small_capture


@pytest.fixture
def display():
    """A screen that nobody sees."""
    server = shutil.which("Xvfb")
    if server is None:
        pytest.skip("needs Xvfb: apt install xvfb")
    reading, writing = os.pipe()
    command = [server, "-displayfd", str(writing), "-screen", "0", "1440x900x24", "-nolisten", "tcp"]
    process = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        number = pipe.readline().strip()
    if not number:
        process.wait(5)
        pytest.skip("Xvfb found no display to serve")
    yield f":{number}"
    process.terminate()
    process.wait(10)


SCRIPT = """
import sys, time
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
import inspect_app.ui.run as program
from inspect_app.ui.window import MainWindow
windows = []
class Watched(MainWindow):
    def __init__(self, *args):
        super().__init__(*args)
        windows.append(self)
        self.resize(1300, 800)
        QTimer.singleShot(200, self.look)
    def look(self):
        ready = self.workspace.frames is not None and not self.jobs.busy()
        if not ready:
            QTimer.singleShot(100, self.look)
            return
        QTimer.singleShot(300, self.take)
    def take(self):
        picture = QApplication.primaryScreen().grabWindow(self.winId())
        picture.save(sys.argv[2])
        print(QApplication.platformName(), self.title.capture_name, self.isActiveWindow())
        self.close()
program.MainWindow = Watched
sys.exit(program.run_window(sys.argv[1]))
"""


def test_a_window_opens_on_a_real_screen(display, tmp_path, qapp):
    from PySide6.QtGui import QImage

    path, out = small_capture(tmp_path / "one.exhume"), tmp_path / "screen.png"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("QT_")}
    home = {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "XDG_CONFIG_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path), str(out)], env=clean | home, capture_output=True, text=True,
        timeout=240, check=False,
    )  # fmt: skip
    if "could not load the Qt platform plugin" in done.stderr.lower():
        pytest.skip(f"Qt's xcb platform lacks a library: {done.stderr.strip().splitlines()[0]}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("xcb one.exhume")
    picture = QImage(str(out))
    colours = {
        picture.pixelColor(x, y).rgb()
        for x in range(0, picture.width(), 7)
        for y in range(0, picture.height(), 7)
    }
    assert len(colours) > 20
