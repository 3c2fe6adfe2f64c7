"""The installation's key: seals what is private, finds addresses without reading them, signs codes.

The key is one line, made by `attune init`: `attune1:<root>:<seal>[,<older seal> …]`. The root never changes,
so that look-ups survive a rotation; sealing uses the first seal and opens with any (MultiFernet).

A sealer that knows its file follows it: `attune key rotate` replaces the file, and processes that are at work
seal with the new seal from then on. What they knew once they go on opening: they may hold an older value.
"""

import base64
import hashlib
import hmac
import os
import secrets
import threading
from dataclasses import dataclass
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
    return f"{PREFIX}:{root}:{new_seal()}"


def new_seal() -> str:
    """Return a new seal, for a key that keeps its root."""
    return Fernet.generate_key().decode()


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


def replace_key(path: Path, key: str) -> None:
    """Replace the key file in one step: whoever reads it, after a power cut as well, finds a whole key."""
    beside = path.with_name(f"new_{path.name}")  # Not `attune_…`: it would be taken for a setting.
    beside.unlink(missing_ok=True)
    write_key(beside, key)
    give_to_owner_of(path, beside)
    os.replace(beside, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def give_to_owner_of(path: Path, made: Path) -> None:
    """Let a new file belong to whom another one belongs: root may rotate, and the service has to read it."""
    owner = path.stat()
    if (owner.st_uid, owner.st_gid) != (os.geteuid(), os.getegid()):
        os.chown(made, owner.st_uid, owner.st_gid)


@dataclass(frozen=True, slots=True)
class Line:
    """The one line of a key, in its parts; it is never shown."""

    root: str
    seals: tuple[str, ...]

    def __str__(self) -> str:
        return f"{PREFIX}:{self.root}:{','.join(self.seals)}"

    def __repr__(self) -> str:
        return f"Line(of {len(self.seals)} seals)"


def parse(key: str) -> Line:
    """Return the parts of a key. Raises KeyTrouble if it is damaged."""
    try:
        prefix, root, seals = key.strip().split(":")
        line = Line(root, tuple(seal.strip() for seal in seals.split(",")))
        if prefix != PREFIX or len(base64.urlsafe_b64decode(root.encode())) != 32:
            raise ValueError
        for seal in line.seals:
            Fernet(seal)
    except ValueError:
        raise KeyTrouble(
            "The key of this installation is damaged; put back the copy you made after `attune init`."
        ) from None
    return line


Mark = tuple[int, int, int]


class Sealer:
    """Seals and unseals text; safe to share between threads.

    `file` is where the key came from: it is looked at before each sealing, which takes a microsecond or two,
    so that nothing is sealed with a seal that was replaced.
    """

    def __init__(self, key: str, file: Path | None = None) -> None:
        line = parse(key)
        raw = base64.urlsafe_b64decode(line.root.encode())
        self._line, self._fernet = line, _opener(line.seals)
        # Not that of the file as it is now: it may have been replaced since the key was read from it.
        self._file, self._mark, self._reading = file, (0, 0, 0), threading.Lock()
        self._lookup = _derive(raw, b"attune lookup")
        self._sign = _derive(raw, b"attune sign")
        self.fingerprint = hmac.digest(_derive(raw, b"attune fingerprint"), b"", hashlib.sha256).hex()[:32]

    def seal(self, text: str) -> bytes:
        self._follow()
        return self._fernet.encrypt(text.encode())

    def unseal(self, sealed: bytes) -> str:
        """Return the text. Raises KeyTrouble if this key, as it now is in its file, cannot open it."""
        fernet = self._fernet
        try:
            return fernet.decrypt(sealed).decode()
        except InvalidToken:
            self._follow()
        try:
            if self._fernet is fernet:
                raise InvalidToken
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise KeyTrouble("A sealed value does not open with the key of this installation.") from None

    def _follow(self) -> None:
        """Take up the key's file if it was replaced; a damaged one, or another's, changes nothing."""
        if self._file is None or (mark := _mark(self._file)) in (None, self._mark):
            return
        with self._reading:
            try:
                line = parse(self._file.read_text("utf-8"))
            except (OSError, ValueError, KeyTrouble):
                return
            if line.root == self._line.root:
                known = (*line.seals, *(seal for seal in self._line.seals if seal not in line.seals))
                self._line, self._fernet = Line(line.root, known), _opener(known)
            self._mark = mark

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


def _opener(seals: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(seal) for seal in seals])


def _mark(file: Path) -> Mark | None:
    """Return what tells one state of a file from another, or None if it is not there."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
