"""The detector for stills on pictures as cameras, editors, messengers and generators leave them."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin
from skimage import data

from forensics import detectors
from forensics.detectors.structure.jpeg_history import earlier_save, quality_of, standard_table
from forensics.detectors.structure.resampling import LEAST_STRENGTH, interpolation
from forensics.errors import MediaError
from forensics.media.encode import write_clip
from forensics.media.probe import probe
from forensics.media.still_metadata import grey_and_rgb, still_metadata
from forensics.records.exhibit_content import CurveChart, Picture, Table
from forensics.records.findings import Abstention, Exhibit, Notice
from forensics.records.media import RgbImage
from tests import mutations, synthetic

_EXIF, _GPS = 0x8769, 0x8825


class Said:
    """What the detector says of one file."""

    def __init__(self, path: Path) -> None:
        detector = detectors.load_detector(detectors.spec_of("stills"), [])
        items = list(detector.begin(probe(path), path).conclude())
        self.notices = [one.message for one in items if isinstance(one, Notice)]
        self.abstentions = [one for one in items if isinstance(one, Abstention)]
        shown = [one.content for one in items if isinstance(one, Exhibit)]
        self.rows = [row for table in shown if isinstance(table, Table) for row in table.rows]
        self.n_pictures = sum(isinstance(one, Picture) for one in shown)
        print(f"\n{path.name}")  # noqa: T201 - the gallery
        for what, says, evidence, usual in self.rows:
            print(f"  {what}: {says} ({evidence}) {usual}")  # noqa: T201 - the gallery

    def noted(self, words: str) -> bool:
        return any(words in one for one in self.notices)


def coffee() -> RgbImage:
    return np.ascontiguousarray(data.coffee()[:400, :600, :3])


def camera(
    path: Path, image: RgbImage | None = None, *, thumbnail: RgbImage | None = None, **tags: object
) -> Path:
    """A JPEG with a camera's EXIF, a thumbnail appended as its second directory."""
    picture = Image.fromarray(coffee() if image is None else image)
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0132] = "Canon", "EOS R6", tags.get("changed", "2024:05:01 10:00:00")
    if "software" in tags:
        exif[0x0131] = tags["software"]
    inner = exif.get_ifd(_EXIF)
    inner[0x9003] = "2024:05:01 10:00:00"
    inner[0x829A] = 0.01
    inner[0xA002], inner[0xA003] = tags.get("size", picture.size)
    block = exif.tobytes()
    if thumbnail is not None:
        block = with_thumbnail(block, thumbnail)
    picture.save(path, quality=92, exif=block)
    return path


def with_thumbnail(block: bytes, thumbnail: RgbImage) -> bytes:
    """An EXIF block with a second directory that holds a thumbnail."""
    out = io.BytesIO()
    Image.fromarray(thumbnail).resize((160, 120)).save(out, "JPEG")
    tiff = bytearray(block.removeprefix(b"Exif\0\0"))
    order = "<" if tiff[:2] == b"II" else ">"
    (first,) = struct.unpack_from(order + "I", tiff, 4)
    (n_entries,) = struct.unpack_from(order + "H", tiff, first)
    struct.pack_into(order + "I", tiff, first + 2 + 12 * n_entries, len(tiff))
    start = len(tiff) + 2 + 2 * 12 + 4
    tiff += struct.pack(order + "H", 2)
    tiff += struct.pack(order + "HHII", 0x0201, 4, 1, start) + struct.pack(
        order + "HHII", 0x0202, 4, 1, out.tell()
    )
    return b"Exif\0\0" + bytes(tiff) + struct.pack(order + "I", 0) + out.getvalue()


def saved(path: Path, image: RgbImage, *qualities: int) -> Path:
    """Saved as JPEG once for each quality."""
    for quality in qualities:
        Image.fromarray(image).save(path, quality=quality)
        image = np.asarray(Image.open(path).convert("RGB"))
    return path


def test_a_cameras_own_file_has_nothing_to_note(tmp_path: Path) -> None:
    said = Said(camera(tmp_path / "a.jpg", thumbnail=coffee()))
    assert said.notices == []
    assert any(row[1] == "The EXIF thumbnail shows the picture." for row in said.rows)
    assert said.n_pictures == 3


def test_contradictions_are_told(tmp_path: Path) -> None:
    edited = camera(
        tmp_path / "a.jpg",
        thumbnail=np.ascontiguousarray(data.astronaut()),
        changed="2024:05:03 18:30:00",
        size=(6000, 4000),
        software="Adobe Photoshop 25.0 (Windows)",
    )
    said = Said(edited)
    assert said.noted("It was taken at 2024-05-01 10:00 and written anew at 2024-05-03 18:30.")
    assert said.noted("EXIF says 6000 x 4000 px; the picture has 600 x 400 px.")
    assert said.noted('names an editing program: "Adobe Photoshop 25.0 (Windows)"')
    assert said.noted("thumbnail shows something else")


