import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from capture.cli import main
from tests.builders.golden import write_golden

REPOSITORY = Path(__file__).parents[3]
COMMAND = [sys.executable, "-c", "from capture.cli import main; main()"]


@pytest.fixture
def capture(tmp_path):
    """A whole capture with a little of everything."""
    path = tmp_path / "node.exhume"
    write_golden(path)
    return path


@pytest.fixture
def run():
    """Runs exhume-capture in this process: a result with exit_code, stdout, stderr."""

    def run(*arguments):
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return run
