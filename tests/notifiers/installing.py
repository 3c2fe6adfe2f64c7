"""The channel of another package, built and installed for real into a folder of the test's own."""

import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parent / "postcard"


def install_postcard(folder: Path) -> Path:
    """Install tests/notifiers/postcard into `folder` by uv, without any index; return the folder."""
    uv = Path(sys.executable).with_name("uv")
    options = ["--no-index", "--no-build-isolation", "--no-deps", "--quiet", "--link-mode", "copy"]
    subprocess.run(
        [uv, "pip", "install", *options, "--python", sys.executable, "--target", folder, PACKAGE],
        check=True,
        env={"PATH": str(uv.parent), "UV_CACHE_DIR": str(folder.with_name("uv-cache")), "HOME": str(folder)},
    )
    return folder
