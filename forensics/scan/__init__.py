"""Scan files: the pipeline, the context that it runs on, and the batch of processes."""