@pytest.mark.parametrize("picture", ["coffee", "astronaut", "chelsea"])
@pytest.mark.parametrize(("before", "now"), [(60, 90), (70, 85), (75, 95), (50, 75), (75, 100)])
def test_an_earlier_coarser_save_is_found_with_its_quality(
    picture: str, before: int, now: int, tmp_path: Path
) -> None:
    image = np.ascontiguousarray(getattr(data, picture)()[..., :3])
    path = saved(tmp_path / "a.jpg", image, before, now)
    still = still_metadata(path)
    assert still is not None
    assert quality_of(still.tables[0]) == (now, True)
    found = earlier_save(grey_and_rgb(path)[0], still.tables[0])
    assert found is not None
    assert abs(found.quality - before) <= 2


def test_a_table_with_a_step_of_nothing_tells_nothing(tmp_path: Path) -> None:
    table = standard_table(90)
    table[:4] = 0
    path = saved(tmp_path / "a.jpg", coffee(), 60, 90)
    with np.errstate(all="raise"):
        assert earlier_save(grey_and_rgb(path)[0], np.zeros(64, np.int64)) is None
        earlier_save(grey_and_rgb(path)[0], table)


@pytest.mark.parametrize("picture", ["coffee", "astronaut", "chelsea"])
@pytest.mark.parametrize("quality", [40, 50, 75, 90, 95, 100])
def test_one_save_alone_leaves_no_comb(picture: str, quality: int, tmp_path: Path) -> None:
    image = np.ascontiguousarray(getattr(data, picture)()[..., :3])
    path = saved(tmp_path / "a.jpg", image, quality)
    assert earlier_save(grey_and_rgb(path)[0], standard_table(quality)) is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("parameters", "a face\nSteps: 20, Sampler: Euler a, CFG scale: 7"),
        ("workflow", '{"nodes": []}'),
        ("prompt", '{"3": {"class_type": "KSampler"}}'),
    ],
)
def test_what_a_generator_left_in_a_png_is_told(name: str, text: str, tmp_path: Path) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text(name, text)
    Image.fromarray(coffee()).save(tmp_path / "a.png", pnginfo=info)
    said = Said(tmp_path / "a.png")
    assert said.noted(f"the settings of an image generator under the name '{name}'")


def test_a_digital_source_type_in_xmp_is_told(tmp_path: Path) -> None:
    source = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    xmp = f'<x:xmpmeta><rdf:Description Iptc4xmpExt:DigitalSourceType="{source}"/></x:xmpmeta>'
    Image.fromarray(coffee()).save(tmp_path / "a.jpg", xmp=xmp.encode())
    assert Said(tmp_path / "a.jpg").noted('how the picture came about: "trainedAlgorithmicMedia"')


