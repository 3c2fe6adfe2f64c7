"""A real mailbox (Dovecot) on free loopback ports, in a folder of its own."""

import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Self

import pytest
from imap_tools import MailBoxUnencrypted

from tests.servers.certificates import self_signed

USER, PASSWORD = "answers", "p4ssword-of-the-answers"
_SBIN = "/usr/sbin:/usr/local/sbin"
_CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {run}
state_dir = {run}
log_path = {folder}/log
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain login
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
passdb {{
  driver = static
  args = user={user} password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home
}}
mail_location = maildir:{folder}/home/Maildir
first_valid_uid = 1
first_valid_gid = 1
auth_failure_delay = 0
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""


def binary() -> str | None:
    """Return where Dovecot is, if it is here."""
    return shutil.which("dovecot") or shutil.which("dovecot", path=_SBIN)


class Dovecot:
    """One mailbox of the login `USER`; a test without the program is skipped."""

    def __enter__(self) -> Self:
        program = binary()
        if program is None:
            pytest.skip("No mailbox: install Debian's dovecot-imapd.")
        self._folder = tempfile.TemporaryDirectory(prefix="attune-dovecot-", ignore_cleanup_errors=True)
        folder = Path(self._folder.name)
        self.ca_file, key = self_signed(folder)
        self.port, self.tls_port = _free_ports(2)
        owner = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        internal = "dovecot" if os.getuid() == 0 else owner.pw_name
        group = internal if os.getuid() == 0 else _group_of(owner.pw_gid)
        (folder / "home").mkdir()
        if os.getuid() == 0:
            folder.chmod(0o755)
            os.chown(folder / "home", owner.pw_uid, owner.pw_gid)
        config = folder / "dovecot.conf"
        config.write_text(
            _CONFIG.format(
                run=folder / "run",
                folder=folder,
                certificate=self.ca_file,
                key=key,
                internal=internal,
                internal_group=group,
                login="dovenull" if os.getuid() == 0 else owner.pw_name,
                user=USER,
                password=PASSWORD,
                uid=owner.pw_uid,
                gid=owner.pw_gid,
                port=self.port,
                tls_port=self.tls_port,
            )
        )
        self._process = subprocess.Popen(
            [program, "-F", "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._wait_until_it_answers(folder / "log")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(30)
        self._folder.cleanup()

    def options(self, **changes: object) -> dict[str, object]:
        """Return the settings by which the channel `smtp` reads this mailbox."""
        options: dict[str, object] = {
            "imap_host": "127.0.0.1",
            "imap_port": self.port,
            "imap_security": "plain",
            "imap_username": USER,
            "imap_password": PASSWORD,
        }
        return options | changes

    def deliver(self, *mails: bytes, folder: str = "INBOX", at: datetime | None = None) -> None:
        """Put mails into the mailbox, in order; `at` is when the server got them."""
        with self.opened() as box:
            for mail in mails:
                box.append(mail, folder, dt=at)

    def spoil(self, words: bytes) -> None:
        """Let the server be unable to give the mails that hold these words, as after a fault of its disk."""
        for path in self._mails():
            if os.access(path, os.R_OK) and words in path.read_bytes():
                path.chmod(0)

    def mend(self) -> None:
        """Let the server give again what it could not."""
        for path in self._mails():
            path.chmod(0o600)

    def _mails(self) -> list[Path]:
        found = Path(self._folder.name, "home").rglob("*")
        return [path for path in found if path.is_file() and path.parent.name in ("new", "cur")]

    def opened(self) -> MailBoxUnencrypted:
        """Return the mailbox, logged in: to be closed by the caller."""
        box = MailBoxUnencrypted("127.0.0.1", self.port, timeout=20)
        return box.login(USER, PASSWORD)

    def _wait_until_it_answers(self, log: Path) -> None:
        until = time.monotonic() + 20
        while time.monotonic() < until and self._process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1) as line:
                    if line.recv(4) == b"* OK":
                        return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(f"Dovecot does not start: {log.read_text() if log.exists() else 'no log'}")


def _group_of(gid: int) -> str:
    return grp.getgrgid(gid).gr_name


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
