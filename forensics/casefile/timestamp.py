"""Time-stamp tokens (RFC 3161) over signatures: an authority's word that a signature existed at some time.

Nothing is sent from here. A request is written to a file, somebody has it answered, and the answer is added
to the signature. What is stamped is the value of the signature, as in CAdES-T and XAdES-T.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import rfc3161_client as rfc3161
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from forensics.casefile.signature import DetachedSignature, content_of
from forensics.errors import CaseFileError, SettingsError

_MOST_BYTES: Final = 1_000_000
_GRANTED: Final = bytes.fromhex("3003020100")
"""PKIStatusInfo that says "granted", DER: comes before the token in an authority's answer."""
_HASHES: Final = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}


@dataclass(frozen=True, slots=True)
class Timestamp:
    """What a token says.

    Attributes:
        stamped_utc: ISO 8601, UTC.
        authority: subject of the certificate that signed the token; empty where the token carries none.
        trusted: the token's signature and its certificate were checked against a root that was given.
    """

    stamped_utc: str
    authority: str
    trusted: bool


def request_for(signature: DetachedSignature) -> bytes:
    """A request (TimeStampReq, DER) that an authority answers with a token over this signature."""
    builder = rfc3161.TimestampRequestBuilder().data(_value(signature))
    builder = builder.hash_algorithm(rfc3161.HashAlgorithm.SHA256).cert_request(cert_request=True)
    return bytes(builder.build().as_bytes())


def with_timestamp(signature: DetachedSignature, path: Path) -> tuple[DetachedSignature, Timestamp]:
    """The signature with a token that was given as a file, and what the token says.

    Args:
        path: of an authority's answer, or of the bare token.

    Raises:
        CaseFileError: the token is of another signature.
        SettingsError: the file holds no token.
    """
    content = content_of(path)
    if len(content) > _MOST_BYTES or _decoded(content) is None:
        raise SettingsError(
            f"{path} holds no time-stamp token (RFC 3161)",
            "Give the answer of the authority to the file that --timestamp-request wrote.",
        )
    stamped = replace(signature, timestamp=base64.b64encode(content).decode())
    says = check_timestamp(stamped)
    assert says is not None  # it has one now
    return stamped, says


def check_timestamp(signature: DetachedSignature, roots: Path | None = None) -> Timestamp | None:
    """What the token of a signature says, once it is of that signature; None where there is none.

    Args:
        roots: certificates (PEM) of authorities that are trusted. None leaves the token's own signature
            unchecked: anybody could have made it.

    Raises:
        CaseFileError: the token is of something else, damaged, or not of an authority that is trusted.
        SettingsError: the roots cannot be read.
    """
    if not signature.timestamp:
        return None
    try:
        token = _decoded(base64.b64decode(signature.timestamp, validate=True))
    except binascii.Error:
        token = None
    if token is None:
        raise CaseFileError("The time-stamp cannot be read", "Ask the signer for the file again.")
    try:
        if roots is None:
            _check_imprint(token, signature)
        else:
            builder = rfc3161.VerifierBuilder(roots=_certificates(roots))
            builder.build().verify_message(token, _value(signature))
    except rfc3161.VerificationError as error:
        raise CaseFileError(
            f"The time-stamp does not hold: {error}",
            "Do not rely on it: it is of another signature or another authority, or it was altered.",
        ) from error
    stamped_utc = token.tst_info.gen_time.isoformat(timespec="seconds")
    return Timestamp(stamped_utc, _authority(token), roots is not None)


def _decoded(content: bytes) -> rfc3161.TimeStampResponse | None:
    for form in (content, _answer(content)):
        try:
            answer = rfc3161.decode_timestamp_response(form)
            _ = answer.tst_info.gen_time  # an answer that refuses has none
        except ValueError:
            continue
        return answer
    return None


def _answer(token: bytes) -> bytes:
    """The authority's answer that a bare token was taken out of."""
    body = _GRANTED + token
    n_bytes = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    length = n_bytes if len(body) < 0x80 else bytes([0x80 | len(n_bytes)]) + n_bytes
    return b"\x30" + length + body


def _check_imprint(token: rfc3161.TimeStampResponse, signature: DetachedSignature) -> None:
    imprint = token.tst_info.message_imprint
    name = _HASHES.get(imprint.hash_algorithm.dotted_string)
    if name is None:
        raise rfc3161.VerificationError(f"unknown hash algorithm {imprint.hash_algorithm.dotted_string}")
    if hashlib.new(name, _value(signature)).digest() != imprint.message:
        raise rfc3161.VerificationError("it is of other content")


def _authority(token: rfc3161.TimeStampResponse) -> str:
    """Subject of the certificate that is for time-stamping, of those that the token carries."""
    for der in token.signed_data.certificates:
        try:
            certificate = x509.load_der_x509_certificate(der)
            usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        except (ValueError, x509.ExtensionNotFound):
            continue
        if ExtendedKeyUsageOID.TIME_STAMPING in usages:
            return certificate.subject.rfc4514_string()
    return ""


def _certificates(path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(content_of(path))
    except ValueError as error:
        raise SettingsError(
            f"{path} holds no certificate in PEM", "Give the root certificate of the time-stamp authority."
        ) from error


def _value(signature: DetachedSignature) -> bytes:
    try:
        return base64.b64decode(signature.signature, validate=True)
    except binascii.Error as error:
        raise CaseFileError(
            "The signature does not hold: it cannot be read", "Ask the signer for the file again."
        ) from error
