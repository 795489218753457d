"""How values of a case are stored: each field of a dataclass says its form, its limit and its meaning once.

Reading, writing and the reference in docs/case-files.md go by these. What comes from a file is hostile: every
value is checked against its form, and a field that is not declared is refused by name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import MISSING, dataclass
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, cast, get_type_hints

from inspect_app.cases.errors import CaseError

T = TypeVar("T")


class _Unfit(CaseError):
    """A value is not of its form; the message is the form's name, for who knows the field to say the rest."""


_LEAST, _MOST = -(2**63), 2**63 - 1


@dataclass(frozen=True, slots=True)
class Form:
    """One way to store a value."""

    name: str
    """For people: `text of at most 100 characters`."""
    read: Callable[[Any], Any]
    """The value that was stored; raises CaseError where it is none of this form."""
    write: Callable[[Any], Any]
    """The same as plain JSON."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What a field's annotation says of it: `Annotated[str, Stored(words(100), "what it is called")]`."""

    form: Form
    meaning: str


def words(limit: int) -> Form:
    """A text of so many characters at most."""
    name = f"text of at most {limit:,} characters"

    def read(found: Any) -> str:
        if type(found) is not str or len(found) > limit:
            raise _Unfit(name)
        return found

    return Form(name, read, _same)


def number(least: int = _LEAST, most: int = _MOST) -> Form:
    """A whole number within 64 bits."""
    name = "whole number of 64 bits" if least < 0 else "whole number that is not negative"

    def read(found: Any) -> int:
        if type(found) is not int or not least <= found <= most:
            raise _Unfit(name)
        return found

    return Form(name, read, _same)


def choice(kinds: type[StrEnum]) -> Form:
    """One of some words."""
    known = {kind.value: kind for kind in kinds}
    name = "word out of " + ", ".join(word or "nothing" for word in known)

    def read(found: Any) -> StrEnum:
        if type(found) is not str or found not in known:
            raise _Unfit(name)
        return known[found]

    return Form(name, read, str)


def several(form: Form, most: int) -> Form:
    """A list."""
    name = f"list of at most {most:,}, each a {form.name}"

    def read(found: Any) -> tuple[Any, ...]:
        if type(found) is not list or len(found) > most:
            raise _Unfit(name)
        return tuple([form.read(one) for one in found])

    return Form(name, read, lambda value: [form.write(one) for one in value])


def part(kind: type[Any], name: str) -> Form:
    """A map of declared fields."""
    return Form(name, lambda found: read_fields(kind, found, name), write_fields)


def optional(form: Form) -> Form:
    """The same, or null."""
    return Form(
        f"{form.name}, or null",
        lambda found: None if found is None else form.read(found),
        lambda value: None if value is None else form.write(value),
    )


def read_fields(kind: type[T], found: Any, name: str) -> T:
    """A value of a dataclass out of a JSON object.

    Raises:
        CaseError: Naming what was found and what was wanted.
    """
    if type(found) is not dict:
        raise CaseError(f"a {name} is not a JSON object but {type(found).__name__}")
    forms = _forms(_hashable(kind))
    read = {}
    for key, value in found.items():
        if key not in forms:
            raise CaseError(f"a {name} has the field {key[:80]!r}, which this Exhume does not know")
        try:
            read[key] = forms[key].read(value)
        except _Unfit as error:
            raise CaseError(f"{key!r} of a {name} is not a {error}") from None
    try:
        return kind(**read)
    except TypeError:
        missing = [
            key for key, _, default in _writers(_hashable(kind)) if default is MISSING and key not in read
        ]
        raise CaseError(f"a {name} lacks {', '.join(missing)}") from None


def write_fields(value: Any) -> dict[str, Any]:
    """A value of a dataclass as a JSON object; what is as by default is left out."""
    told = {}
    for name, form, default in _writers(_hashable(type(value))):
        found = getattr(value, name)
        if found != default:
            told[name] = form.write(found)
    return told


def described(kind: type[Any]) -> Iterator[tuple[str, str, str]]:
    """Name, form and meaning of each field, for the reference."""
    for name, one in _declared(_hashable(kind)).items():
        yield name, one.form.name, one.meaning


def _same(value: Any) -> Any:
    return value


def _hashable(kind: Any) -> Hashable:
    """A class, as caches take it."""
    return cast(Hashable, kind)


@cache
def _declared(kind: Hashable) -> Mapping[str, Stored]:
    hints = get_type_hints(kind, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items()}


@cache
def _forms(kind: Hashable) -> Mapping[str, Form]:
    return {name: one.form for name, one in _declared(kind).items()}


@cache
def _writers(kind: Hashable) -> tuple[tuple[str, Form, Any], ...]:
    """Name, form and default of each field; MISSING where it has none."""
    forms = _forms(kind)
    return tuple((one.name, forms[one.name], one.default) for one in dataclasses.fields(cast(Any, kind)))
