"""Pages as pictures, and the command that makes them."""

import subprocess
import sys

import pytest

from inspect_app.ui.screenshot import PAGES, ScreenshotError, render_page
from tests.builders.capture import CaptureBuilder
from tests.ui.test_window import small_capture

PNG = b"\x89PNG\r\n\x1a\n"


def run(*words, **environment):
    """The program in a process of its own, as a user starts it."""
    import os

    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("QT_", "DISPLAY", "WAYLAND"))
    }
    script = "import sys; from inspect_app.app import main; main(sys.argv[1:])"
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, words)],
        capture_output=True, text=True, env=clean | environment, timeout=300, check=False,
    )  # fmt: skip


def test_a_page_is_drawn_in_the_size_asked_for(qapp, tmp_path):
    from PySide6.QtGui import QImage

    out = tmp_path / "page.png"
    render_page(small_capture(tmp_path / "one.exhume"), "files", out, (1_000, 640), "light")
    picture = QImage(str(out))
    assert (picture.width(), picture.height()) == (1_000, 640)


def test_the_same_page_is_drawn_the_same(qapp, tmp_path):
    path = small_capture(tmp_path / "one.exhume")
    for name in ("first.png", "second.png"):
        render_page(path, "overview", tmp_path / name, (1_000, 640), "dark")
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()


def test_what_cannot_be_drawn_is_told(qapp, tmp_path):
    path = small_capture(tmp_path / "one.exhume")
    with pytest.raises(ScreenshotError, match="no page 'nothing'"):
        render_page(path, "nothing", tmp_path / "a.png")
    with pytest.raises(ScreenshotError, match="there is no such file"):
        render_page(tmp_path / "gone.exhume", "files", tmp_path / "a.png")
    with pytest.raises(ScreenshotError, match="could not write"):
        render_page(path, "files", tmp_path / "no folder" / "a.png")


def test_the_command_draws_without_a_display(tmp_path):
    path, out = small_capture(tmp_path / "one.exhume"), tmp_path / "tree.png"
    done = run("screenshot", path, "--page", "tree", "-o", out, "--size", "800x600")
    assert (done.returncode, done.stderr) == (0, "")
    assert out.read_bytes().startswith(PNG)


def test_the_command_draws_a_set(tmp_path):
    book, out = CaptureBuilder(), tmp_path / "set.png"
    book.process(100, comm="sh")
    for at in range(6):
        book.event("read", pid=100, ret=5, args=(3, at, 5))
    files = book.write_set(tmp_path, 3)
    for words in ([tmp_path], files):
        done = run("screenshot", *words, "--page", "processes", "-o", out, "--size", "800x600")
        assert (done.returncode, done.stderr) == (0, "")
        assert out.read_bytes().startswith(PNG)
        out.unlink()


def test_the_command_tells_a_file_cut_short(tmp_path):
    path, out = small_capture(tmp_path / "one.exhume"), tmp_path / "files.png"
    path.write_bytes(path.read_bytes()[:-200])
    done = run("screenshot", path, "--page", "files", "-o", out)
    assert done.returncode == 3
    assert out.exists()


@pytest.mark.parametrize("words", [("--help",), ("screenshot", "--help"), ("view", "--help"), ("--version",)])
def test_help_never_loads_qt(words):
    script = (
        "import sys; from inspect_app.app import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit as left: assert not left.code\n"
        "assert not [name for name in sys.modules if name.startswith('PySide6')]"
    )
    done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_without_a_display_one_line_says_what_else_there_is(tmp_path):
    done = run(small_capture(tmp_path / "one.exhume"))
    assert done.returncode == 5
    assert len(done.stderr.splitlines()) == 1
    assert "exhume-inspect report" in done.stderr


def test_a_display_that_does_not_answer_is_told(tmp_path):
    done = run(small_capture(tmp_path / "one.exhume"), DISPLAY=":4711")
    assert done.returncode == 5
    assert done.stderr.startswith("exhume-inspect: the display :4711 does not answer;")
    assert len(done.stderr.splitlines()) == 1


def test_a_mistyped_command_is_told_before_any_window(tmp_path):
    done = run("procesess")
    assert done.returncode == 5
    assert "no file and no command named 'procesess'" in done.stderr


@pytest.mark.parametrize(
    ("words", "opens"),
    [
        ([], True),
        (["node.exhume"], True),
        (["--", "view"], True),
        (["view"], False),
        (["view", "node.exhume", "files"], False),
        (["--help"], False),
    ],
)
def test_a_file_opens_a_window_and_a_command_does_not(words, opens):
    from inspect_app.app import wants_window
    from inspect_app.cli import main

    assert wants_window(words, main) is opens


def test_the_defect_of_pyside_is_looked_for():
    from inspect_app.app.launch import broken_qt

    assert broken_qt() == ""


def test_all_pictures_are_drawn_by_one_command(qapp, tmp_path):
    from inspect_app.ui.pictures import draw_all

    path = small_capture(tmp_path / "one.exhume")
    drawn = draw_all(tmp_path / "pictures", path, themes=["light"], sizes=[(1_280, 720)])
    assert {f"{page}-light-1280x720.png" for page in PAGES} < {one.name for one in drawn}
    assert all(path.read_bytes().startswith(PNG) for path in drawn)


def test_every_page_has_its_name_in_the_help():
    done = run("screenshot", "--help")
    assert all(page in done.stdout for page in PAGES)
