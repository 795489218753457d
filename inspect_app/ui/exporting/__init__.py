"""Handing over from the window: selections and tables as files of other tools, content that was rebuilt."""
