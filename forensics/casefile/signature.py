"""Detached signatures: who vouches for the newest row of a case and for the reports drawn from it.

What is signed is a statement: head hash, number of rows, SHA-256 of each report, and when. It lies with its
signature in a file of its own. A time in it is what the signer's clock said, nothing more.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from forensics.errors import CaseFileError, SettingsError
from forensics.media.hashing import sha256_of

SIGNATURE_SUFFIX: Final = ".sig"
FORM: Final = "forensics signature 1"
_CONTEXT: Final = FORM.encode() + b"\n"
"""Comes before the statement when it is signed: a signature cannot be taken for one of other things."""

PrivateKey = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PublicKey = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey
_LEAST_RSA_BITS: Final = 2048


@dataclass(frozen=True, slots=True)
class SignedReport:
    """A report by its name and content."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What a signer vouches for.

    Attributes:
        case: name of the case file.
        n_rows: rows that it had.
        head_hash: of the newest of them, hexadecimal.
        signed_utc: ISO 8601, UTC, by the signer's clock.
    """

    case: str
    n_rows: int
    head_hash: str
    reports: tuple[SignedReport, ...]
    signed_utc: str


@dataclass(frozen=True, slots=True)
class DetachedSignature:
    """The content of a signature file.

    Attributes:
        statement: JSON of a ``Statement``, to the byte as it was signed.
        algorithm: in words.
        signature: base64.
        public_key: PEM.
        certificates: PEM, the signer's first; empty where the key stands alone.
        timestamp: base64 of an RFC 3161 token over the signature's value; empty for none.
    """

    form: str
    statement: str
    algorithm: str
    signature: str
    public_key: str
    certificates: tuple[str, ...] = ()
    timestamp: str = ""

    @property
    def content(self) -> Statement:
        """The statement, decoded.

        Raises:
            CaseFileError: it cannot be read.
        """
        try:
            return msgspec.json.decode(self.statement, type=Statement)
        except msgspec.MsgspecError as error:
            raise CaseFileError(
                f"The signed statement cannot be read: {error}", "Ask the signer for the file again."
            ) from error

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public key (SubjectPublicKeyInfo, DER), hexadecimal."""
        return fingerprint_of(_public_key(self.public_key.encode(), "the signature"))

    @property
    def signer(self) -> str:
        """The certificate's subject; empty where there is none."""
        if not self.certificates:
            return ""
        return x509.load_pem_x509_certificate(self.certificates[0].encode()).subject.rfc4514_string()


