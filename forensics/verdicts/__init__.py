"""From scores to a verdict: pure functions, no model, no file."""
