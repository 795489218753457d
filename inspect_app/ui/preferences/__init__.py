"""What an analyst chooses once: looks and profiles, colour rules, paths; and the dialog for it."""
