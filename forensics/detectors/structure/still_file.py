"""What a still's structure says: metadata, thumbnail, tables, earlier saves; two maps to look at."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from forensics.detectors.declarations import STILLS
from forensics.detectors.detector import WithoutModels
from forensics.detectors.structure import companion_rules, pixel_rules
from forensics.detectors.structure import still_rules as rules
from forensics.detectors.structure.copy_move import copied_part, matches_drawn
from forensics.detectors.structure.jpeg_history import earlier_save, error_levels, likeness, noise_residual
from forensics.detectors.structure.observation import Observation, told
from forensics.detectors.structure.resampling import Interpolation, interpolation
from forensics.errors import MediaError
from forensics.media.content_credentials import has_manifest, remote_manifest
from forensics.media.heic_items import heic_items
from forensics.media.other_decoders import heic, heic_item
from forensics.media.still_metadata import StillMetadata, grey_and_rgb, of_heic, still_metadata
from forensics.records.exhibit_content import CurveChart, CurveLine, Picture
from forensics.records.findings import Abstention, AbstentionReason, Exhibit, ExhibitKind
from forensics.records.media import MediaFile, MediaKind, RgbImage
from forensics.records.stream import Item
from forensics.records.subject import WHOLE_FILE

# A picture beside its own thumbnail, coarsely coded, cut by a few rows or brightened: 0.97 and more.
_ALIKE = 0.9
_GROUP = "maps"


class Stills(WithoutModels):
    """The detector for still pictures; it holds nothing."""

    spec = STILLS

    def begin(self, media: MediaFile, path: Path) -> StillExamination:
        """Starts on a file."""
        return StillExamination(media, path)


class StillExamination:
    """One still."""

    def __init__(self, media: MediaFile, path: Path) -> None:
        self._media = media
        self._path = path

    def observe(self, item: Item) -> Iterator[Item]:
        """Has no use for pixels that were turned and scaled."""
        del item
        yield from ()

    def conclude(self) -> Iterator[Item]:
        """Everything at once."""
        is_image = self._media.kind is MediaKind.IMAGE
        still = still_metadata(self._path) if is_image else None
        items = heic_items(self._path) if is_image and still is None else None
        if items is not None:
            still = of_heic(items)
        if still is None:
            detail = (
                "It is a picture in a format that is not looked into."
                if is_image
                else "It is no still picture, which is what is looked into."
            )
            yield Abstention(STILLS.name, AbstentionReason.UNSUPPORTED, detail)
            return
        grey, rgb = _pixels(self._path) if items is None else _pixels_of_heic(self._path)
        said = self._observations(still, grey, rgb)
        part = None if grey is None else copied_part(grey)
        said = chain(said, pixel_rules.copied(part))
        period = None if grey is None else interpolation(grey)
        said = chain(said, pixel_rules.enlarged(period))
        if items is not None:
            said = chain(companion_rules.items(items), said)
        yield from told(STILLS.name, "What the picture's file says", said)
        if items is not None and items.depth is not None:
            yield _picture(
                items.depth,
                "The depth map, as stored: how far away things were, by the phone's own reckoning",
            )
        if rgb is None:
            return
        if part is not None and pixel_rules.told_of(part):
            yield _picture(
                matches_drawn(rgb, part), "Points that match at one offset: a part that occurs twice"
            )
        if period is not None and pixel_rules.tells_of_enlarging(period):
            yield _spectrum(period)
        if still.thumbnail is not None:
            yield _picture(still.thumbnail, "The EXIF thumbnail, as stored")
        if still.format == "JPEG":
            yield _picture(
                error_levels(rgb),
                "Error levels: how much saving again at quality 90 changes each place. Edges and texture "
                "are always "
                "bright; a part that stands out from others of its kind was saved differently. No map of "
                "a manipulation.",
            )
        yield _picture(
            noise_residual(rgb),
            "Noise: the strength of what a 3 x 3 median filter takes away. A part that is smoother or "
            "rougher than "
            "others of its brightness may be from elsewhere, or blurred. No map of a manipulation.",
        )

    def _observations(
        self, still: StillMetadata, grey: npt.NDArray[np.uint8] | None, rgb: RgbImage | None
    ) -> Iterator[Observation]:
        yield from rules.generation(still)
        yield from rules.programs(still)
        yield from rules.contradictions(still)
        earlier = None if grey is None or not still.tables else earlier_save(grey, still.tables[0])
        yield from rules.compression(still, earlier)
        if rgb is not None and still.thumbnail is not None:
            yield from rules.thumbnail(likeness(rgb, still.thumbnail), _ALIKE)
        if has_manifest(self._path):
            yield Observation(
                "Content credentials",
                "The file carries a C2PA manifest.",
                "",
                "Whether it is valid, and whose it is, the detector provenance tells.",
                notable=True,
            )
        elif address := remote_manifest(self._path):
            yield Observation(
                "Content credentials",
                "The file names a C2PA manifest that lies elsewhere; it was not fetched.",
                address,
                notable=True,
            )


def _pixels(path: Path) -> tuple[npt.NDArray[np.uint8] | None, RgbImage | None]:
    try:
        return grey_and_rgb(path)
    except MediaError:
        # Damaged pixels are told by decoding; what the metadata say stands.
        return None, None


def _pixels_of_heic(path: Path) -> tuple[npt.NDArray[np.uint8] | None, RgbImage | None]:
    try:
        pictures = heic(path)
        if not pictures:
            return None, None
        rgb = heic_item(path, pictures[0]).stored
    except MediaError:
        return None, None
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8), rgb


def _spectrum(found: Interpolation) -> Exhibit:
    at = np.linspace(0, 0.5, found.spectrum.size)
    line = CurveLine("", tuple(at.tolist()), tuple(found.spectrum.tolist()))
    marked = ((max(0.0, found.frequency - 0.004), min(0.5, found.frequency + 0.004)),)
    chart = CurveChart((line,), "Periods a pixel", "Strength", marked=marked)
    caption = "How strong each period is in rows and columns; the marked one is what enlarging leaves"
    return Exhibit(ExhibitKind.CURVE, chart, caption, WHOLE_FILE, "scaling")


def _picture(image: RgbImage, caption: str) -> Exhibit:
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 80])
    return Exhibit(ExhibitKind.PICTURE, Picture(encoded.tobytes()), caption, WHOLE_FILE, _GROUP)
