"""What a desktop is told of the window: its entry, its icon, the types of its files."""

import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PySide6.QtGui import QImage

RESOURCES = Path(__file__).resolve().parents[2] / "resources"
ENTRY, TYPES = RESOURCES / "desktop/exhume-inspect.desktop", RESOURCES / "desktop/exhume.xml"
SHARED = "{http://www.freedesktop.org/standards/shared-mime-info}"


def needs(tool):
    return pytest.mark.skipif(shutil.which(tool) is None, reason=f"needs {tool}")


def test_the_entry_opens_the_types_that_are_declared():
    parser = ConfigParser(interpolation=None)
    parser.optionxform = str
    parser.read(ENTRY)
    entry = parser["Desktop Entry"]
    declared = {one.get("type") for one in ElementTree.parse(TYPES).getroot().iter(f"{SHARED}mime-type")}
    assert declared <= set(entry["MimeType"].split(";"))
    assert entry["Exec"].split() == ["exhume-inspect", "%U"]


def test_the_magic_is_the_beginning_of_the_sample():
    match = next(ElementTree.parse(TYPES).getroot().iter(f"{SHARED}match"))
    magic = match.get("value").encode().decode("unicode_escape").encode("latin-1")
    place = int(match.get("offset"))
    head = (RESOURCES / "samples/incident.exhume").read_bytes()[:64]
    assert head[place : place + len(magic)] == magic


def test_the_icon_can_be_drawn():
    assert not QImage(str(RESOURCES / "icons/exhume.svg")).isNull()


@needs("desktop-file-validate")
def test_the_entry_is_valid():
    done = subprocess.run(["desktop-file-validate", ENTRY], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@needs("update-mime-database")
def test_the_types_are_taken_by_the_database(tmp_path):
    packages = tmp_path / "packages"
    packages.mkdir()
    shutil.copy(TYPES, packages)
    done = subprocess.run(["update-mime-database", tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    globs = (tmp_path / "globs").read_text()
    assert "application/x-exhume:*.exhume\n" in globs
    assert "application/x-exhume-session:*.exhume-session\n" in globs
