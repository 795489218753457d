"""Names of the numbers in events that are no system calls: signals, modules, credentials, namespaces.

Sources: include/uapi/asm-generic/siginfo.h, include/trace/events/signal.h,
Documentation/admin-guide/tainted-kernels.rst.
"""

from __future__ import annotations

from capture.model.signals import LAST
from capture.model.symbols import KeyedTable, Table, flags, numbers, sequence

_ANY_CODE = """
    SI_USER=0 SI_KERNEL=0x80 SI_QUEUE=-1 SI_TIMER=-2 SI_MESGQ=-3 SI_ASYNCIO=-4 SI_SIGIO=-5 SI_TKILL=-6
    SI_DETHREAD=-7 SI_ASYNCNL=-60
"""
_CODES = {
    4: "ILL_ILLOPC ILL_ILLOPN ILL_ILLADR ILL_ILLTRP ILL_PRVOPC ILL_PRVREG ILL_COPROC ILL_BADSTK ILL_BADIADDR",
    5: "TRAP_BRKPT TRAP_TRACE TRAP_BRANCH TRAP_HWBKPT TRAP_UNK TRAP_PERF",
    7: "BUS_ADRALN BUS_ADRERR BUS_OBJERR BUS_MCEERR_AR BUS_MCEERR_AO",
    8: "FPE_INTDIV FPE_INTOVF FPE_FLTDIV FPE_FLTOVF FPE_FLTUND FPE_FLTRES FPE_FLTINV FPE_FLTSUB",
    11: "SEGV_MAPERR SEGV_ACCERR SEGV_BNDERR SEGV_PKUERR SEGV_ACCADI SEGV_ADIDERR SEGV_ADIPERR SEGV_MTEAERR "
    "SEGV_MTESERR SEGV_CPERR",
    17: "CLD_EXITED CLD_KILLED CLD_DUMPED CLD_TRAPPED CLD_STOPPED CLD_CONTINUED",
    29: "POLL_IN POLL_OUT POLL_MSG POLL_ERR POLL_PRI POLL_HUP",
    31: "SYS_SECCOMP SYS_USER_DISPATCH",
}


def _codes(signal: int) -> Table:
    return Table({**sequence(_CODES.get(signal, ""), start=1).values, **numbers(_ANY_CODE)})


SIGNAL_ACTIONS = sequence("ignored handled stops kills dumps_core")

EVENT_TABLES: dict[str, Table | KeyedTable] = {
    "signal_code": KeyedTable("sig", {signal: _codes(signal) for signal in range(1, LAST + 1)}),
    "signal_result": sequence("delivered ignored already_pending overflow lost_info"),
    "signal_scope": sequence("thread process group session"),
    "signal_action": SIGNAL_ACTIONS,
    "credential_parts": flags(
        "uids=1 gids=2 capabilities=4 bounding_set=8 ambient_set=0x10 securebits=0x20 groups=0x40"
    ),
    "name_state": sequence("named unnamed"),
    "io_uring_cqe_flags": flags(
        "IORING_CQE_F_BUFFER=1 IORING_CQE_F_MORE=2 IORING_CQE_F_SOCK_NONEMPTY=4 IORING_CQE_F_NOTIF=8 "
        "IORING_CQE_F_BUF_MORE=0x10"
    ),
    "io_uring_setup_flags": flags("""
        IORING_SETUP_IOPOLL=1 IORING_SETUP_SQPOLL=2 IORING_SETUP_SQ_AFF=4 IORING_SETUP_CQSIZE=8
        IORING_SETUP_CLAMP=0x10 IORING_SETUP_ATTACH_WQ=0x20 IORING_SETUP_R_DISABLED=0x40
        IORING_SETUP_SUBMIT_ALL=0x80 IORING_SETUP_COOP_TASKRUN=0x100 IORING_SETUP_TASKRUN_FLAG=0x200
        IORING_SETUP_SQE128=0x400 IORING_SETUP_CQE32=0x800 IORING_SETUP_SINGLE_ISSUER=0x1000
        IORING_SETUP_DEFER_TASKRUN=0x2000 IORING_SETUP_NO_MMAP=0x4000
        IORING_SETUP_REGISTERED_FD_ONLY=0x8000 IORING_SETUP_NO_SQARRAY=0x10000
        IORING_SETUP_HYBRID_IOPOLL=0x20000 IORING_SETUP_CQE_MIXED=0x40000
    """),
    "module_taints": flags("""
        PROPRIETARY=1 FORCED=2 STAGING=0x400 OUT_OF_TREE=0x1000 UNSIGNED=0x2000 LIVEPATCH=0x8000
        TEST=0x40000
    """),
}
