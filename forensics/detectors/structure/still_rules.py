"""What a still's metadata says, and where it contradicts itself or the picture."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forensics.detectors.structure.jpeg_history import EarlierSave, quality_of
from forensics.detectors.structure.observation import Observation, quoted
from forensics.media.still_metadata import StillMetadata

_EDITORS = re.compile(
    r"photoshop|lightroom|gimp|affinity|snapseed|picsart|pixelmator|facetune|faceapp|meitu|beautycam|paint\.net|canva|"
    r"capture one|darktable|luminar|fotor|pixlr|krita|acdsee|photoscape|remini",
    re.IGNORECASE,
)
_GENERATORS = re.compile(
    r"stable.?diffusion|comfyui|automatic1111|invokeai|midjourney|dall.?e|firefly|novelai|adobe_firefly|\bflux\b|"
    r"imagen|made with google ai|trainedAlgorithmicMedia|compositeWithTrainedAlgorithmicMedia",
    re.IGNORECASE,
)
# Keywords under which generators leave what they were asked for, and what is in no other text.
_GENERATION_TEXTS = {
    "parameters": "Stable Diffusion web UI",
    "prompt": "ComfyUI",
    "workflow": "ComfyUI",
    "invokeai_metadata": "InvokeAI",
    "sd-metadata": "InvokeAI",
    "Dream": "InvokeAI",
    "generation_data": "a generator",
    "fooocus_scheme": "Fooocus",
}
_GENERATION_WORDS = re.compile(r"Steps: \d+, Sampler: |\"class_type\":|Negative prompt:|\"sampler\"")
_DATE = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d:\d\d)")
_XMP_NAMES = ("xmp:CreatorTool", "photoshop:DateCreated", "xmpMM:DerivedFrom", "stEvt:softwareAgent")


def generation(still: StillMetadata) -> Iterator[Observation]:
    """What an image generator left of itself."""
    found = {
        name: (program, still.texts[name])
        for name, program in _GENERATION_TEXTS.items()
        if still.texts.get(name, "").strip()
    }
    comment = still.exif.get("UserComment", "")
    if _GENERATION_WORDS.search(comment):
        found["UserComment"] = "Stable Diffusion web UI", comment
    for name, (program, text) in found.items():
        yield Observation(
            "Generation parameters",
            f"The file carries the settings of an image generator under the name {name!r}, as {program} "
            f"writes them.",
            quoted(text, 260),
            "Generators leave them unless told not to; sharing services remove them. A text can be put "
            "into any file.",
            notable=True,
        )
    named = [text for text in _programs(still) if _GENERATORS.search(text)]
    source = still.of_xmp("Iptc4xmpExt:DigitalSourceType")
    if source:
        yield Observation(
            "Digital source type",
            f"The metadata states how the picture came about: {quoted(source.rsplit('/', 1)[-1], 60)}.",
            quoted(source),
            "IPTC's property, which generators and editors with generative tools set.",
            notable=bool(_GENERATORS.search(source)),
        )
    elif named:
        yield Observation(
            "Generator", "The metadata names an image generator.", "; ".join(map(quoted, named)), notable=True
        )


def programs(still: StillMetadata) -> Iterator[Observation]:
    """Devices and programs that the metadata names."""
    make, model = still.exif.get("Make", ""), still.exif.get("Model", "")
    if make or model:
        yield Observation(
            "Device",
            "The metadata names a camera or phone.",
            quoted(f"{make} {model}"),
            "Cameras and phones write it; it can be copied into any file.",
        )
    elif not still.exif:
        yield Observation(
            "EXIF",
            "There is no EXIF block.",
            "",
            "Usual for screenshots, sharing services, messengers and generators; a camera's own file has "
            "one.",
        )
    edited = [text for text in _programs(still) if _EDITORS.search(text)]
    if edited:
        yield Observation(
            "Editing program",
            f"The metadata names an editing program: {quoted(edited[0], 80)}.",
            "; ".join(quoted(text) for text in edited[:4]),
            "It says that the program wrote the file, not what was changed.",
            notable=True,
        )
    if still.xmp:
        n_steps = len(re.findall(r"stEvt:action", still.xmp))
        evidence = "; ".join(
            f"{name}={quoted(still.of_xmp(name), 60)}" for name in _XMP_NAMES if still.of_xmp(name)
        )
        yield Observation(
            "XMP",
            f"There is an XMP packet{f' with a history of {n_steps} steps' if n_steps else ''}.",
            evidence,
            "Editors write it; newer phones too.",
            notable=n_steps > 1,
        )
    if still.iptc_facebook:
        yield Observation(
            "Sharing service",
            "There is an IPTC instruction that begins with FBMD.",
            "FBMD",
            "Facebook and Instagram write it into what they hand out.",
            notable=True,
        )
    places = [
        f"{name}={value}" for name, value in still.exif.items() if name.startswith("GPS ") and "tude" in name
    ]
    if places:
        yield Observation(
            "Place",
            "The metadata says where it was taken.",
            "; ".join(places[:6]),
            "Phones write it unless told not to.",
        )


def contradictions(still: StillMetadata) -> Iterator[Observation]:
    """Where EXIF does not fit itself or the picture."""
    taken, changed = _moment(still.exif.get("DateTimeOriginal")), _moment(still.exif.get("DateTime"))
    if taken and changed and taken != changed:
        yield Observation(
            "Times",
            f"It was taken at {taken} and written anew at {changed}.",
            "DateTimeOriginal and DateTime",
            "A camera writes the same time into both; programs that save it again move the second.",
            notable=True,
        )
    elif taken or changed:
        yield Observation(
            "Times", f"It was taken or written at {taken or changed}.", "", "Set by the device's clock."
        )
    width, height = (_whole(still.exif.get(name)) for name in ("ExifImageWidth", "ExifImageHeight"))
    if width and height and {width, height} != {still.width_px, still.height_px}:
        yield Observation(
            "Size",
            f"EXIF says {width} x {height} px; the picture has {still.width_px} x {still.height_px} px.",
            "ExifImageWidth and ExifImageHeight",
            "Left where a picture was cropped or scaled by a program that keeps EXIF.",
            notable=True,
        )
    if still.exif.get("Make") and not any(
        still.exif.get(name) for name in ("ExposureTime", "FNumber", "ISOSpeedRatings")
    ):
        yield Observation(
            "Exposure",
            "The metadata names a camera but no exposure.",
            quoted(still.exif["Make"]),
            "Cameras write both; it is seen where tags were copied or added by hand.",
            notable=True,
        )


def compression(still: StillMetadata, earlier: EarlierSave | None) -> Iterator[Observation]:
    """A JPEG's tables, the programs that they are known of, and an earlier save."""
    if not still.tables:
        return
    quality, exact = quality_of(still.tables[0])
    shown = " ".join(str(int(step)) for step in still.tables[0][:8]) + " ..."
    if exact:
        yield Observation(
            "Quantisation table",
            f"The table is libjpeg's for quality {quality}.",
            shown,
            "Written by nearly all programs, libraries, messengers and some phones.",
        )
    else:
        yield Observation(
            "Quantisation table",
            f"The table is not libjpeg's; it is closest to quality {quality}.",
            shown,
            "Usual for cameras, many phones, and Adobe's programs, which have tables of their own.",
        )
    known = [
        name for name in still.applications if re.search(r"Photoshop|Ducky|Adobe|ICC_PROFILE|http", name)
    ]
    comment = still.texts.get("comment", "")
    if comment:
        yield Observation(
            "Comment",
            "The file has a comment.",
            quoted(comment),
            "Libraries such as FFmpeg and gd sign here.",
        )
    if any("Photoshop" in name or "Ducky" in name for name in known):
        yield Observation(
            "Markers",
            "The file has a marker of Adobe's programs.",
            ", ".join(known),
            "Photoshop writes it, and so do programs that keep IPTC (Facebook's files have it too).",
        )
    if earlier is not None:
        steps = ", ".join(
            f"{mode}: {one[0]} before, {one[1]} now" for mode, one in list(earlier.steps.items())[:5]
        )
        yield Observation(
            "Earlier save",
            f"It was saved as JPEG before, at about quality {earlier.quality}, and again at about {quality}.",
            f"steps of {len(earlier.steps)} coefficients: {steps}",
            "Usual for anything edited or sent on; a camera's own file has been saved once.",
            notable=True,
        )


