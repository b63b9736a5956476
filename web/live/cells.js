// The code cells of a page, editable and run on the page's Python. Loaded when the reader asks for it.
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { python as language } from "@codemirror/lang-python";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";

function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

// How each form of an output is put on the page, the richest first.
const SHOWN = {
  "text/html": (content) => Object.assign(element("div", "output text_html"), { innerHTML: content }),
  "image/svg+xml": (content) => Object.assign(element("div", "output"), { innerHTML: content }),
  "image/png": (content, alt) =>
    Object.assign(element("img", "output"), { src: `data:image/png;base64,${content}`, alt: alt || "Figure drawn by the cell" }),
  "text/plain": (content) => element("pre", "output", content),
};

export class Cells {
  constructor(sources, bar, python, status, adopt) {
    Object.assign(this, { bar, python, status, adopt });
    this.cells = sources.map(({ source, id, alt }, index) => ({ source, alt, index, place: document.getElementById(id) }));
    for (const cell of this.cells) if (cell.place) this.prepare(cell);
    bar.replaceChildren();
    this.runAll = this.button(bar, "Run all", () => this.run(this.cells));
    this.stopIt = this.button(bar, "Stop", () => this.stop());
    this.stopIt.disabled = true;
    bar.append(element("span", "", "Shift+Enter runs a cell, and first those above it that have not run."));
    this.runAll.focus();
  }

  button(parent, label, action) {
    const made = element("button", "", label);
    made.type = "button";
    made.addEventListener("click", action);
    parent.append(made);
    return made;
  }

  prepare(cell) {
    const number = this.cells.filter(({ place }) => place).indexOf(cell) + 1;
    cell.name = `cell ${number}`;
    cell.output = cell.place.querySelector(":scope > .cell_output") ?? cell.place.appendChild(element("div", "cell_output"));
    const input = cell.place.querySelector(".cell_input");
    if (!input) return;
    const shiftEnter = { key: "Shift-Enter", run: () => (this.runTo(cell, true), true) };
    cell.editor = new EditorView({
      state: EditorState.create({
        doc: cell.source,
        extensions: [
          keymap.of([shiftEnter, ...defaultKeymap, ...historyKeymap]),
          history(), language(), indentUnit.of("    "), indentOnInput(), bracketMatching(),
          syntaxHighlighting(classHighlighter), EditorView.lineWrapping,
          EditorView.contentAttributes.of({ "aria-label": `Python code of ${cell.name}` }),
        ],
      }),
    });
    input.replaceChildren(cell.editor.dom);
    this.button(input, "Run", () => this.runTo(cell)).setAttribute("aria-label", `Run ${cell.name}`);
  }

  // A cell stands on those above it: the ones that have not run yet run first, hidden ones too.
  runTo(cell, onwards) {
    const next = onwards && this.cells.slice(cell.index + 1).find(({ editor }) => editor);
    next?.editor.focus();
    return this.run([...this.cells.slice(0, cell.index).filter(({ ran }) => !ran), cell]);
  }

  run(cells) {
    this.queue = (this.queue ?? Promise.resolve()).then(() => this.runNow(cells));
    return this.queue;
  }

  async runNow(cells) {
    this.stopIt.disabled = false;
    this.bar.dataset.running = "";
    try {
      await this.python.start();
      for (const cell of cells) if (!(await this.runOne(cell))) break;
    } catch {
      // Stopped: said where it was stopped.
    }
    this.stopIt.disabled = true;
    delete this.bar.dataset.running;
  }

  async runOne(cell) {
    const source = cell.editor?.state.doc.toString() ?? cell.source;
    // What a hidden cell shows stays hidden, but not its mistake.
    const place = cell.place ? cell.output : undefined;
    let put = () => {
      place?.replaceChildren(); // the old output stays until there is something new
      put = () => {};
    };
    const emit = (kind, value) => {
      put();
      if (kind === "data") place?.append(this.rich(value, cell));
      else if (kind === "error") this.fail(cell, value);
      else if (place) this.stream(place, kind, value);
    };
    cell.place?.setAttribute("aria-busy", "true");
    try {
      const good = await this.python.ask("cell", { source, name: cell.name ?? "a hidden cell" }, emit);
      put();
      cell.ran = true;
      return good;
    } finally {
      cell.place?.removeAttribute("aria-busy");
    }
  }

  rich(data, cell) {
    const kind = Object.keys(SHOWN).find((mime) => data[mime]) ?? "text/plain";
    const made = SHOWN[kind](data[kind] ?? "", cell.alt);
    made.dataset.text = data["text/plain"] ?? "";
    this.adopt(made);
    return made;
  }

  stream(place, kind, text) {
    const last = place.lastElementChild;
    if (last?.dataset.stream === kind) return last.append(text);
    const made = element("pre", `output bp-${kind}`, text);
    made.dataset.stream = kind;
    place.append(made);
  }

  fail(cell, text) {
    const made = element("pre", "output bp-error", text);
    made.setAttribute("role", "alert");
    if (cell.place) cell.output.append(made);
    else this.status.say(`A hidden cell failed: ${text.trim().split("\n").pop()}`, true);
  }

  stop() {
    this.python.stop("Python was stopped");
    for (const cell of this.cells) cell.ran = false;
    this.status.say("Stopped. Python starts anew; its variables are gone.", true);
    this.python.start();
  }
}
