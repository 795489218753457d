"""All tables of names, found by the name that `Arg.table` gives."""

from __future__ import annotations

from collections.abc import Mapping

from capture.model.symbols import KeyedTable, Table

TABLES: Mapping[str, Table | KeyedTable] = {}

AARCH64_TABLES: Mapping[str, Table | KeyedTable] = {}


def table_named(name: str, arch: str = "x86_64") -> Table | KeyedTable:
    """The table of a name, as an architecture has it.

    An unknown name has an empty table: numbers are then shown as numbers.
    """
    if arch == "aarch64" and name in AARCH64_TABLES:
        return AARCH64_TABLES[name]
    return TABLES.get(name, Table())
