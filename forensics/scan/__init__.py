"""Scan files: the belt, the bench that it runs on, and the batch of processes."""
