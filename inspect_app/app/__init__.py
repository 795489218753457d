"""The exhume-inspect command."""
