"""Questions as functions, frame in, frame out."""
