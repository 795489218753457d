"""What is remembered."""

import subprocess
import sys

from PySide6.QtCore import QSettings

from inspect_app.ui.settings import Settings
from inspect_app.ui.theme import ThemeName


def test_settings_survive_into_another_process(tmp_path):
    """In one process Qt answers from memory, where a list of one text stays a list."""
    file = str(tmp_path / "settings.ini")
    settings = Settings(QSettings(file, QSettings.Format.IniFormat))
    settings.add_recent("/captures/one.exhume")
    settings.add_filter("proc.name = 'a, b'")
    settings.set_theme(ThemeName.LIGHT)
    del settings
    script = (
        "import sys; from PySide6.QtCore import QSettings; from inspect_app.ui.settings import Settings\n"
        "s = Settings(QSettings(sys.argv[1], QSettings.Format.IniFormat))\n"
        "print(s.recent_files(), s.filters(), s.theme().value)"
    )
    run = subprocess.run([sys.executable, "-c", script, file], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == """['/captures/one.exhume'] ["proc.name = 'a, b'"] light"""


def test_recent_files_are_the_last_ten_each_once(settings):
    for name in [*"abcdefghijkl", "c"]:
        settings.add_recent(f"/x/{name}")
    assert settings.recent_files() == [f"/x/{name}" for name in "clkjihgfed"]


def test_damaged_settings_count_as_none(tmp_path):
    store = QSettings(str(tmp_path / "bad.ini"), QSettings.Format.IniFormat)
    store.setValue("recent", "{not json")
    store.setValue("theme", "purple")
    settings = Settings(store)
    assert settings.recent_files() == []
    assert settings.theme() is ThemeName.SYSTEM
