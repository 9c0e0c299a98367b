"""Builds the folders of faces of unseen origin that ``lists/faces_unseen.csv`` names.

    python benchmarks/unseen_faces.py --repositories REPOSITORIES --out raw/unseen

The list names pictures in public repositories: repository, commit, path, git blob, label, method, group,
split, licence. ``REPOSITORIES`` holds a clone of each one that is wanted, as ``OWNER+NAME`` or
``OWNER/NAME``, bare or with a work tree; blobs are read from it, so that any commit that still holds them
will do. A ``tile`` (left, top, width, height in pixels) is one cell of a figure that shows many faces. Every
origin becomes a folder with a ``manifest.csv`` for ``forensics prepare``. Rows of split ``train``
(``people``) are other people for training; no net that the rest measures may have learned from the others.
``--list lists/faces_more.csv`` builds more faces for training and validation: generated, edited and swapped
ones of other makers, with pristine ones from the same or like repositories.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
from collections import defaultdict
from functools import lru_cache
from pathlib import Path

from git_blobs import contents, git_dir
from PIL import Image

LIST = Path(__file__).parent / "lists" / "faces_unseen.csv"
_COLUMNS = ("path", "label", "method", "group", "split")


def main() -> None:
    """Writes the pictures and the manifests, and prints what is missing."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repositories", required=True, type=Path, metavar="FOLDER")
    parser.add_argument("--out", required=True, type=Path, metavar="FOLDER")
    parser.add_argument("--list", default=LIST, type=Path, metavar="CSV")
    options = parser.parse_args()
    by_repository: dict[str, list[dict[str, str]]] = defaultdict(list)
    with options.list.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            by_repository[row["repo"]].append(row)
    made: dict[str, list[dict[str, str]]] = defaultdict(list)
    for repository, rows in by_repository.items():
        clone = git_dir(options.repositories, repository)
        if clone is None:
            print(f"{repository}: no clone; {len(rows)} rows left out")
            continue
        blobs = contents(clone, sorted({row["blob"] for row in rows}))
        absent = 0
        for row in rows:
            content = blobs.get(row["blob"])
            if content is None:
                absent += 1
                continue
            name = _write(options.out / row["origin"], row, content)
            made[row["origin"]].append({**row, "path": name})
        print(f"{repository}: {len(rows) - absent} of {len(rows)}")
    for origin, rows in made.items():
        with (options.out / origin / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, _COLUMNS, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)


def _write(folder: Path, row: dict[str, str], content: bytes) -> str:
    """Writes a picture, or one cell of a figure; its name in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256(f"{row['repo']} {row['path']} {row['tile']}".encode()).hexdigest()[:16]
    if not row["tile"]:
        name = key + Path(row["path"]).suffix.lower()
        (folder / name).write_bytes(content)
        return name
    left, top, width, height = (int(number) for number in row["tile"].split())
    cell = _figure(content).crop((left, top, left + width, top + height))
    cell.save(folder / f"{key}.png", compress_level=1)
    return f"{key}.png"


@lru_cache(maxsize=1)  # The cells of one figure follow each other in the list.
def _figure(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content)) as figure:
        return figure.convert("RGB")


if __name__ == "__main__":
    main()
