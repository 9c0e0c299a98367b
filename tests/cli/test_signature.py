"""Detached signatures: what they cover, and everything that must make them fail."""

from __future__ import annotations

import datetime as dt
import sqlite3
from pathlib import Path

import pytest

pytest.importorskip("cryptography", reason="cryptography is not installed (extra sign)")
import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from forensics.casefile.case_file import CaseFile
from forensics.casefile.signature import check_signature, load_private_key, read_signature
from forensics.errors import CaseFileError, SettingsError
from tests.casefile.made import case_of_one_file, manifest, result
from tests.cli.running import Runner

KINDS = {
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "ECDSA with SHA-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "RSA-PSS with SHA-256": lambda: rsa.generate_private_key(65537, 2048),
}


def write_key(folder: Path, name: str, key: object, passphrase: bytes | None = None) -> Path:
    """The private key, and ``NAME.public.pem`` beside it."""
    how = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path = folder / f"{name}.pem"
    path.write_bytes(key.private_bytes(pem, form, how))  # type: ignore[attr-defined]
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]
    (folder / f"{name}.public.pem").write_bytes(public)
    return path


def certificate_of(key: ed25519.Ed25519PrivateKey, start: dt.datetime, days: int) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "E. Examiner")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=days))
        .sign(key, None)
        .public_bytes(serialization.Encoding.PEM)
    )


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return case_of_one_file(tmp_path / "evidence.case")


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return write_key(tmp_path, "key", ed25519.Ed25519PrivateKey.generate())


@pytest.fixture
def signed(run: Runner, case: Path, key: Path) -> Path:
    """The signature of the case and of ``report.html`` beside it."""
    report = case.with_name("report.html")
    report.write_text("what was found")
    ran = run("sign", case, "--key", key, "--report", report)
    assert ran.code == 0, ran.err
    return case.with_name("evidence.case.sig")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_key_signs_and_is_checked(run: Runner, case: Path, tmp_path: Path, kind: str) -> None:
    key = write_key(tmp_path, "any", KINDS[kind]())
    ran = run("sign", case, "--key", key)
    assert ran.code == 0, ran.err
    assert kind in ran.out
    ran = run("verify", case, "--signature", f"{case}.sig", "--signer", tmp_path / "any.public.pem")
    assert ran.code == 0, ran.err
    assert "signature holds" in ran.out


def test_without_the_signers_key_the_word_is_careful(run: Runner, case: Path, signed: Path) -> None:
    ran = run("verify", case, "--signature", signed)
    assert ran.code == 0, ran.err
    assert "--signer" in ran.out
    assert read_signature(signed).fingerprint in ran.out


def test_an_altered_report_is_told(run: Runner, case: Path, signed: Path) -> None:
    case.with_name("report.html").write_text("what was found, and more")
    ran = run("verify", case, "--signature", signed)
    assert ran.code == 4
    assert "report.html is not what was signed" in ran.err + ran.out
    case.with_name("report.html").unlink()
    ran = run("verify", case, "--signature", signed)
    assert ran.code == 4
    assert "report.html was not found" in ran.err + ran.out


def test_a_report_that_was_moved_is_found_where_it_is_said_to_be(
    run: Runner, case: Path, signed: Path
) -> None:
    elsewhere = case.parent / "elsewhere"
    elsewhere.mkdir()
    case.with_name("report.html").rename(elsewhere / "report.html")
    ran = run("verify", case, "--signature", signed, "--report", elsewhere / "report.html")
    assert ran.code == 0, ran.err


def test_an_altered_case_is_told(run: Runner, case: Path, signed: Path) -> None:
    connection = sqlite3.connect(case)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("UPDATE entries SET payload = replace(payload, 'a.mp4', 'b.mp4')")
    connection.commit()
    connection.close()
    ran = run("verify", case, "--signature", signed)
    assert ran.code == 4


