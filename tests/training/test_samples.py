from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from forensics.errors import TrainingError
from forensics.training.data.balanced_sampler import BalancedSampler
from forensics.training.data.samples import MANIFEST_NAME, Sample, read_samples, write_samples


def sample(group: str, split: str = "train", manipulated: bool = False, **more: str) -> Sample:
    method = more.get("method", "m" if manipulated else "pristine")
    return Sample(
        f"{group}.jpg", manipulated, method, more.get("origin", "o"), group, split, clip=more.get("clip", "")
    )


def test_rows_survive_writing_and_reading(tmp_path: Path):
    rows = [
        Sample("a.jpg", True, "swap", "o", "g", "val", 0.1, 0.2, 0.5, 0.25, "ab", "clip.mp4"),
        sample("b"),
    ]
    write_samples(tmp_path, rows)
    read = read_samples(tmp_path)
    assert read[0].path == str(tmp_path / "a.jpg")
    assert (read[0].left, read[0].top, read[0].width, read[0].height) == (0.1, 0.2, 0.5, 0.25)
    assert (read[0].sha256, read[0].clip, read[0].split, read[0].manipulated) == (
        "ab",
        "clip.mp4",
        "val",
        True,
    )
    assert read[1].left is None


def test_a_group_in_two_splits_is_refused_at_writing(tmp_path: Path):
    with pytest.raises(TrainingError, match="group g stands in train and in test"):
        write_samples(tmp_path, [sample("g", "train"), sample("g", "test")])
    assert not (tmp_path / MANIFEST_NAME).exists()


def test_a_group_in_two_splits_is_refused_at_reading(tmp_path: Path):
    manifest = write_samples(tmp_path, [sample("g", "train"), sample("h", "test")])
    manifest.write_text(manifest.read_text().replace(",h,", ",g,"))
    with pytest.raises(TrainingError, match="group g stands in train and in test"):
        read_samples(tmp_path)


def test_the_same_name_in_two_origins_is_no_leak(tmp_path: Path):
    write_samples(tmp_path, [sample("g", "train", origin="a"), sample("g", "test", origin="b")])


def test_sealed_rows_are_refused(tmp_path: Path):
    manifest = write_samples(tmp_path, [sample("g")])
    manifest.write_text(manifest.read_text().replace(",train,", ",sealed,"))
    with pytest.raises(TrainingError, match="line 2 cannot be read: split is 'sealed'"):
        read_samples(tmp_path)


def test_an_older_manifest_is_read_and_a_truncated_one_is_not(tmp_path: Path):
    manifest = tmp_path / MANIFEST_NAME
    manifest.write_text("path,manipulated,method,origin,group,split\na.flac,1,tts,o,g,val\n")
    (read,) = read_samples(tmp_path)
    assert (read.left, read.sha256, read.clip) == (None, "", "")
    manifest.write_text("path,manipulated,method,origin\na.flac,1,tts,o\n")
    with pytest.raises(TrainingError, match="lacks the columns group, split") as caught:
        read_samples(tmp_path)
    assert f"forensics prepare DATASET --out {tmp_path}" in caught.value.hint


def test_a_missing_manifest_says_what_to_type(tmp_path: Path):
    with pytest.raises(TrainingError) as caught:
        read_samples(tmp_path)
    assert "forensics prepare" in caught.value.hint


def draws(sampler: BalancedSampler, n: int = 4000):
    rng = np.random.default_rng(1)
    return [draw for _ in range(n // 2) for draw in sampler.pair(rng)]


def test_half_of_the_draws_are_pristine_whatever_the_data_hold():
    rows = [sample(f"p{i}") for i in range(3)] + [sample(f"m{i}", manipulated=True) for i in range(90)]
    drawn = draws(BalancedSampler(rows, pseudo_fakes=0.25))
    assert sum(not draw.manipulated for draw in drawn) == len(drawn) // 2
    blended = sum(draw.pseudo_fake for draw in drawn) / (len(drawn) // 2)
    assert abs(blended - 0.25) < 0.04
    pairs = zip(drawn[::2], drawn[1::2], strict=True)
    assert all(fake.sample is pristine.sample for pristine, fake in pairs if fake.pseudo_fake)


def test_a_manipulated_sample_comes_with_a_pristine_one_of_its_group():
    rows = [sample(name) for name in "abc"] + [
        sample("a", manipulated=True),
        sample("b", manipulated=True),
        sample("z", manipulated=True),
    ]
    drawn = draws(BalancedSampler(rows, pseudo_fakes=0.0), 400)
    partners: dict[str, set[str]] = {}
    for pristine, fake in zip(drawn[::2], drawn[1::2], strict=True):
        partners.setdefault(fake.sample.group, set()).add(pristine.sample.group)
    assert partners == {"a": {"a"}, "b": {"b"}, "z": {"a", "b", "c"}}


def test_a_manipulated_sample_without_a_partner_comes_with_a_pristine_one_of_its_origin():
    rows = [sample("a", origin="videos"), sample("b", origin="stills"), sample("c", origin="stills")]
    rows += [sample("x", manipulated=True, origin="stills"), sample("y", manipulated=True, origin="others")]
    drawn = draws(BalancedSampler(rows, pseudo_fakes=0.0), 400)
    partners: dict[str, set[str]] = {}
    for pristine, fake in zip(drawn[::2], drawn[1::2], strict=True):
        partners.setdefault(fake.sample.group, set()).add(pristine.sample.group)
    # Of an origin without pristine samples any will do.
    assert partners == {"x": {"b", "c"}, "y": {"a", "b", "c"}}


def test_origins_share_by_the_fourth_root_and_methods_by_the_square_root():
    rows = [sample("p")]
    rows += [sample(f"a{i}", manipulated=True, origin="large") for i in range(81)]
    rows += [sample(f"b{i}", manipulated=True, origin="small", method="one") for i in range(9)]
    rows += [sample("c", manipulated=True, origin="small", method="two") for _ in range(9)]
    drawn = [draw.sample for draw in draws(BalancedSampler(rows, 0.0)) if draw.manipulated]
    small = [row for row in drawn if row.origin == "small"]
    # 81 groups against 10: 3 parts against 10 ** 0.25 parts.
    assert abs(len(small) / len(drawn) - 1.78 / 4.78) < 0.04
    # 9 groups against 1, whatever the number of rows.
    assert abs(sum(row.method == "two" for row in small) / len(small) - 0.25) < 0.05


def test_pristine_footage_alone_is_enough_for_pseudo_fakes():
    drawn = draws(BalancedSampler([sample("p")], pseudo_fakes=1.0), 100)
    assert sum(draw.manipulated for draw in drawn) == 50
    with pytest.raises(TrainingError, match="no manipulated training sample"):
        BalancedSampler([sample("p")], pseudo_fakes=0.5)
    with pytest.raises(TrainingError, match="no pristine training sample"):
        BalancedSampler([sample("m", manipulated=True)], pseudo_fakes=0.0)
    with pytest.raises(TrainingError, match=r"--pseudo-fakes is 1\.5"):
        BalancedSampler([sample("p")], pseudo_fakes=1.5)