def test_items_of_a_heic_are_told_and_its_depth_map_shown(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Apple", "iPhone 15"
    said = Said(synthetic.tiled_heic(tmp_path, exif=exif.tobytes(), companions=True))
    told = {row[0]: row[1] for row in said.rows}
    assert told["Thumbnail"] == "The file holds a thumbnail of the main picture."
    assert told["Depth map"] == "The file holds a depth map of the main picture."
    assert told["Device"] == "The metadata names a camera or phone."
    assert said.n_pictures == 2  # the depth map and the noise
    assert Said(synthetic.tiled_heic(tmp_path, "plain.heic")).n_pictures == 1


def test_several_pictures_in_a_heic_are_noted(tmp_path: Path) -> None:
    said = Said(synthetic.tiled_heic(tmp_path, n_items=3))
    assert said.noted("The file holds 3 pictures, of which the first is the main one.")


def test_it_abstains_on_films(tmp_path: Path) -> None:
    [abstention] = Said(synthetic.silent_clip(tmp_path)).abstentions
    assert abstention.detail == "It is no still picture, which is what is looked into."
    [_] = Said(write_clip(tmp_path / "a.wav", samples=synthetic.hum(0.5))).abstentions


def test_damaged_stills_give_findings_or_an_abstention(tmp_path: Path) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", "x" * 100)
    Image.fromarray(coffee()[:64, :64]).save(tmp_path / "a.png", pnginfo=info)
    Image.fromarray(coffee()[:64, :64]).save(tmp_path / "a.webp")
    camera(tmp_path / "a.jpg", coffee()[:96, :96], thumbnail=coffee())
    synthetic.tiled_heic(tmp_path, "a.heic", companions=True)
    whole = sorted(tmp_path.glob("a.*"))
    detector = detectors.load_detector(detectors.spec_of("stills"), [])
    n_told = 0
    n_files = mutations.n_files(160)
    for path in mutations.mutated(whole, tmp_path / "damaged", n_files, seed=17):
        still_metadata(path)
        try:
            media = probe(path)
        except MediaError:
            continue
        n_told += bool(list(detector.begin(media, path).conclude()))
    assert n_told > 0.4 * n_files


def test_a_text_that_would_unpack_to_much_is_not_unpacked(tmp_path: Path) -> None:
    Image.fromarray(coffee()[:16, :16]).save(tmp_path / "a.png")
    whole = (tmp_path / "a.png").read_bytes()
    body = b"zTXt" + b"parameters\0\0" + zlib.compress(bytes(200_000_000), 9)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    (tmp_path / "a.png").write_bytes(whole[:33] + chunk + whole[33:])
    tracemalloc.start()
    Said(tmp_path / "a.png")
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most_bytes < 48 << 20


def pasted(image: RgbImage, scale: float = 1.0) -> RgbImage:
    """A copy of the picture in which a part of 130 px stands twice."""
    part = Image.fromarray(image[100:230, 180:310])
    part = part.resize((round(130 * scale), round(130 * scale)), Image.Resampling.BICUBIC)
    changed = Image.fromarray(image)
    changed.paste(part, (image.shape[1] - part.size[0] - 20, image.shape[0] - part.size[1] - 20))
    return np.asarray(changed)


@pytest.mark.parametrize(("picture", "scale"), [("coffee", 1.0), ("astronaut", 1.0), ("astronaut", 1.15)])
def test_a_part_that_was_copied_is_found_and_drawn(picture: str, scale: float, tmp_path: Path) -> None:
    image = np.ascontiguousarray(getattr(data, picture)()[..., :3])
    said = Said(saved(tmp_path / "a.jpg", pasted(image, scale=scale), 90))
    assert said.noted("A part of the picture occurs in it twice")
    [evidence] = [row[2] for row in said.rows if row[0] == "Copied part"]
    assert abs(float(evidence.split("scale ")[1].split(",")[0]) - scale) < 0.05
    assert said.n_pictures == 3
    plain = Said(saved(tmp_path / "b.jpg", image, 90))
    assert not plain.noted("occurs in it twice")
    assert plain.n_pictures == 2


def test_nothing_is_found_in_what_has_no_corners(tmp_path: Path) -> None:
    said = Said(saved(tmp_path / "a.jpg", np.full((300, 300, 3), 128, np.uint8), 90))
    assert said.notices == []


@pytest.mark.parametrize("scale", [1.25, 1.5, 1.7])
@pytest.mark.parametrize("way", [Image.Resampling.BILINEAR, Image.Resampling.BICUBIC])
def test_an_enlarged_picture_shows_its_factor(scale: float, way: Image.Resampling, tmp_path: Path) -> None:
    image = np.ascontiguousarray(data.astronaut())
    larger = np.asarray(Image.fromarray(image).resize((round(512 * scale),) * 2, way))
    found = interpolation(grey_and_rgb(saved(tmp_path / "a.jpg", larger, 95))[0])
    assert found is not None
    assert found.strength >= LEAST_STRENGTH
    assert min(abs(one - scale) for one in found.scales) < 0.02
    plain = interpolation(grey_and_rgb(saved(tmp_path / "b.jpg", image, 95))[0])
    assert plain is not None
    assert plain.strength < LEAST_STRENGTH


def test_the_period_of_enlarging_is_told_and_drawn(tmp_path: Path) -> None:
    larger = np.asarray(Image.fromarray(data.astronaut()).resize((768, 768), Image.Resampling.BICUBIC))
    path = saved(tmp_path / "a.jpg", larger, 95)
    said = Said(path)
    assert said.noted("The picture was enlarged after it was recorded")
    assert any("as factors of 1.50 or 3.00 leave it" in row[2] for row in said.rows)
    detector = detectors.load_detector(detectors.spec_of("stills"), [])
    items = list(detector.begin(probe(path), path).conclude())
    [chart] = [
        one.content for one in items if isinstance(one, Exhibit) and isinstance(one.content, CurveChart)
    ]
    [(begin, end)] = chart.marked
    assert begin < 1 / 3 < end


def test_too_small_a_picture_tells_no_scale() -> None:
    assert interpolation(np.zeros((200, 400), np.uint8)) is None