def test_a_case_written_anew_does_not_have_the_signed_head(run: Runner, case: Path, signed: Path) -> None:
    case.unlink()
    with CaseFile.create_or_resume(case) as opened:
        opened.begin_run(manifest(), 1)
        opened.add(result("b.mp4"))
        opened.finish({})
    ran = run("verify", case, "--signature", signed)
    assert ran.code == 4
    assert "head hash" in ran.out + ran.err


def test_rows_that_came_after_are_not_covered(run: Runner, case: Path, signed: Path) -> None:
    with CaseFile.create_or_resume(case) as opened:
        opened.begin_run(manifest(), 1)
        opened.finish({})
    ran = run("verify", case, "--signature", signed)
    assert ran.code == 0, ran.err
    assert "row 3 of 5" in ran.out
    assert "2 rows after it are not covered" in ran.out


def test_another_key_is_told(run: Runner, case: Path, signed: Path, tmp_path: Path) -> None:
    write_key(tmp_path, "other", ed25519.Ed25519PrivateKey.generate())
    ran = run("verify", case, "--signature", signed, "--signer", tmp_path / "other.public.pem")
    assert ran.code == 4
    assert "another key" in ran.err


@pytest.mark.parametrize("part", ["statement", "signature", "public_key"])
def test_an_altered_signature_does_not_hold(signed: Path, tmp_path: Path, part: str) -> None:
    content = msgspec.json.decode(signed.read_bytes())
    if part == "statement":
        content["statement"] = content["statement"].replace('"n_rows":3', '"n_rows":2')
    elif part == "signature":
        content["signature"] = content["signature"][:-8] + "AAAAAA=="
    else:
        write_key(tmp_path, "thief", ed25519.Ed25519PrivateKey.generate())
        content["public_key"] = (tmp_path / "thief.public.pem").read_text()
    signed.write_bytes(msgspec.json.encode(content))
    with pytest.raises(CaseFileError, match="does not hold"):
        check_signature(read_signature(signed))


def test_a_certificate_names_the_signer(run: Runner, case: Path, tmp_path: Path) -> None:
    private = ed25519.Ed25519PrivateKey.generate()
    key = write_key(tmp_path, "key", private)
    now = dt.datetime.now(dt.UTC)
    certificate = tmp_path / "certificate.pem"
    certificate.write_bytes(certificate_of(private, now - dt.timedelta(days=1), 30))
    ran = run("sign", case, "--key", key, "--certificate", certificate)
    assert ran.code == 0, ran.err
    ran = run("verify", case, "--signature", f"{case}.sig", "--signer", certificate)
    assert ran.code == 0, ran.err
    assert "CN=E. Examiner" in ran.out
    expired = tmp_path / "expired.pem"
    expired.write_bytes(certificate_of(private, now - dt.timedelta(days=60), 30))
    ran = run("sign", case, "--key", key, "--certificate", expired, "--out", tmp_path / "other.sig")
    assert ran.code == 2
    assert "not valid now" in ran.err


def test_keys_that_cannot_be_used_are_told_apart(
    run: Runner, tmp_path: Path, case: Path, signed: Path
) -> None:
    locked = write_key(tmp_path, "locked", ed25519.Ed25519PrivateKey.generate(), b"open sesame")
    assert load_private_key(locked, b"open sesame")
    for path, passphrase in (
        (locked, None),
        (locked, b"wrong"),
        (tmp_path / "nowhere.pem", None),
        (case, None),
    ):
        with pytest.raises(SettingsError):
            load_private_key(path, passphrase)
    weak = write_key(tmp_path, "weak", rsa.generate_private_key(65537, 1024))
    with pytest.raises(SettingsError, match="1024 bits"):
        load_private_key(weak, None)
    ran = run("sign", case, "--key", tmp_path / "key.pem")
    assert ran.code == 4
    assert "not overwritten" in ran.err
    with pytest.raises(CaseFileError, match="is not a signature"):
        read_signature(tmp_path / "key.pem")
