"""exhume-capture: the group and what its --help says."""

from __future__ import annotations

import io
import sys

import click

from capture.cli.check import check
from capture.cli.convert import convert
from capture.cli.encrypt import decrypt, encrypt
from capture.cli.errors import EXIT_CODES
from capture.cli.events import events
from capture.cli.freeze import freeze
from capture.cli.info import info
from capture.cli.keygen import keygen
from capture.cli.merge import merge
from capture.cli.record import record
from capture.cli.redact import redact
from capture.cli.salvage import salvage_command
from capture.cli.slice import slice_command
from capture.cli.verify import verify


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EXIT_CODES,
)
@click.version_option(package_name="exhume", prog_name="exhume-capture")
def main() -> None:
    """Record what this machine and its containers do, and look at what was recorded.

    \b
    Can this machine record?         exhume-capture check
    Record until Ctrl-C:             exhume-capture record -o node.exhume
    Record a minute:                 exhume-capture record -o node.exhume --duration 60s
    Record while a command runs:     exhume-capture record -o build.exhume -- make all
    Keep the last ten minutes only:  exhume-capture record -o ring.exhume --ring 10m
    Save those, and go on:           exhume-capture freeze -o incident.exhume
    What is in it?                   exhume-capture info node.exhume
    Is it whole?                     exhume-capture verify node.exhume
    A part of it as a capture:       exhume-capture slice node.exhume -o web.exhume --container web
    Several as one:                  exhume-capture merge a.exhume b.exhume -o all.exhume
    A copy without secrets:          exhume-capture redact node.exhume -o out.exhume --secrets
    What is whole of a damaged one:  exhume-capture salvage damaged.exhume -o saved.exhume
    For some eyes only:              exhume-capture encrypt node.exhume -r age1d3cpqm0…
    And back:                        exhume-capture decrypt node.exhume.age -i reyes.agekey
    A key to sign with:              exhume-capture keygen reyes
    Its events as lines:             exhume-capture events node.exhume -n 50
    A .scap file as a capture:       exhume-capture convert trace.scap -o trace.exhume

    To dig into a capture, also on another machine: exhume-inspect node.exhume
    """
    # A node's locale may be C or ISO 8859: what it cannot show is shown as \\xNN.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


for command in (
    *(check, record, freeze, info, verify, events, convert),
    *(keygen, slice_command, merge, redact, salvage_command, encrypt, decrypt),
):
    main.add_command(command)
