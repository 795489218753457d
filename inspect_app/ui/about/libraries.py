"""What Exhume is made of, out of what each package says of itself where it is installed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import PurePath

MAX_TEXT = 200_000
"""Characters of a licence that are shown."""
FONTS = "DejaVu fonts"
_LONGEST_NAME = 60
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_OURS = "exhume"
_NOT_SHIPPED = ("test", "fuzz")
"""Extras that only those need who work on Exhume."""
_LICENCE_FILE = re.compile(r"(licen[cs]e|copying|notice)", re.IGNORECASE)
_SUFFIXES = ("", ".txt", ".md", ".rst", ".apache", ".bsd", ".mit")


@dataclass(frozen=True, slots=True)
class Library:
    """A package that is installed."""

    name: str
    version: str
    licence: str
    """Its name; `text_of` gives what it says."""


def libraries() -> tuple[Library, ...]:
    """Exhume, then all that it needs and is installed, by name; last what comes as files alone."""
    ours, found, wanted = _library(_OURS), {}, list(_needs(_OURS))
    while wanted:
        name = wanted.pop()
        if name not in found and name != _OURS:
            library = _library(name)
            found[name] = library
            wanted += _needs(name) if library is not None else []
    others = sorted(filter(None, found.values()), key=lambda one: one.name.casefold())
    return tuple(one for one in (ours, *others, _fonts()) if one is not None)


def version_of(distribution: str) -> str:
    """The version of an installed package, `not installed` where it is not."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "not installed"


def _needs(name: str) -> Iterator[str]:
    """Names of what a package needs; of Exhume also what its extras for use need."""
    try:
        lines = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return
    for line in lines:
        found = _NAME.match(line)
        extra = re.search(r"extra\s*==\s*['\"]([\w-]+)['\"]", line)
        if found and (extra is None or (name == _OURS and extra[1] not in _NOT_SHIPPED)):
            yield re.sub(r"[-_.]+", "-", found[0]).lower()


def _library(name: str) -> Library | None:
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None
    classes = [line.rpartition(" :: ")[2] for line in _told(found, "Classifier") if "License" in line]
    short = " ".join(_told(found, "License")).strip().partition("\n")[0]
    by_name = short if 0 < len(short) <= _LONGEST_NAME else ", ".join(classes)
    named = " ".join(_told(found, "License-Expression")) or by_name or "see its text"
    return Library(" ".join(_told(found, "Name")) or name, found.version, named)


def _told(found: metadata.Distribution, field: str) -> list[str]:
    return [str(value) for value in found.metadata.get_all(field) or []]


def text_of(library: Library) -> str:
    """The licence itself, empty where the package does not hold it."""
    if library == _fonts():
        own = resources.files("resources") / "fonts" / "LICENSE-DejaVu.txt"
        return own.read_text(encoding="utf-8")[:MAX_TEXT]
    try:
        found = metadata.distribution(library.name)
    except metadata.PackageNotFoundError:
        return ""
    texts = []
    for file in found.files or []:
        path = PurePath(str(file))
        if _LICENCE_FILE.search(path.stem) and path.suffix.lower() in _SUFFIXES:
            try:
                texts.append(file.read_text())
            except (OSError, UnicodeDecodeError, ValueError):
                continue
    said = " ".join(_told(found, "License"))
    return ("\n\n".join(texts) or (said if "\n" in said else ""))[:MAX_TEXT]


def _fonts() -> Library:
    return Library(FONTS, "2.37", "Bitstream Vera licence")
