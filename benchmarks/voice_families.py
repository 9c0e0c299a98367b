"""Which kinds of vocoder made the sound of each method of the speech clips' manifest.

A cross-validation that holds out sources leaves relatives of the held-out generators in training; one that
holds out a kind of vocoder as well asks what happens when a new kind appears.
"""

from __future__ import annotations

import re

FAMILIES = ("gan", "autoregressive", "flow", "diffusion", "classic", "units")

# The first that fits. The first kind of a row is the one that a method is held out with; it is not learned
# from either while any other of them is held out. Methods of two vocoders are counted with the rarer one.
_RULES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"unit hifi-gan|textless", ("units", "gan")),
    (r"^lpcnet codec$", ("units", "autoregressive")),
    (r"^zerospeech", ("classic", "units")),
    (r"world pitch shift", ("classic", "gan")),
    (r"griffin|world|festival|espeak", ("classic",)),
    (r"diffwave|priorgrad|^wavegrad", ("diffusion",)),
    (r"^glow-tts\+waveglow/hifi-gan$|clarinet-gan|advloss|klaxad", ("flow", "gan")),
    (r"waveglow|waveflow|clarinet|student", ("flow",)),
    (r"^parallel wavegan variants", ("gan", "autoregressive")),
    (r"wavenet|wavernn|teacher|autovc", ("autoregressive",)),
)


def families_of(method: str) -> tuple[str, ...]:
    """The kinds of vocoder in a method, its main one first; what no rule names is a GAN vocoder."""
    for pattern, families in _RULES:
        if re.search(pattern, method.lower()):
            return families
    return ("gan",)