def thumbnail(alike: float, at_least: float) -> Iterator[Observation]:
    """The EXIF thumbnail against the picture."""
    if alike < at_least:
        yield Observation(
            "Thumbnail",
            "The EXIF thumbnail shows something else than the picture.",
            f"correlation {alike:.2f} (alike from {at_least:g} on)",
            "Left by programs that change the picture and keep its thumbnail, which then shows what it "
            "was before.",
            notable=True,
        )
    else:
        yield Observation(
            "Thumbnail",
            "The EXIF thumbnail shows the picture.",
            f"correlation {alike:.2f}",
            "Cameras write one.",
        )


def _programs(still: StillMetadata) -> list[str]:
    names = [
        still.exif.get(name, "")
        for name in ("Software", "ProcessingSoftware", "HostComputer", "Artist", "ImageDescription")
    ]
    names += [still.texts.get(name, "") for name in ("Software", "software", "Comment", "Source", "Title")]
    names += [still.of_xmp(name) for name in ("xmp:CreatorTool", "stEvt:softwareAgent", "photoshop:Credit")]
    return [name[:300] for name in dict.fromkeys(names) if name]


def _moment(text: str | None) -> str | None:
    found = _DATE.search(text or "")
    return None if found is None else f"{found[1]}-{found[2]}-{found[3]} {found[4]}"


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0
