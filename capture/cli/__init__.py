"""exhume-capture, the command of the node side."""

import os
from importlib import import_module

# numpy's OpenBLAS starts a thread for each processor as it is imported. Nothing here multiplies matrices,
# and such a thread would keep the privileges that the recorder gives up. The command that is recorded gets
# its environment as it was.
_given = os.environ.get("OPENBLAS_NUM_THREADS")
os.environ["OPENBLAS_NUM_THREADS"] = "1"
import_module("numpy")
if _given is None:
    del os.environ["OPENBLAS_NUM_THREADS"]
else:
    os.environ["OPENBLAS_NUM_THREADS"] = _given

from capture.cli.main import main  # noqa: E402  after numpy, see above

__all__ = ["main"]
