"""Options that each put code into the probe, together: the verifier takes what they make of it."""

import pytest

from tests.kernel.captures import Capture, record

pytestmark = pytest.mark.kernel


@pytest.mark.parametrize(
    "options",
    [
        "--only-comm sh,true --skip-pod prod/x --skip-call futex --payload path:/etc/=300 "
        "--payload port:80=40 --payload container:a=0 --environment --snaplen 65536",
        "--skip-uid 5 --only-category file --redact-secrets --snaplen 0",
    ],
)
def test_the_probe_loads_and_records_with(tmp_path, options):
    done = record(tmp_path / "x.exhume", "sh", "-c", "/bin/true", options=options.split())
    assert done.returncode == 0, done.stderr
    assert Capture(tmp_path / "x.exhume").calls("execve", ret=0)
