"""Coverage-guided fuzzing of all that reads files of strangers; tests replay what it has found."""
