"""Names for calls on memory."""

from __future__ import annotations

from capture.model.symbols import (
    KeyedTable,
    Rest,
    Table,
    choice,
    choice_and_flags,
    flags,
)

_PROT = "PROT_READ=1 PROT_WRITE=2 PROT_EXEC=4 PROT_SEM=8 PROT_GROWSDOWN=0x1000000 PROT_GROWSUP=0x2000000 "

_MAP_TYPES = "MAP_SHARED=1 MAP_PRIVATE=2 MAP_SHARED_VALIDATE=3 MAP_DROPPABLE=8"
_MAP_FLAGS = """
    MAP_FIXED=0x10 MAP_ANONYMOUS=0x20 MAP_GROWSDOWN=0x100 MAP_DENYWRITE=0x800 MAP_EXECUTABLE=0x1000
    MAP_LOCKED=0x2000 MAP_NORESERVE=0x4000 MAP_POPULATE=0x8000 MAP_NONBLOCK=0x10000 MAP_STACK=0x20000
    MAP_HUGETLB=0x40000 MAP_SYNC=0x80000 MAP_FIXED_NOREPLACE=0x100000
"""


def _map_flags(of_the_architecture: str) -> Table:
    return choice_and_flags(_MAP_TYPES, 0xF, _MAP_FLAGS + of_the_architecture, rest=Rest.HUGE)


MEMORY_TABLES: dict[str, Table | KeyedTable] = {
    "mmap_prot": flags(_PROT, zero="PROT_NONE"),
    "mmap_flags": _map_flags("MAP_32BIT=0x40 MAP_ABOVE4G=0x80"),
    "mremap_flags": flags("MREMAP_MAYMOVE=1 MREMAP_FIXED=2 MREMAP_DONTUNMAP=4"),
    "msync_flags": flags("MS_ASYNC=1 MS_INVALIDATE=2 MS_SYNC=4"),
    "madvise": choice("""
        MADV_NORMAL=0 MADV_RANDOM=1 MADV_SEQUENTIAL=2 MADV_WILLNEED=3 MADV_DONTNEED=4 MADV_FREE=8
        MADV_REMOVE=9 MADV_DONTFORK=10 MADV_DOFORK=11 MADV_MERGEABLE=12 MADV_UNMERGEABLE=13
        MADV_HUGEPAGE=14 MADV_NOHUGEPAGE=15 MADV_DONTDUMP=16 MADV_DODUMP=17 MADV_WIPEONFORK=18
        MADV_KEEPONFORK=19 MADV_COLD=20 MADV_PAGEOUT=21 MADV_POPULATE_READ=22 MADV_POPULATE_WRITE=23
        MADV_DONTNEED_LOCKED=24 MADV_COLLAPSE=25 MADV_HWPOISON=100 MADV_SOFT_OFFLINE=101
        MADV_GUARD_INSTALL=102 MADV_GUARD_REMOVE=103
    """),
    "mlock2_flags": flags("MLOCK_ONFAULT=1"),
    "mlockall_flags": flags("MCL_CURRENT=1 MCL_FUTURE=2 MCL_ONFAULT=4"),
    "pkey_access": flags("PKEY_DISABLE_ACCESS=1 PKEY_DISABLE_WRITE=2"),
    "shadow_stack_flags": flags("SHADOW_STACK_SET_TOKEN=1 SHADOW_STACK_SET_MARKER=2"),
    "memfd_flags": flags(
        "MFD_CLOEXEC=1 MFD_ALLOW_SEALING=2 MFD_HUGETLB=4 MFD_NOEXEC_SEAL=8 MFD_EXEC=0x10", rest=Rest.HUGE
    ),
    "mempolicy_mode": choice_and_flags(
        """
        MPOL_DEFAULT=0 MPOL_PREFERRED=1 MPOL_BIND=2 MPOL_INTERLEAVE=3 MPOL_LOCAL=4 MPOL_PREFERRED_MANY=5
        MPOL_WEIGHTED_INTERLEAVE=6
        """,
        0x1FFF,
        "MPOL_F_NUMA_BALANCING=0x2000 MPOL_F_RELATIVE_NODES=0x4000 MPOL_F_STATIC_NODES=0x8000",
    ),
    "mempolicy_flags": flags("MPOL_MF_STRICT=1 MPOL_MF_MOVE=2 MPOL_MF_MOVE_ALL=4"),
    "get_mempolicy_flags": flags("MPOL_F_NODE=1 MPOL_F_ADDR=2 MPOL_F_MEMS_ALLOWED=4"),
    # The low 15 bits are a priority.
    "swap_flags": flags(
        "SWAP_FLAG_PREFER=0x8000 SWAP_FLAG_DISCARD=0x10000 SWAP_FLAG_DISCARD_ONCE=0x20000 "
        "SWAP_FLAG_DISCARD_PAGES=0x40000"
    ),
}

AARCH64_MEMORY_TABLES: dict[str, Table | KeyedTable] = {
    "mmap_prot": flags(_PROT + "PROT_BTI=0x10 PROT_MTE=0x20", zero="PROT_NONE"),
    "mmap_flags": _map_flags(""),
    "pkey_access": flags(
        "PKEY_DISABLE_ACCESS=1 PKEY_DISABLE_WRITE=2 PKEY_DISABLE_EXECUTE=4 PKEY_DISABLE_READ=8"
    ),
}
