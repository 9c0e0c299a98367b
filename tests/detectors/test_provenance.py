"""Content credentials: files signed on the spot by an own authority; no address is ever asked."""

from __future__ import annotations

import datetime as dt
import http.server
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage import data

from forensics import detectors
from forensics.detectors.structure import provenance
from forensics.errors import SettingsError
from forensics.media import c2pa_reader
from forensics.media.probe import probe
from forensics.records.findings import Abstention, Exhibit, Notice
from forensics.settings import ScanSettings
from tests import recordings, synthetic

c2pa: Any = pytest.importorskip("c2pa")
crypto: Any = pytest.importorskip("cryptography")

_SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


class Authority:
    """A certificate authority and a signer of its own."""

    def __init__(self) -> None:
        from cryptography.hazmat.primitives.asymmetric import ec

        self._root, self._key = (
            ec.generate_private_key(ec.SECP256R1()),
            ec.generate_private_key(ec.SECP256R1()),
        )
        root = self._certificate("Own authority", self._root, is_root=True)
        self.anchors = _pem(root)
        self._chain = _pem(self._certificate("Own signer", self._key, is_root=False)) + self.anchors

    def signed(self, source: Path, path: Path, mime: str, remote: str = "") -> Path:
        """A copy with a manifest in it, or, with an address, one that only names it."""
        actions = [
            {
                "action": "c2pa.created",
                "digitalSourceType": _SOURCE,
                "softwareAgent": {"name": "Own generator"},
            }
        ]
        builder = c2pa.Builder(
            json.dumps(
                {
                    "claim_generator_info": [{"name": "Own generator", "version": "1"}],
                    "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions}}],
                }
            )
        )
        if remote:
            builder.set_no_embed()
            builder.set_remote_url(remote)
        signer = c2pa.Signer.from_callback(self._sign, c2pa.C2paSigningAlg.ES256, self._chain, None)
        out = io.BytesIO()
        with source.open("rb") as read:
            builder.sign(signer, mime, read, out)
        path.write_bytes(out.getvalue())
        return path

    def _sign(self, content: bytes) -> bytes:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, utils

        r, s = utils.decode_dss_signature(self._key.sign(content, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def _certificate(self, name: str, key: Any, *, is_root: bool) -> Any:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

        now = dt.datetime.now(dt.UTC)
        named = [
            x509.Name(
                [
                    x509.NameAttribute(NameOID.COMMON_NAME, one),
                    x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test"),
                ]
            )
            for one in (name, "Own authority")
        ]
        usage = x509.KeyUsage(not is_root, False, False, False, False, is_root, is_root, False, False)
        own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        above = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._root.public_key())
        made = x509.CertificateBuilder(named[1], named[0], key.public_key(), x509.random_serial_number())
        made = made.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=30))
        made = made.add_extension(x509.BasicConstraints(is_root, None), critical=True)
        made = made.add_extension(usage, critical=True).add_extension(own, critical=False)
        made = made.add_extension(above, critical=False)
        if not is_root:
            made = made.add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
            )
        return made.sign(self._root, hashes.SHA256())


def _pem(certificate: Any) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    return str(certificate.public_bytes(Encoding.PEM).decode())


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("picture") / "plain.jpg"
    Image.fromarray(np.ascontiguousarray(data.astronaut())).save(path, quality=90)
    return path


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """An address, and what was asked of it."""
    asked: list[str] = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}/a.c2pa", asked
        listening.shutdown()


class Said:
    """What the detector says of one file."""

    def __init__(self, path: Path, trust_list: Path | None = None) -> None:
        detector: Any = detectors.load_detector(detectors.spec_of("provenance"), [])
        detector.configure(ScanSettings((path,), trust_list=trust_list))
        items = list(detector.begin(probe(path), path).conclude())
        self.notices = " ".join(one.message for one in items if isinstance(one, Notice))
        self.abstentions = [one for one in items if isinstance(one, Abstention)]
        tables: list[Any] = [one.content for one in items if isinstance(one, Exhibit)]
        self.rows = [row for table in tables for row in table.rows]
        print(f"\n{path.name}: {self.notices or self.rows}")  # noqa: T201 - the gallery


def test_trusted_valid_invalid_and_none_are_four_outcomes(
    authority: Authority, picture: Path, tmp_path: Path
) -> None:
    trusted = tmp_path / "trusted.pem"
    trusted.write_text(authority.anchors)
    other = tmp_path / "other.pem"
    other.write_text(Authority().anchors)
    signed = authority.signed(picture, tmp_path / "signed.jpg", "image/jpeg")
    said = Said(signed, trusted)
    assert 'valid, and its signer "Own signer, Test" is trusted' in said.notices
    assert "declares the content synthetic: trainedAlgorithmicMedia" in said.notices
    assert any("SHA-256" in row[2] for row in said.rows)
    assert "c2pa.created by Own generator" in " ".join(row[2] for row in said.rows)
    assert "Valid is not trusted" in Said(signed).notices
    assert "is not on the trust list" in Said(signed, other).notices
    content = bytearray(signed.read_bytes())
    content[-2_000] ^= 1
    (tmp_path / "flipped.jpg").write_bytes(content)
    assert "is invalid: the file or it was changed" in Said(tmp_path / "flipped.jpg", trusted).notices
    saved = tmp_path / "saved.jpg"
    Image.open(signed).save(saved)
    none = Said(saved, trusted)
    assert none.notices == ""
    assert [row[1] for row in none.rows] == ["There is no C2PA manifest."]
    assert "says nothing of authenticity" in none.rows[0][3]


def test_a_film_loses_its_manifest_when_it_is_remuxed(authority: Authority, tmp_path: Path) -> None:
    signed = authority.signed(synthetic.normal_clip(tmp_path), tmp_path / "signed.mp4", "video/mp4")
    assert "The C2PA manifest is valid" in Said(signed).notices
    remuxed = recordings.remuxed(signed, tmp_path / "remuxed.mp4")
    assert [row[1] for row in Said(remuxed).rows] == ["There is no C2PA manifest."]


def test_no_address_is_asked_and_the_library_would_ask(
    authority: Authority,
    picture: Path,
    server: tuple[str, list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address, asked = server
    remote = authority.signed(picture, tmp_path / "remote.jpg", "image/jpeg", remote=address)
    assert "lies elsewhere; it was not fetched" in Said(remote).notices
    assert c2pa_reader.read_manifest(remote) is None
    assert asked == []
    # Told nothing, or told it with a slip of the pen, the library goes and asks: what is tested can fail.
    monkeypatch.setattr(c2pa_reader, "_OFFLINE", {"remote_manifest_fetchh": False})
    with pytest.raises(Exception, match=r"."):
        c2pa_reader.read_manifest(remote)
    assert asked == ["/a.c2pa"]


def test_without_the_library_a_manifest_is_named_and_not_judged(
    authority: Authority, picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = authority.signed(picture, tmp_path / "signed.jpg", "image/jpeg")
    monkeypatch.setattr(provenance, "is_available", lambda: False)
    [abstention] = Said(signed).abstentions
    assert "pip install 'forensics[c2pa]'" in abstention.detail
    assert Said(picture).rows[0][1] == "There is no C2PA manifest."


def test_a_trust_list_without_certificates_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_text("nothing")
    with pytest.raises(SettingsError, match="holds no certificate"):
        provenance.trust_anchors(tmp_path / "a.pem")
    with pytest.raises(SettingsError, match="cannot be read"):
        provenance.trust_anchors(tmp_path / "b.pem")
