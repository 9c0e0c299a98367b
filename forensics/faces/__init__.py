"""Faces: found, told apart and cut exactly as a model's input contract says."""
