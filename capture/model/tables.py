"""All tables of names, found by the name that `Arg.table` gives."""

from __future__ import annotations

from collections.abc import Mapping

from capture.model.abi import Abi
from capture.model.symbols import KeyedTable, Table
from capture.model.symbols_bpf import BPF_TABLES
from capture.model.symbols_events import EVENT_TABLES
from capture.model.symbols_file import AARCH64_FILE_TABLES, FILE_TABLES
from capture.model.symbols_ioctl import IOCTL_TABLES
from capture.model.symbols_memory import AARCH64_MEMORY_TABLES, MEMORY_TABLES
from capture.model.symbols_net import NET_TABLES
from capture.model.symbols_prctl import PRCTL_TABLES
from capture.model.symbols_process import AARCH64_PROCESS_TABLES, PROCESS_TABLES
from capture.model.symbols_system import SYSTEM_TABLES

TABLES: Mapping[str, Table | KeyedTable] = {
    **FILE_TABLES,
    **IOCTL_TABLES,
    **NET_TABLES,
    **MEMORY_TABLES,
    **PROCESS_TABLES,
    **PRCTL_TABLES,
    **SYSTEM_TABLES,
    **BPF_TABLES,
    **EVENT_TABLES,
}
"""The tables of x86_64, and of aarch64 where it has none of its own."""

AARCH64_TABLES: Mapping[str, Table | KeyedTable] = {
    **AARCH64_FILE_TABLES,
    **AARCH64_MEMORY_TABLES,
    **AARCH64_PROCESS_TABLES,
}


def table_named(name: str, abi: str = Abi.X86_64) -> Table | KeyedTable:
    """The table of a name, as an ABI has it.

    Raises:
        KeyError: there is no such table.
    """
    if abi in (Abi.AARCH64, Abi.ARM) and name in AARCH64_TABLES:
        return AARCH64_TABLES[name]
    return TABLES[name]
