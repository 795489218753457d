"""Where samples of .scap files are, which are no part of the project, and what others say of them."""

import json
import os
import re
from functools import cache
from pathlib import Path

_HERE = Path(__file__).resolve()


@cache
def samples() -> Path | None:
    """The folder that SCAP_SAMPLES names, else `shared/samples` beside the project; None without it."""
    named = os.environ.get("SCAP_SAMPLES")
    beside = (Path(named),) if named else tuple(folder / "shared/samples" for folder in _HERE.parents)
    return next((folder for folder in beside if (folder / "README.md").is_file()), None)


NO_SAMPLES = "no .scap samples: put them into ../shared/samples, or name their folder in SCAP_SAMPLES"


def counted() -> dict[str, int]:
    """The number of event blocks that an independent reader found in each sample, by its README."""
    folder = samples()
    if folder is None:
        return {}
    rows = re.findall(
        r"^\| (\S+\.scap) \| 1\.\d \| (\d+) \|", (folder / "README.md").read_text("utf-8"), re.M
    )
    return {name: int(count) for name, count in rows}


def oracle(name: str) -> dict:
    """What sysdig prints of a sample."""
    return json.loads((samples() / "oracle" / f"{name}.json").read_text("utf-8"))
