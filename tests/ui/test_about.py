"""Versions and licences, out of what is installed."""

import platform

import pytest
from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication

from inspect_app.ui.about.dialog import AboutDialog
from inspect_app.ui.about.libraries import MAX_TEXT, libraries, text_of, version_of

KNOWN = {"numpy", "pandas", "PySide6_Essentials", "Jinja2", "google-re2", "typst", "DejaVu fonts"}


def test_everything_that_is_shipped_is_named_once_with_its_licence():
    found = libraries()
    names = [one.name for one in found]
    assert names[0] == "exhume"
    assert set(names) >= KNOWN
    assert len(set(names)) == len(names)
    assert all(one.licence and one.version for one in found)
    assert not {"pytest", "ruff", "mypy"} & set(names)


@pytest.mark.parametrize("name", ["exhume", "numpy", "DejaVu fonts"])
def test_a_licence_is_shown_in_full(name):
    library = next(one for one in libraries() if one.name == name)
    assert 500 < len(text_of(library)) <= MAX_TEXT


def test_what_is_not_installed_has_no_version():
    assert version_of("no-such-package-here") == "not installed"


def test_the_page_shows_and_copies_the_versions(opened):
    opened.show_about()
    dialog = opened.findChild(AboutDialog)
    line = next(line for line, one in enumerate(dialog.libraries) if one.name == "numpy")
    dialog.table.setCurrentCell(line, 0)
    assert "NumPy" in dialog.text.toPlainText()
    assert dialog.table.item(line, 1).text() == version_of("numpy")
    dialog.close()
    assert f"Python {platform.python_version()}, Qt {qVersion()}" in dialog.versions()
    QGuiApplication.clipboard().setText(dialog.versions())
    assert f"pandas {version_of('pandas')}" in QGuiApplication.clipboard().text()
