from __future__ import annotations

from pathlib import Path

import pytest

from forensics.errors import SettingsError
from forensics.media.discovery import Found
from forensics.scan.shards import share_of
from forensics.settings import Shard


def found(folder: str, *names: str) -> list[Found]:
    return [Found(Path(folder) / name, f"{folder}/{name}", 10, "2026-11-20T10:00:00+00:00") for name in names]


NAMES = [f"person{number % 7}/clip-{number}.mp4" for number in range(400)]


def taken(shard: str, folder: str, names: list[str]) -> set[str]:
    files, _ = share_of(Shard.parse(shard), found(folder, *names), [Path(folder)])
    return {file.path.relative_to(folder).as_posix() for file in files}


def test_every_file_is_in_one_shard_and_shards_are_alike_in_size() -> None:
    shares = [taken(f"{index}/4", "media", NAMES) for index in range(1, 5)]
    assert sum(map(len, shares)) == len(set().union(*shares)) == 400
    assert all(70 <= len(share) <= 130 for share in shares)


def test_a_shard_keeps_its_files_when_others_come_and_wherever_the_folder_lies() -> None:
    before = taken("2/4", "media", NAMES)
    assert taken("2/4", "/mnt/elsewhere", NAMES) == before
    after = taken("2/4", "media", [*NAMES, "new.mp4", "person1/new.mp4"])
    assert before <= after
    assert len(after - before) <= 2


def test_what_was_found_in_all_is_noted() -> None:
    def use(names: list[str], index: int = 1) -> tuple[int, str]:
        _, noted = share_of(Shard(index, 4), found("media", *names), [Path("media")])
        return noted.n_found, noted.found_sha256

    assert use(NAMES) == use(NAMES[::-1], 3)
    assert use(NAMES)[0] == 400
    assert use(NAMES)[1] != use([*NAMES[:-1], "other.mp4"])[1]


def test_a_file_that_is_named_itself_goes_by_its_name() -> None:
    alone = [Found(Path("media/a.mp4"), "media/a.mp4", 10, "")]
    shares = [
        [len(share_of(Shard(index, 3), alone, [Path(named)])[0]) for index in (1, 2, 3)]
        for named in ("media/a.mp4", "media")
    ]
    assert shares[0] == shares[1]
    assert sum(shares[0]) == 1


@pytest.mark.parametrize("text", ["", "3", "0/4", "5/4", "1/0", "-1/4", "a/b", "1/4/8", "1 / 4"])
def test_no_such_shard(text: str) -> None:
    with pytest.raises(SettingsError, match="--shard"):
        Shard.parse(text)
