"""Read and check a C2PA manifest with c2pa-python, which the extra ``c2pa`` brings; never over a network."""

from __future__ import annotations

import importlib
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forensics.errors import MediaError
from forensics.media.hashing import unreadable
from forensics.media.signatures import HEAD_BYTES, known_format

# A setting that is misspelt is accepted in silence: tests/media/test_c2pa_reader.py proves that these hold.
_OFFLINE = {"remote_manifest_fetch": False, "ocsp_fetch": False}
_MIME = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "tiff": "image/tiff",
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "avi": "video/avi",
}
_ISO_MIME = {
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heif",
    b"avif": "image/avif",
    b"qt  ": "video/quicktime",
}


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a manifest claims, and how its check came out.

    Attributes:
        state: ``Invalid``, ``Valid`` (content and signature fit together) or ``Trusted`` (and the signer's
            certificate leads to the trust list). Without a trust list nothing is Trusted.
        signer: common name and organisation of the certificate.
        signed_utc: time that the signature states, empty without one.
        generator: the program that made the claim.
        actions: what was done, each with its program: ``c2pa.created by MyGen``.
        source_types: IPTC's digital source types of the actions, without the address before them.
        failures: codes of what did not check out.
        n_ingredients: earlier files that it names.
    """

    state: str
    signer: str
    signed_utc: str
    generator: str
    actions: tuple[str, ...]
    source_types: tuple[str, ...]
    failures: tuple[str, ...]
    n_ingredients: int


def is_available() -> bool:
    """Whether the library is installed."""
    return importlib.util.find_spec("c2pa") is not None


def read_manifest(path: Path, trust_anchors: str = "") -> Manifest | None:
    """The active manifest of a file; None where there is none in it, or its format has none.

    Args:
        trust_anchors: certificates in PEM whose signatures make a signer trusted.

    Raises:
        MediaError: the file cannot be read, or its manifest is damaged beyond reading.
    """
    c2pa: Any = importlib.import_module("c2pa")
    settings: dict[str, Any] = {"verify": {**_OFFLINE, "verify_trust": True}}
    if trust_anchors:
        settings["trust"] = {"trust_anchors": trust_anchors}
    try:
        with path.open("rb") as file:
            mime = _mime(file.read(HEAD_BYTES))
            file.seek(0)
            if mime is None:
                return None
            with (
                c2pa.Context(c2pa.Settings.from_dict(settings)) as context,
                c2pa.Reader(mime, file, context=context) as reader,
            ):
                return _manifest(json.loads(reader.json()))
    except OSError as error:
        raise unreadable(path, error) from error
    except c2pa.C2paError as error:
        words = str(error)
        if "ManifestNotFound" in words or "remote manifests" in words:
            return None
        raise MediaError(
            f"The C2PA manifest cannot be read: {words[:200]}",
            "It is damaged, or of a later version of C2PA.",
        ) from error


def _mime(head: bytes) -> str | None:
    name = known_format(head)
    return _ISO_MIME.get(head[8:12], "video/mp4") if name == "mp4" else _MIME.get(name or "")


def _manifest(report: dict[str, Any]) -> Manifest | None:
    active = report.get("manifests", {}).get(report.get("active_manifest"))
    if not isinstance(active, dict):
        return None
    signature = active.get("signature_info") or {}
    actions = [
        action
        for assertion in active.get("assertions") or ()
        if str(assertion.get("label", "")).startswith("c2pa.actions")
        for action in (assertion.get("data") or {}).get("actions") or ()
    ]
    names = [signature.get("common_name"), signature.get("issuer")]
    generators = [
        f"{one.get('name', '')} {one.get('version', '')}".strip()
        for one in active.get("claim_generator_info") or ()
    ]
    failures = ((report.get("validation_results") or {}).get("activeManifest") or {}).get("failure") or ()
    return Manifest(
        state=str(report.get("validation_state", "Invalid")),
        signer=", ".join(dict.fromkeys(str(name) for name in names if name)),
        signed_utc=str(signature.get("time") or ""),
        generator=", ".join(generators) or str(active.get("claim_generator") or ""),
        actions=tuple(_action(one) for one in actions[:20]),
        source_types=tuple(
            dict.fromkeys(
                str(one["digitalSourceType"]).rsplit("/", 1)[-1]
                for one in actions
                if one.get("digitalSourceType")
            )
        ),
        failures=tuple(dict.fromkeys(str(one.get("code")) for one in failures)),
        n_ingredients=len(active.get("ingredients") or ()),
    )


def _action(action: dict[str, Any]) -> str:
    agent = action.get("softwareAgent")
    name = agent.get("name") if isinstance(agent, dict) else agent
    return f"{action.get('action')} by {name}" if name else str(action.get("action"))
