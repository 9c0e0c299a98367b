"""The case file: append-only, hash-chained, resumable."""
