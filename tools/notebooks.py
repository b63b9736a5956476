"""The stored form of the book's notebooks: text outputs and counts 1..n, no images, no widget state.

    python tools/notebooks.py check [FILE ...]      fail on a notebook that is not in this form
    python tools/notebooks.py normalise [FILE ...]  bring notebooks into this form
    python tools/notebooks.py run [FILE ...]        execute notebooks, then store them in this form

Without files: every notebook in chapters/ and exercises/.
"""

import argparse
import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("chapters", "exercises")
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {"name": "python"}
KEPT_METADATA = ("tags", "mystnb", "slideshow")


def notebooks():
    """Every notebook of the book."""
    found = [path for folder in FOLDERS for path in (ROOT / folder).glob("**/*.ipynb")]
    return sorted(path for path in found if ".ipynb_checkpoints" not in path.parts)


def normalised(notebook):
    """The notebook in stored form; a second call changes nothing. Ids, tags and text stay."""
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": LANGUAGE})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    count = 0
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({k: v for k, v in cell.metadata.items() if k in KEPT_METADATA})
        cell.pop("attachments", None)
        if cell.cell_type != "code":
            continue
        ran = cell.execution_count is not None
        count += 1
        cell.execution_count = count if ran else None
        cell.outputs = [output for output in map(_text_only, cell.outputs) if output is not None]
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = cell.execution_count
    return notebook


def _text_only(output):
    """The output without pictures, HTML, widget views and metadata; None where nothing is left."""
    if output.output_type in ("display_data", "execute_result"):
        data = {kind: value for kind, value in output.data.items() if kind == "text/plain"}
        if not data:
            return None
        output.data, output.metadata = nbformat.from_dict(data), nbformat.from_dict({})
        output.pop("transient", None)
    return output


def stored_text(notebook):
    """The text of the file that holds this notebook."""
    return nbformat.writes(notebook, version=4, indent=1, ensure_ascii=False).rstrip("\n") + "\n"


def execute(notebook, folder):
    """Run all cells in a fresh kernel, in the notebook's folder; a failing cell raises."""
    from nbclient import NotebookClient

    NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        # A kernel on a busy machine may send one line in two pieces.
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
    ).execute()


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("action", choices=["check", "normalise", "run"])
    parser.add_argument("files", nargs="*", type=Path)
    options = parser.parse_args(arguments)
    wrong = []
    for path in options.files or notebooks():
        before = path.read_text(encoding="utf-8")
        notebook = nbformat.reads(before, as_version=4)
        if options.action == "run":
            execute(notebook, path.parent)
        after = stored_text(normalised(notebook))
        if after == before:
            continue
        wrong.append(path)
        if options.action != "check":
            path.write_text(after, encoding="utf-8")
    if options.action == "check" and wrong:
        names = " ".join(str(path) for path in wrong)
        sys.exit(f"not in stored form: {names}\nmend with: python tools/notebooks.py normalise {names}")


if __name__ == "__main__":
    main()