def load_private_key(path: Path, passphrase: bytes | None) -> PrivateKey:
    """A private key in PEM: Ed25519, an elliptic curve's, or RSA.

    Raises:
        SettingsError: it cannot be read, is of another kind, or the passphrase is missing or wrong.
    """
    try:
        key = serialization.load_pem_private_key(content_of(path), passphrase)
    except TypeError as error:  # a passphrase is missing, or there is one too many
        raise SettingsError(
            f"The key {path}: {error}", "Give its passphrase, or none if it has none."
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SettingsError(
            f"{path} is not a private key in PEM, or the passphrase is wrong",
            "Make one with: openssl genpkey -algorithm ed25519 -out key.pem",
        ) from error
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size < _LEAST_RSA_BITS:
        raise SettingsError(f"The RSA key {path} has {key.key_size} bits", f"Use {_LEAST_RSA_BITS} or more.")
    if not isinstance(key, PrivateKey):
        raise SettingsError(f"The key {path} is of a kind that cannot sign", "Use Ed25519, ECDSA or RSA.")
    return key


def load_certificates(path: Path, key: PrivateKey) -> tuple[str, ...]:
    """A certificate of this key and the chain above it, as PEM.

    Raises:
        SettingsError: there is none, it is of another key, or it is not valid now.
    """
    try:
        chain = x509.load_pem_x509_certificates(content_of(path))
    except ValueError as error:
        raise SettingsError(
            f"{path} holds no certificate in PEM", "Give the signer's certificate, then those above it."
        ) from error
    if fingerprint_of(chain[0].public_key()) != fingerprint_of(key.public_key()):
        raise SettingsError(
            f"The first certificate in {path} is of another key", "Put the signer's own certificate first."
        )
    if not _valid_at(chain[0], datetime.now(UTC)):
        raise SettingsError(f"The certificate in {path} is not valid now", "Use one that is.")
    return tuple(one.public_bytes(serialization.Encoding.PEM).decode() for one in chain)


def sign(
    key: PrivateKey,
    case: str,
    n_rows: int,
    head_hash: str,
    reports: Sequence[Path],
    certificates: tuple[str, ...] = (),
) -> DetachedSignature:
    """Signs the head of a case that was checked, and reports drawn from it.

    Raises:
        MediaError: a report cannot be read.
    """
    signed = tuple(SignedReport(path.name, sha256_of(path)) for path in reports)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    statement = msgspec.json.encode(Statement(case, n_rows, head_hash, signed, now))
    return DetachedSignature(
        FORM,
        statement.decode(),
        _algorithm(key.public_key()),
        base64.b64encode(_signed(key, _CONTEXT + statement)).decode(),
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode(),
        certificates,
    )


def write_signature(path: Path, signature: DetachedSignature) -> None:
    """Writes a signature file.

    Raises:
        CaseFileError: it cannot be written, or there is one already.
    """
    try:
        with path.open("xb") as out:
            out.write(msgspec.json.format(msgspec.json.encode(signature), indent=2) + b"\n")
    except FileExistsError as error:
        raise CaseFileError(
            f"{path} exists already, and signatures are not overwritten", "Give another name with --out."
        ) from error
    except OSError as error:
        raise CaseFileError(
            f"The signature cannot be written to {path}: {error.strerror or error}", "Give another --out."
        ) from error


def replace_signature(path: Path, signature: DetachedSignature) -> None:
    """Writes a signature file over what it was before a time-stamp was added, whole or not at all.

    Raises:
        CaseFileError: it cannot be written.
    """
    temporary = path.with_name(f".{path.name[:80]}.partial")
    temporary.unlink(missing_ok=True)
    try:
        write_signature(temporary, signature)
        temporary.replace(path)
    except OSError as error:
        raise CaseFileError(
            f"The signature cannot be written to {path}: {error.strerror or error}", "Check its folder."
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def read_signature(path: Path) -> DetachedSignature:
    """Reads a signature file, without believing it.

    Raises:
        CaseFileError: it cannot be read or is something else.
    """
    try:
        signature = msgspec.json.decode(path.read_bytes(), type=DetachedSignature)
    except OSError as error:
        raise CaseFileError(
            f"The signature {path} cannot be read: {error.strerror or error}", "Check the path."
        ) from error
    except msgspec.MsgspecError as error:
        raise _not_a_signature(path) from error
    if signature.form != FORM:
        raise _not_a_signature(path)
    return signature


def check_signature(signature: DetachedSignature, signer: Path | None = None) -> Statement:
    """What a signature vouches for, once it holds.

    Args:
        signer: public key or certificate (PEM) that it has to be of; None takes the key that lies with it,
            which anybody could have put there.

    Raises:
        CaseFileError: it does not hold, or is of another signer.
        SettingsError: the signer's key cannot be read.
    """
    key = _public_key(signature.public_key.encode(), "the signature")
    if signer is not None and fingerprint_of(key) != fingerprint_of(
        _public_key(content_of(signer), str(signer))
    ):
        raise CaseFileError(
            f"The signature is of another key than {signer}",
            "Do not rely on it; ask the signer which key is theirs.",
        )
    try:
        _check(
            key, base64.b64decode(signature.signature, validate=True), _CONTEXT + signature.statement.encode()
        )
    except (InvalidSignature, binascii.Error) as error:
        raise CaseFileError(
            "The signature does not hold: the statement or the signature was altered",
            "Do not rely on it; ask the signer for the file again.",
        ) from error
    statement = signature.content
    if signature.certificates:
        _check_certificate(signature.certificates[0], key, statement)
    return statement


def altered_reports(statement: Statement, places: Sequence[Path]) -> list[str]:
    """What is not as it was signed, in words; empty if every signed report is there and the same.

    Args:
        places: files or folders in which the reports may lie, looked through in this order.
    """
    problems = []
    for report in statement.reports:
        here = [path for place in places for path in (place, place / report.name)]
        found = next((path for path in here if path.is_file() and path.name == report.name), None)
        if found is None:
            problems.append(f"The signed report {report.name} was not found")
        elif sha256_of(found) != report.sha256:
            problems.append(f"The report {found} is not what was signed")
    return problems


def fingerprint_of(key: object) -> str:
    """SHA-256 of a public key's SubjectPublicKeyInfo, hexadecimal."""
    assert isinstance(key, PublicKey)
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def _algorithm(key: PublicKey) -> str:
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "Ed25519"
    return "ECDSA with SHA-256" if isinstance(key, ec.EllipticCurvePublicKey) else "RSA-PSS with SHA-256"


def _pss() -> padding.PSS:
    return padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)


def _signed(key: PrivateKey, content: bytes) -> bytes:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(content)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(content, ec.ECDSA(hashes.SHA256()))
    return key.sign(content, _pss(), hashes.SHA256())


def _check(key: PublicKey, signature: bytes, content: bytes) -> None:
    if isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(signature, content)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, content, ec.ECDSA(hashes.SHA256()))
    else:
        key.verify(signature, content, _pss(), hashes.SHA256())


def _check_certificate(pem: str, key: PublicKey, statement: Statement) -> None:
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        of_key = fingerprint_of(certificate.public_key()) == fingerprint_of(key)
        valid = _valid_at(certificate, datetime.fromisoformat(statement.signed_utc))
    except (ValueError, AssertionError) as error:
        raise CaseFileError(
            "The signer's certificate cannot be read", "Ask the signer for the file again."
        ) from error
    if not of_key:
        raise CaseFileError("The certificate is of another key than the signature", "Do not rely on it.")
    if not valid:
        raise CaseFileError(
            "The signer's certificate was not valid when the statement says that it was signed",
            "Ask the signer for a signature with a valid certificate.",
        )


def _valid_at(certificate: x509.Certificate, moment: datetime) -> bool:
    return certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc


def _public_key(pem: bytes, where: str) -> PublicKey:
    try:
        if b"BEGIN CERTIFICATE" in pem:
            key: object = x509.load_pem_x509_certificate(pem).public_key()
        else:
            key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SettingsError(
            f"There is no public key or certificate in PEM in {where}",
            "Make the public key with: openssl pkey -in key.pem -pubout -out public.pem",
        ) from error
    if not isinstance(key, PublicKey):
        raise SettingsError(f"The key in {where} is of an unknown kind", "Use Ed25519, ECDSA or RSA.")
    return key


def content_of(path: Path) -> bytes:
    """The bytes of a file that was named for a signature.

    Raises:
        SettingsError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror or error}", "Check the path.") from error


def _not_a_signature(path: Path) -> CaseFileError:
    return CaseFileError(
        f"{path} is not a signature of forensics",
        f"Give the file CASE{SIGNATURE_SUFFIX} that forensics sign wrote.",
    )
