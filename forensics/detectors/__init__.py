"""The table of detectors: those that ship, and those that other installed packages register.

A package registers a detector by an entry point of the group ``forensics.detectors`` that names a
``DetectorSpec``::

    [project.entry-points."forensics.detectors"]
    my-detector = "my_package.declaration:SPEC"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import TYPE_CHECKING

from forensics.addresses import load
from forensics.detectors.declarations import (
    BLINK_POSE,
    CONTAINER,
    DUPLICATES,
    FACE,
    LIPS,
    PERSONS,
    PROVENANCE,
    SEQUENCE,
    STILLS,
    VOICE,
)
from forensics.errors import SettingsError
from forensics.records.detector_spec import DetectorSpec, undeclared

if TYPE_CHECKING:  # numpy comes with them, and the command line asks this module for names
    from forensics.detectors.detector import Detector, DetectorClass, ModelForms

ENTRY_POINT_GROUP = "forensics.detectors"
# What scores and draws verdicts unless --detectors says otherwise, in this order: those that a shipped model
# serves.
DEFAULT_DETECTORS: Mapping[str, DetectorSpec] = MappingProxyType({spec.name: spec for spec in (FACE, VOICE)})
# What stands beside their verdicts in every scan: no net, no score, a few milliseconds a file.
STRUCTURE_DETECTORS: Mapping[str, DetectorSpec] = MappingProxyType(
    {spec.name: spec for spec in (CONTAINER, STILLS, PROVENANCE)}
)
# What finds the same pictures, faces and sounds again in other files of a case: hashes, no score.
HASHING_DETECTORS: Mapping[str, DetectorSpec] = MappingProxyType({DUPLICATES.name: DUPLICATES})
USUAL_DETECTORS: Mapping[str, DetectorSpec] = MappingProxyType(
    {**DEFAULT_DETECTORS, **STRUCTURE_DETECTORS, **HASHING_DETECTORS}
)
# What looks at how people move, on request.
MOTION_DETECTORS: Mapping[str, DetectorSpec] = MappingProxyType(
    {spec.name: spec for spec in (SEQUENCE, LIPS, BLINK_POSE)}
)
# What tells who looks like whom, on request: biometric identification.
IDENTITY_DETECTORS: Mapping[str, DetectorSpec] = MappingProxyType({PERSONS.name: PERSONS})
DETECTORS: Mapping[str, DetectorSpec] = MappingProxyType(
    {
        **DEFAULT_DETECTORS,
        **MOTION_DETECTORS,
        **STRUCTURE_DETECTORS,
        **HASHING_DETECTORS,
        **IDENTITY_DETECTORS,
    }
)


@cache
def registered() -> Mapping[str, EntryPoint]:
    """Detectors of other installed packages by name, not imported yet; a shipped name cannot be taken."""
    found = entry_points(group=ENTRY_POINT_GROUP)
    return MappingProxyType({point.name: point for point in found if point.name not in DETECTORS})


def detector_names() -> tuple[str, ...]:
    """Every detector that ``--detectors`` can name, the shipped ones first."""
    return *DETECTORS, *sorted(registered())


def spec_of(name: str) -> DetectorSpec:
    """The declaration of a detector.

    Raises:
        SettingsError: no detector has this name, or the package that registers it cannot be used.
    """
    if name in DETECTORS:
        return DETECTORS[name]
    point = registered().get(name)
    if point is None:
        raise SettingsError(
            f"--detectors names {name or 'none'}, which is not a detector",
            f"Choose from {','.join(detector_names())}, for example --detectors {next(iter(DETECTORS))}.",
        )
    try:
        spec = point.load()
    except (ImportError, AttributeError) as error:
        raise SettingsError(
            f"The detector {name} cannot be loaded from {point.value}: {error}",
            f"Install the package that registers it again, or leave {name} out of --detectors.",
        ) from error
    if not isinstance(spec, DetectorSpec) or spec.name != name:
        raise SettingsError(
            f"The entry point {name} names {point.value}, which is not a DetectorSpec called {name}",
            f"Tell the package's authors, or leave {name} out of --detectors.",
        )
    return spec


def described(name: str) -> DetectorSpec:
    """The declaration of a detector for showing its findings; the plainest where it is not installed here."""
    try:
        return spec_of(name)
    except SettingsError:
        return undeclared(name)


def provider_of(name: str) -> str:
    """The package that a detector comes from, with its version, for the manifest."""
    point = registered().get(name)
    if point is None or point.dist is None:
        return "forensics"
    return f"{point.dist.name} {point.dist.version}"


def load_detector(spec: DetectorSpec, models: Sequence[ModelForms]) -> Detector:
    """A detector around its compiled models.

    Args:
        models: as many as the declaration says.

    Raises:
        SettingsError: its implementation cannot be imported.
        ModelError: a model does not fit the detector.
    """
    try:
        implementation: DetectorClass = load(spec.implementation)
    except (ImportError, AttributeError, ValueError) as error:
        raise SettingsError(
            f"The detector {spec.name} cannot be loaded from {spec.implementation!r}: {error}",
            f"Install the package that provides it again, or leave {spec.name} out of --detectors.",
        ) from error
    return implementation(models)
