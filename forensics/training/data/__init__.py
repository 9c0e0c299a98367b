"""Prepared rows: reading data sets, cutting and degrading samples, and mixing origins evenly."""
