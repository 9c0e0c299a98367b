"""Detectors that read a file's structure: no net, no score; what they find stands beside the verdict."""
