"""Content credentials (C2PA): whether there is a manifest, what it claims, whether it is valid, and whose."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from forensics.detectors.declarations import PROVENANCE
from forensics.detectors.detector import ModelForms, WithoutModels
from forensics.detectors.structure.observation import Observation, quoted, told
from forensics.errors import MediaError, SettingsError
from forensics.media.c2pa_reader import Manifest, is_available, read_manifest
from forensics.media.content_credentials import has_manifest, remote_manifest
from forensics.records.findings import Abstention, AbstentionReason
from forensics.records.media import MediaFile
from forensics.records.stream import Item
from forensics.settings import ScanSettings

_SYNTHETIC = (
    "trainedAlgorithmicMedia",
    "compositeWithTrainedAlgorithmicMedia",
    "algorithmicMedia",
    "compositeSynthetic",
)
_CREDENTIAL = "signingCredential"


class Provenance(WithoutModels):
    """The detector of content credentials; it holds the trust list."""

    spec = PROVENANCE

    def __init__(self, models: Sequence[ModelForms]) -> None:
        super().__init__(models)
        self._anchors = ""

    def configure(self, settings: ScanSettings) -> None:
        """Takes the trust list of the scan.

        Raises:
            SettingsError: it cannot be read, or holds no certificate.
        """
        if settings.trust_list is not None:
            self._anchors = trust_anchors(settings.trust_list)

    def begin(self, media: MediaFile, path: Path) -> ProvenanceExamination:
        """Starts on a file."""
        del media  # the format is told by the file itself
        return ProvenanceExamination(path, self._anchors)


class ProvenanceExamination:
    """One file's content credentials."""

    def __init__(self, path: Path, anchors: str) -> None:
        self._path = path
        self._anchors = anchors

    def observe(self, item: Item) -> Iterator[Item]:
        """Has no use for what is decoded."""
        del item
        yield from ()

    def conclude(self) -> Iterator[Item]:
        """Everything at once."""
        if has_manifest(self._path) and not is_available():
            yield Abstention(
                PROVENANCE.name,
                AbstentionReason.UNSUPPORTED,
                "The file carries a C2PA manifest, which was not checked: that takes pip install "
                "'forensics[c2pa]'.",
            )
            return
        yield from told(PROVENANCE.name, "Content credentials (C2PA)", self._observations())

    def _observations(self) -> Iterator[Observation]:
        if not has_manifest(self._path):
            yield from _without(remote_manifest(self._path))
            return
        try:
            manifest = read_manifest(self._path, self._anchors)
        except MediaError as error:
            yield Observation(
                "Manifest", "There is a C2PA manifest, but it cannot be read.", error.message, notable=True
            )
            return
        if manifest is None:
            yield Observation(
                "Manifest", "There are parts of a C2PA manifest, but none that is active.", notable=True
            )
            return
        yield _state(manifest, self._anchors)
        yield from _claims(manifest)


def trust_anchors(path: Path) -> str:
    """A trust list's certificates, in PEM.

    Raises:
        SettingsError: it cannot be read, or holds none.
    """
    try:
        text = path.read_text("ascii", "replace")
    except OSError as error:
        raise SettingsError(
            f"The trust list {path} cannot be read: {error.strerror}", "Give a file of certificates in PEM."
        ) from error
    if "-----BEGIN CERTIFICATE-----" not in text:
        raise SettingsError(
            f"The trust list {path} holds no certificate",
            "Give a file of certificates in PEM, as C2PA publishes one.",
        )
    return text


def _without(address: str) -> Iterator[Observation]:
    if address:
        yield Observation(
            "Manifest",
            "The file names a C2PA manifest that lies elsewhere; it was not fetched.",
            quoted(address, 200),
            "Fetch it yourself if the address may learn of the examination.",
            notable=True,
        )
        return
    yield Observation(
        "Manifest",
        "There is no C2PA manifest.",
        "",
        "Most files have none, and most programs and sharing services remove it: this says nothing of "
        "authenticity.",
    )


def _state(manifest: Manifest, anchors: str) -> Observation:
    signer = quoted(manifest.signer or "unnamed", 120)
    listed = (
        f"the trust list (SHA-256 {hashlib.sha256(anchors.encode()).hexdigest()})"
        if anchors
        else "no trust list"
    )
    failures = [code for code in manifest.failures if not code.startswith(_CREDENTIAL)]
    if manifest.state == "Trusted":
        says = (
            f"The C2PA manifest is valid, and its signer {signer} is trusted: the file is as it was signed."
        )
    elif manifest.state == "Valid":
        why = "is not on the trust list" if anchors else "was held against no trust list (--trust-list FILE)"
        says = f"The C2PA manifest is valid, but its signer {signer} {why}: anybody can sign. "
        says += "Valid is not trusted."
    else:
        says = f"The C2PA manifest of {signer} is invalid: the file or it was changed after it was signed."
    evidence = (
        f"state {manifest.state}; {', '.join(failures or manifest.failures) or 'nothing failed'}; {listed}"
    )
    return Observation("Manifest", says, evidence, "Few files carry one.", notable=True)


def _claims(manifest: Manifest) -> Iterator[Observation]:
    if manifest.generator:
        yield Observation(
            "Claim",
            f"The manifest was made by {quoted(manifest.generator, 120)}.",
            f"signed {manifest.signed_utc or 'without a time'}",
        )
    if manifest.actions:
        yield Observation("Actions", "The manifest says what was done.", "; ".join(manifest.actions))
    synthetic = [name for name in manifest.source_types if name in _SYNTHETIC]
    if synthetic:
        yield Observation(
            "Digital source type",
            f"The manifest declares the content synthetic: {', '.join(synthetic)}.",
            ", ".join(manifest.source_types),
            "The marking that generators set; it holds as far as the signature does.",
            notable=True,
        )
    elif manifest.source_types:
        yield Observation(
            "Digital source type",
            f"The manifest declares how the content came about: "
            f"{', '.join(map(quoted, manifest.source_types))}.",
        )
    if manifest.n_ingredients:
        yield Observation(
            "Ingredients",
            f"The manifest names {manifest.n_ingredients} earlier file(s) that it was made from.",
        )
