"""What has to stay the same between the runs of one case, so that their scores can stand side by side."""

from __future__ import annotations

from forensics.records.scan_result import ModelUse, RunManifest

# They change where, how fast and what is scanned, not what a file's score is. ``models`` is text as typed:
# the models themselves are compared by their hashes.
WITHOUT_EFFECT_ON_SCORES = frozenset(
    {
        "paths",
        "case",
        "workers",
        "time_limit_s",
        "models",
        "follow_links",
        "explain",
        "sound_clips",
        "archives",
        "shard",
        "trust_list",
        "executor",
        "ship",
    }
)


def differences(earlier: RunManifest, now: RunManifest) -> list[str]:
    """What would make the scores of two runs differ, in words; empty if nothing would."""
    found = []
    for name, before, after in (
        ("profile", earlier.profile, now.profile),
        ("policy", earlier.policy, now.policy),
        *_settings(earlier, now),
    ):
        if before != after:
            found.append(f"{name} was {before or 'not set'}, is {after or 'not set'}")
    found += _models(earlier, now)
    return found


def _settings(earlier: RunManifest, now: RunManifest) -> list[tuple[str, str, str]]:
    names = sorted((earlier.settings.keys() | now.settings.keys()) - WITHOUT_EFFECT_ON_SCORES - {"profile"})
    return [(name, earlier.settings.get(name, ""), now.settings.get(name, "")) for name in names]


def _models(earlier: RunManifest, now: RunManifest) -> list[str]:
    tasks = sorted({model.task for run in (earlier, now) for model in run.models})
    found = []
    for task in tasks:
        before, after = ([model for model in run.models if model.task == task] for run in (earlier, now))
        if before != after:
            was, now_is = (" and ".join(map(_named, models)) or "none" for models in (before, after))
            found.append(f"{task} model was {was}, is {now_is}")
    return found


def _named(model: ModelUse) -> str:
    files = (model.sha256, model.xml_sha256, model.card_sha256)
    return f"{model.id} {model.version} {model.precisions} (sha256 {' '.join(one[:8] for one in files)})"
