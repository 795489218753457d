"""How a command ends: exit codes, and errors as one line on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from enum import IntEnum
from functools import wraps
from typing import NoReturn, ParamSpec, TypeVar

import click

from capture.agent.errors import CaptureError
from capture.evidence.errors import EvidenceError
from capture.format import FormatError
from capture.format.placing import is_of_writing, reason_of
from capture.model.text import printable

P = ParamSpec("P")
R = TypeVar("R")


class Exit(IntEnum):
    """Exit codes of exhume-capture."""

    FINE = 0
    FAILED = 1
    """Something that is told on standard error; `check`: the machine cannot record."""
    USAGE = 2
    CUT_SHORT = 3
    ALTERED = 4
    UNREADABLE = 5
    """No such file, no permission, not a capture."""
    WRITE_FAILED = 6
    """A file could not be written; a recording ended early by that."""
    UNTRUSTED = 7
    """`verify`: whole, but not signed by the --key, or not made of the --parent."""


EXIT_CODES = """
\b
Exit codes:
  0  fine
  1  failed, the reason is on standard error
  2  wrong usage
  3  the capture is cut short (what is whole was read)
  4  the capture was altered
  5  not readable: no such file, no permission, not a capture
  6  the file could not be written; a recording ended early
  7  verify: the capture is whole, but not signed by the --key or not made of the --parent
"""


def fail(message: str, code: Exit) -> NoReturn:
    """One line on standard error, and the end."""
    click.echo(f"exhume-capture: {printable(message)}", err=True)
    sys.exit(code)


def _file_meant(options: Mapping[str, object]) -> str:
    """The file that a command was given, empty where there are several or none."""
    for name, value in options.items():
        if name == "output":
            continue
        files = value if isinstance(value, tuple) else (value,)
        if len(files) == 1 and isinstance(files[0], os.PathLike):
            return str(files[0])
    return ""


def told_in_one_line(command: Callable[P, R]) -> Callable[P, R]:
    """Turn what can go wrong into one line and an exit code; no traceback reaches a user."""

    @wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except click.ClickException:
            raise
        except FormatError as error:
            path = _file_meant(kwargs)
            fail(f"{path}: {error}" if path else str(error), Exit.UNREADABLE)
        except (CaptureError, EvidenceError) as error:
            fail(str(error), Exit.FAILED)
        except BrokenPipeError:
            # The reader of our output has seen enough.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(Exit.FINE)
        except OSError as error:
            fail(reason_of(error), Exit.WRITE_FAILED if is_of_writing(error) else Exit.UNREADABLE)
        except KeyboardInterrupt:
            sys.exit(130)
        except Exception as error:
            if os.environ.get("EXHUME_TRACEBACK"):
                raise
            what = f"{type(error).__name__}: {error}"
            fail(f"a mistake in Exhume ended this ({what}); EXHUME_TRACEBACK=1 shows where", Exit.FAILED)

    return guarded
