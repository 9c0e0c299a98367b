"""What the runs of a case leave out: shards that are missing, not finished, or cut from other files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forensics.casefile.verification import RunAccount
from forensics.records.scan_result import RunManifest, ShardUse

_MOST_NAMED = 20


def uncovered(manifests: Sequence[RunManifest], runs: Sequence[RunAccount]) -> tuple[str, ...]:
    """What the runs of shards in a case leave out, in sentences; nothing where a run took all files.

    Args:
        manifests: of all runs of the case.
        runs: what the check of the case says of them.
    """
    shards = [(manifest.run_id, manifest.shard) for manifest in manifests if manifest.shard is not None]
    if not shards or len(shards) < len(manifests):
        return ()
    ended = {run.run_id for run in runs if run.ended and not run.interrupted}
    return tuple(_sentences([(use, run_id in ended) for run_id, use in shards]))


def _sentences(shards: Sequence[tuple[ShardUse, bool]]) -> Iterator[str]:
    """Args: each shard, and whether its run ended in order."""
    for count in sorted({use.count for use, _ in shards}):
        done = {use.index for use, ended in shards if use.count == count and ended}
        begun = {use.index for use, _ in shards if use.count == count} - done
        missing = set(range(1, count + 1)) - done - begun
        if missing:
            yield (
                f"Of {count} shards, {_listed(missing)} {'is' if len(missing) == 1 else 'are'} missing: the "
                f"files of {'it' if len(missing) == 1 else 'them'} were not examined"
            )
        if begun:
            yield (
                f"Of {count} shards, {_listed(begun)} {'was' if len(begun) == 1 else 'were'} not scanned to "
                "the end: some of the files were not examined"
            )
    if len({(use.n_found, use.found_sha256) for use, _ in shards}) > 1:
        counts = sorted({use.n_found for use, _ in shards})
        found = (
            f"{counts[0]} to {counts[-1]} files" if len(counts) > 1 else f"{counts[0]} files, not the same"
        )
        yield f"The shards were not cut from the same files: their runs found {found}"


def _listed(indices: set[int]) -> str:
    ordered = sorted(indices)
    more = f" and {len(ordered) - _MOST_NAMED} more" if len(ordered) > _MOST_NAMED else ""
    return ", ".join(map(str, ordered[:_MOST_NAMED])) + more
