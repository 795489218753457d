import pytest
from click.testing import CliRunner

from capture.cli import main


@pytest.fixture
def run():
    """Runs exhume-capture in this process: a result with exit_code, stdout, stderr."""

    def run(*arguments):
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return run
