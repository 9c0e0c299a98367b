"""FaceForensics++ (Rössler et al. 2019), as its download script lays it out."""

from __future__ import annotations

from pathlib import Path

import msgspec

from forensics.errors import TrainingError
from forensics.training.data.readers.google_dfd import actor_clip
from forensics.training.data.readers.reader import (
    PRISTINE,
    VIDEO_SUFFIXES,
    Reading,
    ReadOptions,
    Source,
    linked,
    split_of,
)

_TOPS = ("original_sequences", "manipulated_sequences")
# ``<method>/masks/videos`` holds clips of what was changed, not of faces.
_MASKS = "masks"


class FaceForensics:
    """``{original,manipulated}_sequences/<method>/<compression>/videos``, and ``splits/*.json`` if there.

    A manipulated clip ``A_B`` shows A with the face or the expression of B: both are its groups. The
    splits of the authors keep such pairs together; without them, groups are linked over the pairs.
    """

    def recognises(self, dataset: Path) -> bool:
        """Both top folders."""
        return all((dataset / top).is_dir() for top in _TOPS)

    def read(self, dataset: Path, options: ReadOptions) -> Reading:
        """All clips in folders named ``videos``, but for those of masks."""
        own = _own_splits(dataset)
        sources: list[Source] = []
        for top in _TOPS:
            for folder in _clip_folders(dataset / top):
                method = folder.relative_to(dataset / top).parts[0]
                sources += [
                    _clip(path, method, top == _TOPS[1], own, options)
                    for path in sorted(folder.iterdir())
                    if path.suffix.lower() in VIDEO_SUFFIXES
                ]
        return Reading("faceforensics", sources)


def _clip_folders(top: Path) -> list[Path]:
    """Folders of clips: ``<method>/<compression>/videos``; early copies have no method for the originals."""
    found = [*top.glob("*/videos"), *top.glob("*/*/videos")]
    return sorted(folder for folder in found if _MASKS not in folder.relative_to(top).parts)


def _clip(path: Path, method: str, manipulated: bool, own: dict[str, str], options: ReadOptions) -> Source:
    acted = actor_clip(path, options)
    if acted is not None:
        return acted
    names = path.stem.split("_")
    return Source(
        path=path,
        manipulated=manipulated,
        method=method if manipulated else PRISTINE,
        groups=tuple(linked(name, options.link) for name in names),
        split=own.get(names[0]),
    )


def _own_splits(dataset: Path) -> dict[str, str]:
    """Source id -> split, from ``train.json``, ``val.json`` and ``test.json``: lists of pairs of ids."""
    own: dict[str, str] = {}
    for name in ("train", "val", "test"):
        for table in (dataset / "splits" / f"{name}.json", dataset / f"{name}.json"):
            if not table.is_file():
                continue
            try:
                pairs = msgspec.json.decode(table.read_bytes(), type=list[list[str]])
            except msgspec.MsgspecError as error:
                raise TrainingError(
                    f"{table} is no list of pairs of clips: {error}", "Fetch it again from the authors' site."
                ) from error
            own |= {clip: split_of(name) or name for pair in pairs for clip in pair}
            break
    return own
