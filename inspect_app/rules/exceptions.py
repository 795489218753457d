"""A rule's exceptions as a condition: who is meant by none of them.

An exception has fields, comparisons and tuples of values. Each tuple is a conjunction, the tuples of an
exception are alternatives, and a rule holds where none of its exceptions does (falcosecurity/falco,
proposals/20200828-structured-exception-handling.md).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from inspect_app.filters.expression import quote
from inspect_app.rules.rule import ItemError

_OF_LISTS = ("in", "pmatch", "intersects")


@dataclass(frozen=True, slots=True)
class RuleException:
    """One exception of a rule."""

    name: str
    fields: tuple[str, ...]
    comparisons: tuple[str, ...]
    values: tuple[Any, ...]
    is_single: bool
    """One field whose values are one list."""

    @classmethod
    def read(cls, content: Any, earlier: RuleException | None) -> RuleException:
        """An exception as it is written, or more values for one of that name.

        Raises:
            ItemError: It is none.
        """
        if not isinstance(content, dict) or not isinstance(content.get("name"), str):
            raise ItemError("an exception has a name")
        name, more = content["name"], content.get("values")
        if not isinstance(more, list | None):
            raise ItemError(f"exception {name}: values are a list")
        values = (*(earlier.values if earlier else ()), *(more or ()))
        given = content.get("fields")
        if given is None:
            if earlier is None:
                raise ItemError(f"exception {name}: it has no fields")
            return cls(name, earlier.fields, earlier.comparisons, values, earlier.is_single)
        single = isinstance(given, str)
        fields = (given,) if single else _texts(given, f"exception {name}: fields are texts")
        told = content.get("comps")
        if told is None:
            comparisons: tuple[str, ...] = ("in",) if single else ("=",) * len(fields)
        else:
            what = f"exception {name}: comps are texts"
            comparisons = (told,) if isinstance(told, str) else _texts(told, what)
        if len(fields) != len(comparisons):
            raise ItemError(f"exception {name}: {len(fields)} fields and {len(comparisons)} comps")
        return cls(name, fields, comparisons, values, single)

    def condition(self, lists: Collection[str]) -> str:
        """The condition that holds for who is excepted; empty where there are no values.

        `lists`: names that stand for values. Raises ItemError.
        """
        if not self.values:
            return ""
        if self.is_single and self.comparisons[0] in _OF_LISTS:
            return self._compared(0, list(self.values), lists)
        if self.is_single:
            return " or ".join(self._compared(0, value, lists) for value in self.values)
        return " or ".join(f"({self._tuple(values, lists)})" for values in self.values)

    def _tuple(self, values: Any, lists: Collection[str]) -> str:
        if not isinstance(values, list) or len(values) != len(self.fields):
            raise ItemError(
                f"exception {self.name}: each of its values is a list of {len(self.fields)}, one a field"
            )
        return " and ".join(self._compared(at, value, lists) for at, value in enumerate(values))

    def _compared(self, at: int, value: Any, lists: Collection[str]) -> str:
        comparison = self.comparisons[at]
        if isinstance(value, list):
            inner = ", ".join(_written(one, lists) for one in _texts(value, f"exception {self.name}: values"))
            return f"{self.fields[at]} {comparison} ({inner})"
        if not isinstance(value, str):
            raise ItemError(f"exception {self.name}: a value is a text or a list of texts")
        if comparison in _OF_LISTS:
            inner = value if value.startswith("(") else f"({_written(value, lists)})"
            return f"{self.fields[at]} {comparison} {inner}"
        return f"{self.fields[at]} {comparison} {_written(value, lists)}"


def with_exceptions(condition: str, exceptions: Sequence[RuleException], lists: Collection[str]) -> str:
    """A rule's condition that none of its exceptions meets. Raises ItemError."""
    found = [text for one in exceptions if (text := one.condition(lists))]
    return f"({condition}) and {' and '.join(f'not ({text})' for text in found)}" if found else condition


def _written(value: str, lists: Collection[str]) -> str:
    """A value in a condition: the name of a list and what is quoted already stay as they are."""
    if value in lists or (len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"):
        return value
    return quote(value)


def _texts(values: Any, what: str) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ItemError(f"{what}, and these are not")
    return tuple(values)
