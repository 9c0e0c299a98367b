"""Google's DeepFake Detection data set (Dufour and Gully 2019), on its own or inside FaceForensics++."""

from __future__ import annotations

import re
from pathlib import Path

from forensics.training.data.readers.reader import (
    PRISTINE,
    VIDEO_SUFFIXES,
    Reading,
    ReadOptions,
    Source,
    linked,
    media_below,
)

# 01__exit_phone_room.mp4 shows actor 01; 01_02__exit_phone_room__YVGY8LOK.mp4 has actor 02's face on 01.
_NAME = re.compile(r"^(\d\d)(?:_(\d\d))?__")
METHOD = "DeepFakeDetection"


class GoogleDfd:
    """Clips named after their actors, in any tree.

    Actors are linked as the swaps link them. In the whole data set that links all of them, so that all
    of it stands in one split: use it as one origin for training, or for validation, or for a test.
    """

    def recognises(self, dataset: Path) -> bool:
        """Some folder of it holds a clip with such a name."""
        if not dataset.is_dir():
            return False
        return any(_NAME.match(path.name) for path in dataset.rglob("*.mp4"))

    def read(self, dataset: Path, options: ReadOptions) -> Reading:
        """All clips with such names."""
        sources = [
            source
            for path in media_below(dataset, VIDEO_SUFFIXES)
            if (source := actor_clip(path, options)) is not None
        ]
        return Reading("google-dfd", sources)


def actor_clip(path: Path, options: ReadOptions) -> Source | None:
    """The clip, if it is named after its actors."""
    match = _NAME.match(path.name)
    if match is None:
        return None
    actors = [actor for actor in match.groups() if actor is not None]
    return Source(
        path=path,
        manipulated=len(actors) == 2,
        method=METHOD if len(actors) == 2 else PRISTINE,
        groups=tuple(linked(f"actor{actor}", options.link) for actor in actors),
    )
