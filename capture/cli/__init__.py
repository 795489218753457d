"""The exhume-capture command."""
