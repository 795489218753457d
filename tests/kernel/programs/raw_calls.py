"""Calls by their numbers, for programs of this folder whose calls no library makes as they are."""

import ctypes

libc = ctypes.CDLL(None, use_errno=True)
kept = []


def pointer(data):
    """Where bytes lie; they are kept for good."""
    kept.append(ctypes.create_string_buffer(bytes(data), len(data)))
    return ctypes.addressof(kept[-1])


def call(number, *arguments):
    """The result, or -errno."""
    done = libc.syscall(number, *(ctypes.c_long(value) for value in arguments))
    return done if done >= 0 else -ctypes.get_errno()
