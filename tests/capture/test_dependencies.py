"""What a node must have: nothing is imported that `pip install exhume` does not bring."""

import json
import subprocess
import sys
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

from packaging.requirements import Requirement

LISTED = """
import sys
before = set(sys.modules)
import json, pkgutil, importlib
import capture
for module in pkgutil.walk_packages(capture.__path__, "capture."):
    importlib.import_module(module.name)
print(json.dumps(sorted({name.split(".")[0] for name in set(sys.modules) - before})))
"""


def needed(name, found):
    """A distribution and all that it requires without extras."""
    if name in found:
        return found
    found.add(name)
    for line in distribution(name).requires or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            needed(requirement.name.lower(), found)
    return found


def test_the_recorder_imports_only_what_comes_with_it():
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", LISTED]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    brought = needed("exhume", set())
    owners = packages_distributions()
    foreign = {
        name: owners[name]
        for name in json.loads(done.stdout)
        if name in owners and not brought & {owner.lower() for owner in owners[name]}
    }
    assert foreign == {}
