"""The reader's Python is put together from the files that Pyodide released, or not at all."""

import functools
import hashlib
import http.server
import io
import json
import os
import socket
import subprocess
import threading
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
    monkeypatch.setattr(pyodide, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(pyodide, "RELEASE", (tmp_path / "nowhere").as_uri() + "/")
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
    with pytest.raises(FileNotFoundError, match=r"carried: numpy\.whl: expected sha256"):
        pyodide.assemble(parts / "made", ["numpy"])
    assert not (parts / "made").exists()


def test_a_missing_wheel_stops_the_build(parts):
    with pytest.raises(FileNotFoundError, match=r"scipy\.whl: not among Pyodide's files"):
        pyodide.assemble(parts / "made", ["scipy"])


@pytest.fixture
def host(tmp_path):
    """A folder, its address on a loopback server, and the list of the paths that were asked for."""
    (folder := tmp_path / "host").mkdir()
    asked = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_request(self, *_):
            asked.append(self.path)

        def log_error(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}/", asked
    server.shutdown()


WANTED = {"a.whl": digest(b"a"), "b.whl": digest(b"b")}


def test_the_release_comes_first_and_is_asked_once(parts, host, monkeypatch):
    folder, address, asked = host
    (folder / "v9").mkdir()
    for name in WANTED:
        (folder / "v9" / name).write_bytes(name[:1].encode())
    monkeypatch.setattr(pyodide, "RELEASE", address + "v{version}/")
    monkeypatch.setattr(pyodide, "carrier", lambda: pytest.fail("the carrier was asked"))
    for _ in range(2):
        assert pyodide.supply(WANTED, "9") == {"a.whl": b"a", "b.whl": b"b"}
        assert asked == ["/v9/a.whl", "/v9/b.whl"]
    # A file that was spoilt since is fetched again.
    (pyodide.CACHE / "files" / "b.whl").write_bytes(b"spoilt")
    assert pyodide.supply(WANTED, "9")["b.whl"] == b"b" and asked[2:] == ["/v9/b.whl"]


@pytest.mark.parametrize("answer", ["nothing", "another file", "half a file"])
def test_what_the_release_does_not_give_comes_from_the_carrier(parts, host, monkeypatch, answer):
    folder, address, asked = host
    monkeypatch.setattr(pyodide, "RELEASE", address)
    if answer != "nothing":
        (folder / "a.whl").write_bytes(b"a" if answer == "half a file" else b"<p>Sign in to this network</p>")
    if answer == "half a file":
        send = http.server.SimpleHTTPRequestHandler.send_header
        longer = lambda self, key, value: send(self, key, "9" if key == "Content-Length" else value)
        monkeypatch.setattr(http.server.SimpleHTTPRequestHandler, "send_header", longer)
    with zipfile.ZipFile(parts / "carrier.whl", "w") as archive:
        for name in WANTED:
            archive.writestr(f"other/{pyodide.CARRIED}{name}", name[:1])
    assert pyodide.supply(WANTED, "9") == {"a.whl": b"a", "b.whl": b"b"}
    assert asked == ["/a.whl"]


def test_the_carrier_comes_from_the_package_index(tmp_path, host, monkeypatch):
    folder, address, asked = host
    carried = {"other/assets/pyodide/a.whl": "a", "other/assets/pyodide/b.whl": "b"}
    (folder / "other").mkdir()
    wheel = pyodide.pure_wheel(folder / "other", "other", "1.0", carried)
    (folder / "other" / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>')
    pin = tmp_path / "pin.lock"
    pin.write_text(f"other==1.0 --hash=sha256:{digest(wheel.read_bytes())}\n")
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", address)
    monkeypatch.setattr(pyodide, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(pyodide, "CARRIER", pin)
    monkeypatch.setattr(pyodide, "RELEASE", address + "release/")
    assert pyodide.supply(WANTED, "9") == {"a.whl": b"a", "b.whl": b"b"}
    assert f"/other/{wheel.name}" in asked


def test_without_any_source_the_message_says_what_to_do(tmp_path, monkeypatch):
    """A host that takes the call and is silent is left soon; an index that refuses it, too."""
    (tmp_path / "pin.lock").write_text(f"other==1.0 --hash=sha256:{digest(b'')}\n")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(pyodide, "RELEASE", f"http://127.0.0.1:{silent.getsockname()[1]}/")
        monkeypatch.setattr(pyodide, "SECONDS", 0.2)
        monkeypatch.setattr(pyodide, "CACHE", tmp_path / "cache")
        monkeypatch.setattr(pyodide, "CARRIER", tmp_path / "pin.lock")
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        with pytest.raises(FileNotFoundError) as told:
            pyodide.supply(WANTED, "9")
        silent.accept()[0].close()
        silent.settimeout(0)
        with pytest.raises(BlockingIOError):  # asked once
            silent.accept()
    message = str(told.value)
    assert "Pyodide 9: 2 files are missing, the first is a.whl" in message
    assert "released: timed out" in message and "carried: pin.lock could not be downloaded: ERROR" in message
    assert "`make site LIVE=0` builds the book without live pages." in message


def test_an_unknown_package_stops_the_build(parts):
    with pytest.raises(ValueError, match="'torch' is not in Pyodide's lock"):
        pyodide.assemble(parts / "made", ["numpy", "torch"])


def test_a_carrier_that_was_changed_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr(pyodide, "CACHE", tmp_path)
    failed = subprocess.CompletedProcess([], 1, stderr="no index")
    monkeypatch.setattr(pyodide.subprocess, "run", lambda *_, **__: failed)
    (tmp_path / "carrier.whl").write_bytes(b"changed")
    with pytest.raises(FileNotFoundError, match="could not be downloaded"):
        pyodide.carrier()
    assert list(tmp_path.iterdir()) == []


def test_the_pin_names_no_index():
    pin = pyodide.CARRIER.read_text(encoding="utf-8")
    assert "sha256:" in pin and "://" not in pin and "--index" not in pin
