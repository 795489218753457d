"""Detection rules: files of rules as Falco has them, run over a whole capture, and what they found."""
