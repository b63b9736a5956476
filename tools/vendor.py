"""Copy what the pages load from web/node_modules into _build/vendor, the site's extra files.

Only the parts of MathJax that a page may ask for: the component, its fonts, the TeX extensions,
and what the accessibility menu loads.
"""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "web" / "node_modules" / "mathjax" / "es5"
TARGET = ROOT / "_build" / "vendor" / "mathjax"
PARTS = ("tex-mml-chtml.js", "output/chtml/fonts/woff-v2", "input/tex/extensions", "a11y", "sre", "ui")


def main():
    shutil.rmtree(TARGET, ignore_errors=True)
    for part in PARTS:
        source, target = SOURCE / part, TARGET / part
        if not source.exists():
            sys.exit(f"{source} is missing: run `make clean` and `make site`")
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy2(source, target)


if __name__ == "__main__":
    main()
