// A cell for the reader's own code at the foot of a live page; it stays over a reload.
import { Cells } from "./cells.js";

const START = "import backprop as bp\nimport numpy as np\n\n";

export function scratch(box, python, adopt) {
  const key = `scratch:${location.pathname}`;
  const read = () => { try { return localStorage.getItem(key); } catch { return null; } };
  const changed = (source) => { try { localStorage.setItem(key, source); } catch { /* then it lasts as long as the page */ } };
  box.insertAdjacentHTML("beforeend", `<div class="cell" id="bp-scratch"><div class="cell_input"></div></div><div class="bp-live-bar"></div>`);
  const cell = { id: "bp-scratch", name: "the scratch cell", source: read() ?? START, changed };
  const others = document.getElementById("bp-cells") ? " What the page's cells have made is here too." : "";
  const hint = `Shift+Enter runs it.${others}`;
  new Cells([cell], box.lastElementChild, python, adopt, hint);
  cell.editor.focus();
}
