"""The reader's Python is put together from the files that Pyodide released, or not at all."""

import hashlib
import io
import json
import zipfile

import pytest
from tools import pyodide


def digest(content):
    return hashlib.sha256(content).hexdigest()


def archive_of(text):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("inside.py"), text)
    return whole.getvalue()


@pytest.fixture
def parts(tmp_path, monkeypatch):
    """A core, a carrier and a wheel of our own, all small; the tool takes them for the real ones."""
    npm, wheel = tmp_path / "npm", tmp_path / "backprop-1.0-py3-none-any.whl"
    npm.mkdir()
    numpy, six = archive_of("numpy = 1\n" * 99), archive_of("six = 1")
    packages = {
        "numpy": {"file_name": "numpy.whl", "sha256": digest(numpy), "depends": ["six"]},
        "six": {"file_name": "six.whl", "sha256": digest(six), "depends": []},
        "scipy": {"file_name": "scipy.whl", "sha256": digest(b"scipy"), "depends": ["numpy"]},
    }
    core = {"pyodide-lock.json": json.dumps({"info": {"version": "0"}, "packages": packages}).encode()}
    core |= {"pyodide.asm.js": b"js" * 500, "pyodide.asm.wasm": b"wasm" * 500}
    for name, content in core.items():
        (npm / name).write_bytes(content)
    carrier = tmp_path / "carrier.whl"
    with zipfile.ZipFile(carrier, "w") as archive:
        archive.writestr("other/assets/pyodide/numpy.whl", numpy)
        archive.writestr("other/assets/pyodide/six.whl", six)
        archive.writestr("other/__init__.py", "raise SystemExit('not to be imported')")
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("back_prop/__init__.py", "")
        archive.writestr("back_prop-1.0.dist-info/METADATA", "Name: Back_Prop\nVersion: 1.0\n\n")
    monkeypatch.setattr(pyodide, "NPM", npm)
    monkeypatch.setattr(pyodide, "CORE", {name: digest(content) for name, content in core.items()})
    monkeypatch.setattr(pyodide, "carrier", lambda: carrier)
    monkeypatch.setattr(pyodide, "our_wheel", lambda: wheel)
    return tmp_path


def test_it_holds_the_roots_and_what_they_need_and_our_wheel(parts):
    target = parts / "made"
    pyodide.assemble(target, ["numpy"])
    lock = json.loads((target / "pyodide-lock.json").read_text())
    assert sorted(lock["packages"]) == ["back-prop", "numpy", "six"]  # with an underscore loading hangs
    ours = lock["packages"]["back-prop"]
    assert ours["imports"] == ["back_prop"] and ours["depends"] == ["numpy"]
    assert ours["sha256"] == digest((target / ours["file_name"]).read_bytes())
    listing = json.loads((target / "files.json").read_text())
    assert {path.name for path in target.iterdir()} == {"files.json", *listing}
    for name, file in listing.items():
        content = (target / name).read_bytes()
        assert file == {"bytes": len(content), "sha256": digest(content)}, name
    assert listing["pyodide.asm.wasm.gzip"]["bytes"] < listing["pyodide.asm.wasm"]["bytes"]


def test_the_compressed_archive_holds_the_same_files():
    content = archive_of("x = 1\n" * 99)
    with zipfile.ZipFile(io.BytesIO(pyodide.unpacked(content))) as archive:
        [info] = archive.infolist()
        assert info.compress_type == zipfile.ZIP_STORED and archive.read(info) == b"x = 1\n" * 99


def test_a_second_call_makes_the_same_bytes(parts):
    for name in ("one", "two"):
        pyodide.assemble(parts / name, ["numpy"])
    for path in (parts / "one").iterdir():
        assert path.read_bytes() == (parts / "two" / path.name).read_bytes(), path.name


def test_a_changed_file_of_the_core_stops_the_build(parts):
    (parts / "npm" / "pyodide.asm.js").write_bytes(b"changed")
    with pytest.raises(ValueError, match=r"pyodide\.asm\.js: expected sha256 \w+, got \w+"):
        pyodide.assemble(parts / "made", ["numpy"])
    assert not (parts / "made").exists()


def test_a_missing_file_of_the_core_stops_the_build(parts):
    (parts / "npm" / "pyodide.asm.js").unlink()
    with pytest.raises(FileNotFoundError, match=r"pyodide\.asm\.js is missing"):
        pyodide.assemble(parts / "made", ["numpy"])


def test_a_changed_wheel_stops_the_build(parts):
    with zipfile.ZipFile(parts / "carrier.whl", "w") as archive:
        archive.writestr("other/assets/pyodide/numpy.whl", b"another numpy")
        archive.writestr("other/assets/pyodide/six.whl", b"six's wheel")
    with pytest.raises(ValueError, match=r"numpy\.whl: expected sha256"):
        pyodide.assemble(parts / "made", ["numpy"])


def test_a_missing_wheel_stops_the_build(parts):
    with pytest.raises(FileNotFoundError, match=r"scipy\.whl: not among Pyodide's files"):
        pyodide.assemble(parts / "made", ["scipy"])


def test_an_unknown_package_stops_the_build(parts):
    with pytest.raises(ValueError, match="'torch' is not in Pyodide's lock"):
        pyodide.assemble(parts / "made", ["numpy", "torch"])


def test_a_carrier_that_was_changed_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr(pyodide, "CACHE", tmp_path)
    monkeypatch.setattr(pyodide.subprocess, "run", lambda *_, **__: type("Done", (), {"returncode": 1}))
    (tmp_path / "carrier.whl").write_bytes(b"changed")
    with pytest.raises(FileNotFoundError, match="could not be downloaded"):
        pyodide.carrier()
    assert list(tmp_path.iterdir()) == []


def test_the_pin_names_no_index():
    pin = pyodide.CARRIER.read_text(encoding="utf-8")
    assert "sha256:" in pin and "://" not in pin and "--index" not in pin
