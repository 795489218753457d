"""What makes a capture evidence: signatures, and captures derived from others that say so."""
