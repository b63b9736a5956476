"""The wheel's build hook: the key `test` of the clinic's bugs, which only the tests read, stays out."""

import re
import tempfile
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUGS = "backprop/data/bugs.toml"


def without_tests(text):
    """The data file of the bugs without the lines that name a test."""
    return re.sub(r"^test = .*\n", "", text, flags=re.M)


class BugsWithoutTests(BuildHookInterface):
    """Puts a copy in the place of the file; an editable install keeps the file itself."""

    def initialize(self, version, build_data):
        """Called by hatchling before it collects the files."""
        if version == "editable":
            return
        self.folder = tempfile.TemporaryDirectory()
        copy = Path(self.folder.name, "bugs.toml")
        text = Path(self.root, "src", BUGS).read_text(encoding="utf-8")
        copy.write_text(without_tests(text), encoding="utf-8")
        build_data["force_include"][str(copy)] = BUGS

    def finalize(self, version, build_data, artifact_path):
        """Called by hatchling after the wheel was written."""
        if version != "editable":
            self.folder.cleanup()
