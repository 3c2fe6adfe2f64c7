"""The installation's key: seals what is private, finds addresses without reading them, signs codes.

The key is one line, made by `attune init`: `attune1:<root>:<seal>[,<older seal> …]`. The root never changes,
so that look-ups survive a rotation; sealing uses the first seal and opens with any (MultiFernet).
"""

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from service.errors import AttuneError

PREFIX = "attune1"


class KeyTrouble(AttuneError):  # noqa: N818
    """The key is missing, malformed, or not the one of this database."""


def new_key() -> str:
    """Return a new key of 2 × 256 random bits, as one line."""
    root = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return f"{PREFIX}:{root}:{Fernet.generate_key().decode()}"


def write_key(path: Path, key: str) -> None:
    """Create the key file, readable by its owner alone; an existing one is never overwritten."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyTrouble(f"There is a key at {path} already; it was left as it is.") from None
    with os.fdopen(descriptor, "w") as file:
        file.write(key + "\n")
        file.flush()
        os.fsync(file.fileno())


class Sealer:
    """Seals and unseals text; safe to share between threads."""

    def __init__(self, key: str) -> None:
        try:
            prefix, root, seals = key.strip().split(":")
            raw = base64.urlsafe_b64decode(root.encode())
            if prefix != PREFIX or len(raw) != 32:
                raise ValueError
            self._fernet = MultiFernet([Fernet(seal.strip()) for seal in seals.split(",")])
        except ValueError:
            raise KeyTrouble(
                "The key of this installation is damaged; put back the copy you made after `attune init`."
            ) from None
        self._lookup = _derive(raw, b"attune lookup")
        self._sign = _derive(raw, b"attune sign")
        self.fingerprint = hmac.digest(_derive(raw, b"attune fingerprint"), b"", hashlib.sha256).hex()[:32]

    def seal(self, text: str) -> bytes:
        return self._fernet.encrypt(text.encode())

    def unseal(self, sealed: bytes) -> str:
        """Return the text. Raises KeyTrouble if this key cannot open it."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise KeyTrouble("A sealed value does not open with the key of this installation.") from None

    def lookup(self, kind: str, value: str) -> bytes:
        """Return the 32 bytes by which a normalised address is found (HMAC-SHA256)."""
        return hmac.digest(self._lookup, f"{kind}:{value}".encode(), hashlib.sha256)

    def signing_key(self, purpose: str) -> str:
        """Return a secret for signing tokens of one purpose."""
        return hmac.digest(self._sign, purpose.encode(), hashlib.sha256).hex()

    def code(self, subject: str) -> str:
        """Return the six digits that belong to `subject`."""
        digest = hmac.digest(self._sign, f"code:{subject}".encode(), hashlib.sha256)
        return f"{int.from_bytes(digest[:8]) % 1_000_000:06d}"


def _derive(root: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(root)
