"""Make what Colab opens: _build/colab, with the reader notebooks and the package's wheel.

Colab opens notebooks from GitHub only, and has no copy of the package. So the workflow publishes
this folder as a branch of its own; the first cell of each notebook installs the wheel beside it.
"""

import shutil
import sys
from pathlib import Path

from extensions import launch

from tools import pyodide, reader

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "_build" / "colab"
README = """\
The notebooks of {site}, made by `tools/colab.py` of the branch `{source}`. Nothing here is written by hand.
"""


def wheel_address(address, name):
    """Where the published branch has the wheel of this name.

    >>> wheel_address("https://github.com/someone/book", "a.whl")
    'https://raw.githubusercontent.com/someone/book/reader/a.whl'
    """
    return f"{address.replace('//github.com/', '//raw.githubusercontent.com/')}/{launch.BRANCH}/{name}"


def main():
    address, site = launch.repository(ROOT), launch.site(ROOT)
    if not (address or "").startswith("https://github.com/"):
        sys.exit("Colab opens notebooks from GitHub only: name a repository there with BOOK_REPOSITORY")
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir(parents=True)
    wheel = pyodide.our_wheel()
    shutil.copy2(wheel, TARGET)
    reader.Book(ROOT, site=site, wheel=wheel_address(address, wheel.name)).write(TARGET)
    (TARGET / "README.md").write_text(README.format(site=site, source="main"), encoding="utf-8")


if __name__ == "__main__":
    main()
