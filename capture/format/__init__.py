"""The capture file: blocks, columns, writing, reading, verifying."""
