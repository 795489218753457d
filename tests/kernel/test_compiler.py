"""Compiling the probe once and loading it again."""

import pytest

from capture.agent import compiler
from capture.agent.compiler import NotCompiledError, compiled, digest
from tests.kernel.captures import ENVIRONMENT, Capture, exhume_capture

pytestmark = pytest.mark.kernel

NO_COMPILER = "import sys; sys.modules['bcc'] = None; "


def test_the_second_recording_needs_no_compiler_and_records_the_same(tmp_path):
    environment = {**ENVIRONMENT, "CACHE_DIRECTORY": str(tmp_path / "cache")}
    for name, before in (("first", ""), ("second", NO_COMPILER)):
        path = tmp_path / f"{name}.exhume"
        program = ("/bin/cat", "/etc/hostname")
        done = exhume_capture("record", "-o", path, "--", *program, before=before, env=environment)
        assert done.returncode == 0, done.stderr
        opened = [call.text for call in Capture(path).calls("openat")]
        assert opened.count(b"/etc/hostname") == 1


def test_a_recording_to_standard_output_leaves_nothing_on_the_machine(tmp_path):
    environment = {**ENVIRONMENT, "CACHE_DIRECTORY": str(tmp_path / "cache")}
    done = exhume_capture("record", "-o", "-", "--", "true", env=environment, text=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert list(tmp_path.iterdir()) == []


def test_what_does_not_compile_is_told_in_the_words_of_the_compiler():
    with pytest.raises(NotCompiledError, match="unknown type name 'nothing'"):
        compiled("nothing here;", [])


def test_another_text_constant_header_or_kernel_is_another_probe(monkeypatch, tmp_path):
    names = {digest("a", []), digest("b", []), digest("a", ["-DX=1"])}
    monkeypatch.setattr(compiler, "BPF_SOURCE", tmp_path)
    names.add(digest("a", []))
    monkeypatch.setattr(compiler.os, "uname", lambda: ("Linux", "node", "6.1.0", "#1", "x86_64"))
    names.add(digest("a", []))
    assert len(names) == 5
