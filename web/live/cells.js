// The code cells of a page, editable and run on the page's Python. Loaded when the reader asks for it.
import { editor } from "./editor.js";
import { say } from "./status.js";

const element = (tag, className, rest) => Object.assign(document.createElement(tag), { className, ...rest });

// How each form of an output is put on the page, the richest first.
const SHOWN = {
  "text/html": (innerHTML) => element("div", "output text_html", { innerHTML }),
  "image/svg+xml": (innerHTML) => element("div", "output", { innerHTML }),
  "image/png": (content, alt) => element("img", "output", { src: `data:image/png;base64,${content}`, alt }),
  "text/plain": (textContent) => element("pre", "output", { textContent }),
};

function button(parent, textContent, onclick) {
  return parent.appendChild(element("button", "", { type: "button", textContent, onclick }));
}

export class Cells {
  running = Promise.resolve();
  stops = 0;

  constructor(cells, bar, python, adopt) {
    Object.assign(this, { cells, bar, python, adopt });
    cells.forEach((cell, index) => Object.assign(cell, { index, place: document.getElementById(cell.id) }));
    cells.filter(({ place }) => place).forEach((cell, index) => this.prepare(cell, `cell ${index + 1}`));
    bar.replaceChildren();
    button(bar, "Run all", () => this.run(cells)).focus();
    this.stopper = button(bar, "Stop", () => this.stop());
    this.stopper.disabled = true;
    bar.append("Shift+Enter runs a cell, and first those above it that have not run.");
  }

  prepare(cell, name) {
    cell.name = name;
    cell.output = cell.place.querySelector(".cell_output") ?? cell.place.appendChild(element("div", "cell_output"));
    const input = cell.place.querySelector(".cell_input");
    if (!input) return; // only what it shows stands on the page
    cell.editor = editor(cell.source, `Python code of ${name}`, () => this.runTo(cell, true));
    input.replaceChildren(cell.editor.dom);
    button(input, "Run", () => this.runTo(cell)).ariaLabel = `Run ${name}`;
  }

  // A cell stands on those above it: the ones that have not run yet run first, hidden ones too.
  runTo(cell, onwards) {
    if (onwards) this.cells.find(({ editor, index }) => editor && index > cell.index)?.editor.focus();
    this.run([...this.cells.slice(0, cell.index).filter(({ ran }) => !ran), cell]);
  }

  run(cells) {
    const { stops } = this;
    this.running = this.running.then(async () => {
      this.bar.dataset.running = "";
      this.stopper.disabled = false;
      try {
        for (const cell of cells) if (stops !== this.stops || !(await this.runOne(cell))) break;
      } catch {
        // Stopped, or Python could not be started: the line at the foot says so.
      }
      this.stopper.disabled = true;
      delete this.bar.dataset.running;
    });
  }

  async runOne(cell) {
    const { place, output } = cell;
    let clear = () => (output?.replaceChildren(), (clear = () => {})); // the old stays until there is something new
    const emit = (kind, value) => {
      clear();
      if (kind === "data") output?.append(this.rich(value, cell));
      else if (kind !== "error") output && this.stream(output, kind, value);
      else if (output) output.append(element("pre", "output bp-error", { textContent: value, role: "alert" }));
      else say(`A hidden cell failed: ${value.trim().split("\n").pop()}`);
    };
    const source = cell.editor?.state.doc.toString() ?? cell.source;
    if (place) place.ariaBusy = "true";
    try {
      const good = await this.python.ask("cell", { source, name: cell.name ?? "a hidden cell" }, emit);
      clear();
      cell.ran = true;
      return good;
    } finally {
      if (place) place.ariaBusy = null;
    }
  }

  rich(data, { alt = "Figure drawn by this cell" }) {
    const kind = Object.keys(SHOWN).find((mime) => data[mime]) ?? "text/plain";
    const made = SHOWN[kind](data[kind] ?? "", alt);
    made.dataset.text = data["text/plain"] ?? "";
    this.adopt(made);
    return made;
  }

  stream(output, kind, text) {
    if (output.lastElementChild?.dataset.stream === kind) return output.lastElementChild.append(text);
    output.append(element("pre", `output bp-${kind}`, { textContent: text }));
    output.lastElementChild.dataset.stream = kind;
  }

  stop() {
    this.stops += 1;
    this.python.stop("Python was stopped");
    for (const cell of this.cells) cell.ran = false;
    this.python.start();
    say("Stopped. Python starts anew; its variables are gone.");
  }
}
