"""Files that ship with Exhume: icons, templates, the demo, fonts."""
