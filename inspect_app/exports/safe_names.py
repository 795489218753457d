"""Names of recorded files as names that do no harm anywhere.

    00012-passwd   a number that no other has, then what is left of the last part of the path

So nothing is ever written outside of the folder, no two names differ in case alone, and none is reserved on
Windows. The whole path is in the map beside it.
"""

from __future__ import annotations

import re

from capture.model.text import printable

LONGEST = 80
"""Characters of a name that are kept; what follows the last dot stays."""
_ALLOWED = re.compile(r"[^\w.+=,@ -]", re.ASCII)
_LONGEST_END = 10


def safe_name(number: int, path: str) -> str:
    """The name under which a recorded file is saved."""
    last = path.rstrip("/").rpartition("/")[2]
    name = _ALLOWED.sub("_", printable(last, 4_096)).strip(" .")
    if len(name) > LONGEST:
        ending = name.rpartition(".")[2]
        end = f".{ending}" if "." in name and len(ending) <= _LONGEST_END else ""
        name = name[: LONGEST - len(end)].rstrip(" .") + end
    return f"{number:05}-{name or 'unnamed'}"
