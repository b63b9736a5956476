"""JupyterLite's Python: the wheels it adds to Pyodide's, and the packages it asks for."""

import json
import zipfile
from pathlib import Path

import pytest
from tools import lite, pyodide

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = json.loads((ROOT / "lite" / "jupyter-lite.json").read_text(encoding="utf-8"))
KERNEL = SETTINGS["jupyter-config-data"]["litePluginSettings"]["@jupyterlite/pyodide-kernel-extension:kernel"]


def test_nothing_is_asked_of_another_host():
    assert KERNEL["disablePyPIFallback"] is True
    assert KERNEL["pyodideUrl"].startswith("./")
    assert "http" not in json.dumps(SETTINGS)


def test_the_kernel_finds_all_it_would_install():
    """What the kernel does not find among the loaded packages it installs one by one, or fails to."""
    needed = {
        "micropip",
        "piplite",
        "ssl",
        "sqlite3",
        "ipykernel",
        "comm",
        "pyodide-kernel",
        "jedi",
        "ipython",
    }
    assert needed | {"backprop", "ipywidgets", "matplotlib"} <= set(KERNEL["loadPyodideOptions"]["packages"])


LOCK = """\
comm==0.2.3 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
idna==3.20 ; python_version > '3' \\
    --hash=sha256:cc
six==1.0 \\
    --hash=sha256:dd
"""


def test_pins_of_some_packages():
    assert lite.pins(LOCK, ["six", "comm"]) == (
        "six==1.0 \\\n    --hash=sha256:dd\ncomm==0.2.3 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
    )
    with pytest.raises(ValueError, match="does not pin ipywidgets"):
        lite.pins(LOCK, ["ipywidgets"])


def test_the_lock_pins_what_the_browser_needs():
    pins = lite.pins((ROOT / "requirements-lite.lock").read_text(encoding="utf-8"), lite.IN_BROWSER)
    assert pins.count("==") == len(lite.IN_BROWSER) and "--hash=sha256:" in pins


def test_a_wheel_is_the_same_each_time(tmp_path):
    paths = [tmp_path / name for name in ("one", "two")]
    for path in paths:
        path.mkdir()
    one, two = (pyodide.pure_wheel(path, "some-name", "1.0", {"mod.py": "x = 1\n"}) for path in paths)
    assert one.name == "some_name-1.0-py3-none-any.whl" and one.read_bytes() == two.read_bytes()
    entry = pyodide.entry(one, ["numpy"])
    assert (entry["name"], entry["imports"], entry["depends"]) == ("some-name", ["mod"], ["numpy"])


def test_the_stand_in_for_ssl_is_no_module():
    with pytest.raises(ImportError, match="no ssl"):
        exec(lite.NO_SSL, {})


@pytest.fixture
def matplotlib(tmp_path):
    """matplotlib(version): a wheel whose font list has this version number, and a font of another machine."""

    def make(version):
        fonts = [{"fname": "fonts/ttf/DejaVuSans.ttf"}, {"fname": "/System/Fonts/Kai.ttc"}]
        path = tmp_path / "matplotlib.whl"
        with zipfile.ZipFile(path, "w") as archive:
            listed = {"_version": version, "ttflist": fonts, "afmlist": []}
            archive.writestr("matplotlib/fontlist.json", json.dumps(listed))
            archive.writestr("matplotlib/font_manager.py", "class FontManager:\n    __version__ = 330\n")
        return path

    return make


def test_the_font_list_is_mended_where_matplotlib_would_refuse_it(matplotlib, tmp_path):
    wheel = pyodide.font_list(tmp_path, matplotlib(390))
    with zipfile.ZipFile(wheel) as archive:
        mended = json.loads(archive.read("matplotlib/fontlist.json"))
    assert mended == {"_version": 330, "ttflist": [{"fname": "fonts/ttf/DejaVuSans.ttf"}], "afmlist": []}
    assert pyodide.font_list(tmp_path, matplotlib(330)) is None


def test_a_folder_stands_for_its_wheels_and_names_may_have_underscores(tmp_path):
    for name in ("b", "a"):
        (tmp_path / f"{name}.whl").touch()
    assert [path.name for path in pyodide._wheels([tmp_path, tmp_path / "b.whl"])] == [
        "a.whl",
        "b.whl",
        "b.whl",
    ]
    table = {"prompt-toolkit": {"depends": []}, "ipython": {"depends": ["prompt_toolkit"]}}
    assert pyodide.closure(table, ["ipython"]) == ["ipython", "prompt-toolkit"]
