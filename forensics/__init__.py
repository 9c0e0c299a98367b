"""forensics: examine directories of video and audio for deepfakes, on CPU, offline."""

__version__ = "0.1.0"
