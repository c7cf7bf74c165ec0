"""Chromium and its driver: those of this machine, else of Debian's packages, unpacked."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.broker.packages import unpacked

PACKAGES = ("chromium", "chromium-driver", "fonts-dejavu-core")

_LIBRARIES = ("usr/lib/*-linux-gnu*", "lib/*-linux-gnu*", "usr/lib/*-linux-gnu*/pulseaudio")
_FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{root}/usr/share/fonts</dir><cachedir>{folder}/fonts</cachedir></fontconfig>
"""


@dataclass(frozen=True)
class Chromium:
    """A browser.

    Attributes:
        binary: The browser itself.
        driver: What speaks WebDriver.
        root: Where packages are unpacked; None: they are installed.
    """

    binary: Path
    driver: Path
    root: Path | None = None

    def environ(self, folder: Path) -> dict[str, str]:
        """The environment in which it finds libraries and fonts, and writes into a folder alone."""
        environ = {**os.environ, "HOME": str(folder), "TMPDIR": str(folder)}
        if self.root is not None:
            libraries = [folder for place in _LIBRARIES for folder in self.root.glob(place)]
            environ["LD_LIBRARY_PATH"] = ":".join(map(str, libraries))
            fonts = folder / "fonts.conf"
            fonts.write_text(_FONTS.format(root=self.root, folder=folder))
            environ["FONTCONFIG_FILE"] = str(fonts)
        return environ


def find_chromium() -> Chromium:
    """The browser; packages are unpacked on the first call.

    Raises:
        NoPackages: This is no Debian, or its packages cannot be downloaded.
    """
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if binary and driver:
        return Chromium(Path(binary), Path(driver))
    root = unpacked(PACKAGES)
    return Chromium(root / "usr/lib/chromium/chromium", root / "usr/bin/chromedriver", root)
