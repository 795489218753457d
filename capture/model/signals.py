"""Names of signals; x86_64 and aarch64 number them alike."""

from __future__ import annotations

from capture.model.symbols import sequence

SIGNALS = sequence(
    "0 SIGHUP SIGINT SIGQUIT SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGKILL SIGUSR1 SIGSEGV SIGUSR2 SIGPIPE "
    "SIGALRM SIGTERM SIGSTKFLT SIGCHLD SIGCONT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGXCPU SIGXFSZ "
    "SIGVTALRM SIGPROF SIGWINCH SIGIO SIGPWR SIGSYS"
)

FIRST_REALTIME, LAST = 32, 64


def signal_name(number: int) -> str:
    """`SIGKILL` for 9, `SIGRT_2` for 34 (counted as the kernel counts), a number for what is no signal."""
    if FIRST_REALTIME <= number <= LAST:
        return f"SIGRT_{number - FIRST_REALTIME}"
    return SIGNALS.values.get(number, str(number))
