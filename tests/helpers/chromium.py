"""A browser for the tests: one that is installed, else the one that Playwright brings."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

INSTALLED = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a browser without a window; an error that says what to install, if there is none."""
    # Chromium refuses to run in its sandbox as root, as in a container.
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    flags = [*FLAGS, "--no-sandbox"] if as_root else FLAGS
    with sync_playwright() as playwright:
        found = next(filter(None, map(shutil.which, INSTALLED)), None)
        path = found or playwright.chromium.executable_path
        if not Path(path).exists():
            raise RuntimeError(
                "the browser tests need Chromium: install it with 'playwright install chromium', "
                "or your system's package (apt-get install chromium)"
            )
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        try:
            yield browser
        finally:
            browser.close()
