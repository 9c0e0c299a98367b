"""The nouns: frozen, slotted dataclasses and enums that every layer shares.

Polarity is the same everywhere: ``manipulation_score`` is in [0, 1] and 1 means manipulated.
Times are seconds from the start of the file as presented. Images are uint8 RGB.
"""
