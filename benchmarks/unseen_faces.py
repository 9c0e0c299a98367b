"""Builds the folders of faces of unseen origin that ``lists/faces_unseen.csv`` names.

    python benchmarks/unseen_faces.py --repositories REPOSITORIES --out raw/unseen
    python benchmarks/unseen_faces.py --repositories REPOSITORIES --prepared prepared/unseen

The list names pictures in public repositories: repository, commit, path, git blob, label, method, group,
split, licence. ``REPOSITORIES`` holds a clone of each one that is wanted, as ``OWNER+NAME`` or
``OWNER/NAME``, bare or with a work tree; blobs are read from it, so that any commit that still holds them
will do. A ``tile`` (left, top, width, height in pixels) is one cell of a figure that shows many faces. Every
origin becomes a folder with a ``manifest.csv`` for ``forensics prepare``. Rows of split ``train``
(``people``) are other people for training; no net that the rest measures may have learned from the others.
``--list lists/faces_more.csv`` builds more faces for training and validation: generated, edited and swapped
ones of other makers, with pristine ones from the same or like repositories.

``--prepared`` writes prepared folders at once, and needs the training environment. The largest face of each
picture is searched on a copy at most 400 px wide, which is faster than ``forensics prepare`` and misses small
faces; it is cut from the picture itself, as ``prepare`` cuts it. In each folder ``skipped.csv`` says which
rows gave no face, and why.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
from git_blobs import contents, git_dir
from PIL import Image

LIST = Path(__file__).parent / "lists" / "faces_unseen.csv"
_COLUMNS = ("path", "label", "method", "group", "split")

Row = dict[str, str]


def main() -> None:
    """Writes the pictures and the manifests, and prints what is missing."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repositories", required=True, type=Path, metavar="FOLDER")
    out = parser.add_mutually_exclusive_group(required=True)
    out.add_argument("--out", type=Path, metavar="FOLDER", help="of the pictures as they are")
    out.add_argument("--prepared", type=Path, metavar="FOLDER", help="of prepared folders of faces")
    parser.add_argument("--list", default=LIST, type=Path, metavar="CSV")
    options = parser.parse_args()
    by_repository: dict[str, list[Row]] = defaultdict(list)
    with options.list.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            by_repository[row["repo"]].append(row)
    if options.out:
        _write_pictures(options.repositories, by_repository, options.out)
    else:
        _write_faces(options.repositories, by_repository, options.prepared)


def _write_pictures(repositories: Path, by_repository: dict[str, list[Row]], out: Path) -> None:
    made: dict[str, list[Row]] = defaultdict(list)
    for row, content in _contents(repositories, by_repository):
        made[row["origin"]].append({**row, "path": _write(out / row["origin"], row, content)})
    for origin, rows in made.items():
        _write_table(out / origin / "manifest.csv", _COLUMNS, rows)


def _write_faces(repositories: Path, by_repository: dict[str, list[Row]], out: Path) -> None:
    # These need the training environment, pictures as they are do not.
    from quick_faces import cut_largest_face

    from forensics.training.data.samples import Sample, write_samples

    made: dict[str, list[Sample]] = defaultdict(list)
    skipped: dict[str, list[Row]] = defaultdict(list)
    for row, content in _contents(repositories, by_repository):
        figure = _figure(content)
        picture = np.asarray(figure.crop(_edges(row)) if row["tile"] else figure)
        face = cut_largest_face(picture, out / row["origin"], f"{_key(row)}.jpg")
        if isinstance(face, str):
            skipped[row["origin"]].append({**row, "reason": face})
            continue
        made[row["origin"]].append(
            Sample(
                face.path,
                row["label"] == "fake",
                row["method"],
                row["origin"],
                row["group"],
                row["split"],
                *face.box,
                sha256=face.sha256,
                clip=f"{row['repo']}/{row['path']} {row['tile']}".strip(),
            )
        )
    for origin, samples in made.items():
        write_samples(out / origin, samples)
        left_out = skipped[origin]
        _write_table(out / origin / "skipped.csv", ("repo", "path", "tile", "reason"), left_out)
        print(f"{origin}: {len(samples)} faces, {len(left_out)} rows skipped")


def _write_table(path: Path, columns: tuple[str, ...], rows: list[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def _contents(repositories: Path, by_repository: dict[str, list[Row]]) -> Iterator[tuple[Row, bytes]]:
    """Every row whose picture a clone holds, with that picture; prints what each clone holds."""
    for repository, rows in by_repository.items():
        clone = git_dir(repositories, repository)
        if clone is None:
            print(f"{repository}: no clone; {len(rows)} rows left out")
            continue
        blobs = contents(clone, sorted({row["blob"] for row in rows}))
        held = [row for row in rows if row["blob"] in blobs]
        print(f"{repository}: {len(held)} of {len(rows)}", flush=True)
        for row in held:
            yield row, blobs[row["blob"]]


def _write(folder: Path, row: Row, content: bytes) -> str:
    """Writes a picture, or one cell of a figure; its name in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    if not row["tile"]:
        name = _key(row) + Path(row["path"]).suffix.lower()
        (folder / name).write_bytes(content)
        return name
    name = f"{_key(row)}.png"
    _figure(content).crop(_edges(row)).save(folder / name, compress_level=1)
    return name


def _key(row: Row) -> str:
    return hashlib.sha256(f"{row['repo']} {row['path']} {row['tile']}".encode()).hexdigest()[:16]


def _edges(row: Row) -> tuple[int, int, int, int]:
    left, top, width, height = (int(number) for number in row["tile"].split())
    return left, top, left + width, top + height


@lru_cache(maxsize=1)  # The cells of one figure follow each other in the list.
def _figure(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content)) as figure:
        return figure.convert("RGB")


if __name__ == "__main__":
    main()
