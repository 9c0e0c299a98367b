"""Time-stamps over signatures, by an authority that is made on the spot with OpenSSL."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("cryptography", reason="cryptography is not installed (extra sign)")
pytest.importorskip("rfc3161_client", reason="rfc3161-client is not installed (extra sign)")
from cryptography.hazmat.primitives.asymmetric import ed25519

from tests.casefile.made import case_of_one_file
from tests.cli.running import Runner
from tests.cli.test_signature import write_key

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl is missing (Debian: apt-get install openssl)"
)
_SETTINGS = """[tsa]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_alg = sha256
"""
_USAGE = (
    "extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\nbasicConstraints=CA:FALSE\n"
)


class Authority:
    """A root certificate, a certificate for time-stamping under it, and answers to requests."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir()
        self.folder = folder
        self.root = folder / "root.pem"
        (folder / "settings").write_text(_SETTINGS)
        (folder / "usage").write_text(_USAGE)
        (folder / "serial").write_text("01")
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        self._run(
            "req", "-x509", *key, "-keyout", "root.key", "-out", "root.pem", "-subj", f"/CN={name} root"
        )
        self._run("req", *key, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", f"/CN={name}")
        signed_by = ("-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-extfile", "usage")
        self._run("x509", "-req", "-in", "tsa.csr", *signed_by, "-out", "tsa.pem")

    def answer(self, request: Path, *, bare: bool = False) -> Path:
        out = self.folder / ("token" if bare else "answer")
        form = ("-token_out",) if bare else ()
        signer = ("-signer", "tsa.pem", "-inkey", "tsa.key", "-config", "settings", "-section", "tsa")
        self._run("ts", "-reply", "-queryfile", str(request), *signer, *form, "-out", out.name)
        return out

    def _run(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority") / "one", "Clock One")


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return case_of_one_file(tmp_path / "evidence.case")


@pytest.fixture
def request_file(run: Runner, case: Path) -> Path:
    """The case is signed, and this is the request for a stamp over the signature."""
    key = write_key(case.parent, "key", ed25519.Ed25519PrivateKey.generate())
    path = case.with_name("request.tsq")
    ran = run("sign", case, "--key", key, "--timestamp-request", path)
    assert ran.code == 0, ran.err
    assert "Request for a time-stamp" in ran.out
    return path


def signature_of(case: Path) -> Path:
    return case.with_name("evidence.case.sig")


def test_a_request_is_written_over_nothing(run: Runner, case: Path, request_file: Path) -> None:
    for there in (request_file, case, case.with_name("key.pem"), signature_of(case)):
        before = there.read_bytes()
        ran = run("sign", case, "--timestamp-request", there)
        assert (ran.code, ran.out) == (2, ""), ran.err
        assert f"{there} exists already" in ran.err
        assert there.read_bytes() == before


@pytest.mark.parametrize("bare", [False, True], ids=["answer", "token"])
def test_a_stamp_is_added_and_checked(
    run: Runner, case: Path, request_file: Path, authority: Authority, bare: bool
) -> None:
    before = json.loads(signature_of(case).read_bytes())
    ran = run("sign", case, "--timestamp", authority.answer(request_file, bare=bare))
    assert ran.code == 0, ran.err
    after = json.loads(signature_of(case).read_bytes())
    assert after.pop("timestamp")
    assert before.pop("timestamp") == ""
    assert after == before
    verify = ("verify", case, "--signature", signature_of(case))
    ran = run(*verify, "--timestamp-ca", authority.root)
    assert ran.code == 0, ran.err
    assert "The time-stamp holds: 20" in ran.out
    assert "by CN=Clock One." in ran.out
    ran = run(*verify)
    assert ran.code == 0
    assert "The time-stamp is of this signature and says 20" in ran.out
    assert "Anybody can make one" in ran.out


def test_another_authority_is_not_believed(
    run: Runner, case: Path, request_file: Path, authority: Authority, tmp_path: Path
) -> None:
    other = Authority(tmp_path / "other", "Clock Two")
    assert run("sign", case, "--timestamp", other.answer(request_file)).code == 0
    ran = run("verify", case, "--signature", signature_of(case), "--timestamp-ca", authority.root)
    assert ran.code == 4
    assert "The time-stamp does not hold" in ran.err


def test_the_stamp_of_another_signature_is_refused(
    run: Runner, case: Path, request_file: Path, authority: Authority
) -> None:
    answer = authority.answer(request_file)
    signature_of(case).unlink()
    key = write_key(case.parent, "second", ed25519.Ed25519PrivateKey.generate())
    assert run("sign", case, "--key", key).code == 0
    kept = signature_of(case).read_bytes()
    ran = run("sign", case, "--timestamp", answer)
    assert ran.code == 4
    assert "of other content" in ran.err
    assert signature_of(case).read_bytes() == kept
    document = json.loads(kept)
    document["timestamp"] = base64.b64encode(answer.read_bytes()).decode()
    signature_of(case).write_text(json.dumps(document))
    verify = ("verify", case, "--signature", signature_of(case))
    assert run(*verify).code == 4
    assert run(*verify, "--timestamp-ca", authority.root).code == 4


def test_an_altered_stamp_does_not_hold(
    run: Runner, case: Path, request_file: Path, authority: Authority
) -> None:
    answer = authority.answer(request_file)
    content = bytearray(answer.read_bytes())
    content[-5] ^= 1  # in the authority's signature, which comes last
    answer.write_bytes(bytes(content))
    ran = run("sign", case, "--timestamp", answer)
    assert ran.code == 0, ran.err  # its own signature is checked against a root alone
    ran = run("verify", case, "--signature", signature_of(case), "--timestamp-ca", authority.root)
    assert ran.code == 4


def test_what_is_no_stamp_is_said_to_be_none(
    run: Runner, case: Path, request_file: Path, authority: Authority
) -> None:
    for wrong in (case, authority.root, request_file):
        ran = run("sign", case, "--timestamp", wrong)
        assert ran.code == 2, (wrong, ran.err)
        assert "holds no time-stamp token" in ran.err
    assert run("sign", case, "--timestamp", case.with_name("none")).code == 2
    assert run("sign", case).code == 2
    key = case.with_name("key.pem")
    assert run("sign", case, "--key", key, "--timestamp", request_file).code == 2
    verify = ("verify", case, "--signature", signature_of(case))
    ran = run(*verify, "--timestamp-ca", authority.root)
    assert ran.code == 4
    assert "carries no time-stamp" in ran.err
    assert run("verify", case, "--timestamp-ca", authority.root).code == 2
