"""The sandbox's own certificate authority, and the certificates it signs.

Invariant: private keys are readable by their owner only, and the authority's key never leaves its folder; an authority
that expires within 30 days is replaced at the next start; certificates for host names are kept in memory only.
"""

from __future__ import annotations

import functools
import ipaddress
import os
import re
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from platz.web_addresses import LOOPBACK

_AUTHORITY_LIFE = timedelta(days=3650)
_LEAF_LIFE = timedelta(days=397)  # the longest that strict clients accept
_RENEW_BEFORE = timedelta(days=30)
_BACKDATED = timedelta(hours=1)  # because clocks differ
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*")


def write_private(path: Path, content: bytes) -> None:
    """Replace a file, in one step, by one that only its owner may read."""
    temporary = path.with_name(f"{path.name}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    temporary.rename(path)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption())


class Authority:
    """The certificate authority in a folder: `ca.pem` and `ca-key.pem`."""

    def __init__(self, folder: Path) -> None:
        """Load the authority, or make one; raise `OSError` when the folder can't be read or written."""
        self.path = folder / "ca.pem"
        self._key_path = folder / "ca-key.pem"
        loaded = self._load()
        self._certificate, self._key = loaded or self._make()
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())

    def _load(self) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None:
        try:
            certificate = x509.load_pem_x509_certificate(self.path.read_bytes())
            key = serialization.load_pem_private_key(self._key_path.read_bytes(), None)
        except (FileNotFoundError, ValueError):
            return None
        expires_soon = certificate.not_valid_after_utc < datetime.now(UTC) + _RENEW_BEFORE
        if expires_soon or not isinstance(key, ec.EllipticCurvePrivateKey):
            return None
        return (certificate, key) if key.public_key() == certificate.public_key() else None

    def _make(self) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Platz sandbox")])
        usage = x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
            data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        certificate = (
            _builder(name, name, key.public_key(), _AUTHORITY_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        write_private(self._key_path, _pem(key))
        self.path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return certificate, key

    def server_context(self, *names: str) -> ssl.SSLContext:
        """Return a TLS server context with a certificate for the host names and addresses."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
        public = self._key.public_key()
        leaf = (
            _builder(subject, self._certificate.subject, self._leaf_key.public_key(), _LEAF_LIFE)
            .add_extension(
                x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return _context(leaf.public_bytes(serialization.Encoding.PEM) + _pem(self._leaf_key))

    def any_host_context(self) -> ssl.SSLContext:
        """Return a TLS server context that makes a certificate for each host name that a client asks for."""
        context = self.server_context("localhost", LOOPBACK)
        signed = functools.lru_cache(maxsize=256)(self.server_context)

        def choose(
            connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _context: ssl.SSLContext
        ) -> None:
            if name and _HOST.fullmatch(name.lower()):
                connection.context = signed(name.lower())

        context.sni_callback = choose
        return context


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, life: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + life)
    )


def _context(pem: bytes) -> ssl.SSLContext:
    """Return a TLS server context with the certificate and key; a temporary file, as Python's ssl reads only files."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    with tempfile.NamedTemporaryFile() as file:  # mode 0600
        file.write(pem)
        file.flush()
        context.load_cert_chain(file.name)
    return context
