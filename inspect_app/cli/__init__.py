"""The headless commands of exhume-inspect."""
