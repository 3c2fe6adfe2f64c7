"""Tests that run as root may write any file: here they are a user without rights for a while."""

import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def plain_user() -> Iterator[Path]:
    """Be a user without rights; yield a folder that this user owns and that is removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="attune-plain-user-"))
    nobody = pwd.getpwnam("nobody")
    root = os.geteuid() == 0
    if root:
        os.chown(folder, nobody.pw_uid, -1)
        os.seteuid(nobody.pw_uid)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o700)
        shutil.rmtree(folder)
