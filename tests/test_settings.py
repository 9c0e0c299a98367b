"""Settings are checked when they are made, and say what will be done."""

from __future__ import annotations

import pytest

from forensics.errors import SettingsError
from forensics.settings import Profile, ScanSettings


def test_a_triage_looks_at_fewer_frames_unless_told_otherwise() -> None:
    examination, triage = (ScanSettings(paths=(), profile=profile) for profile in Profile)
    assert triage.n_frames < examination.n_frames
    assert ScanSettings(paths=(), profile=Profile.TRIAGE, frames=20).n_frames == 20


@pytest.mark.parametrize("profile", Profile)
def test_the_manifest_says_how_many_frames_a_profile_looks_at(profile: Profile) -> None:
    written = ScanSettings(paths=(), profile=profile).as_text()
    assert written["frames"] == str(profile.frames)
    # Asked for by number, it is that number in a clip of any length: the same scan only where no rate holds.
    asked = ScanSettings(paths=(), profile=profile, frames=profile.frames).as_text()
    assert asked == written | {"frames_per_s": "0"}
    assert (asked == written) is (profile is Profile.TRIAGE)


@pytest.mark.parametrize("wrong", [{"frames": 0}, {"workers": 0}, {"time_limit_s": 0.0}])
def test_values_out_of_range_are_refused_with_an_example(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError) as refused:
        ScanSettings(paths=(), **wrong)  # type: ignore[arg-type]
    assert "for example" in refused.value.hint
