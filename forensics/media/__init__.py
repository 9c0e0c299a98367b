"""Media files: finding, hashing, probing and decoding them. The only importer of PyAV."""
