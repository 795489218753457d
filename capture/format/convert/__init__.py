"""Captures of other recorders, read into our columns: .scap files of sysdig, Falco and Stratoshark."""

from capture.format.convert.converting import Conversion, convert
from capture.format.convert.files import CONVERTER, convert_file, digest_of, is_foreign
from capture.format.convert.source import is_scap

__all__ = [
    "CONVERTER",
    "Conversion",
    "convert",
    "convert_file",
    "digest_of",
    "is_foreign",
    "is_scap",
]
