// An exercise on the page: what the reader typed goes to the tested Python, which says right, or which mistake.
import { typeset, write } from "./markdown.js";
import * as progress from "./progress.js";

const FRESH = { answers: undefined, tries: 0, hints: [], looked: false, solved: false };
// A step without markup: a record can have been imported, and its markup would be anyone's.
const bare = (step) => ({ ...step, html: undefined });

export class Exercise {
  constructor(section, python, kept = true) {
    Object.assign(this, { section, python, name: section.dataset.exercise, seed: Number(section.dataset.seed) });
    this.form = section.querySelector("form");
    this.status = section.querySelector(".bp-actions .bp-status");
    const raw = [...section.querySelectorAll("[data-markdown]")]; // shown by a cell, not by the build
    for (const place of raw) write(place, place.dataset.markdown, place.localName === "span").removeAttribute("style");
    if (raw.length) typeset(raw);
    for (const part of this.form.querySelectorAll(":disabled")) part.disabled = false;
    for (const list of this.form.querySelectorAll(".bp-lines")) this.orderable(list);
    for (const field of this.form.querySelectorAll("textarea")) this.editable(field);
    this.stopper = this.button("stop", () => this.python.stop("Stopped"));
    this.button("another", () => this.open(this.seed + 1));
    this.form.onsubmit = (event) => { event.preventDefault(); this.check(); };
    this.form.oninput = () => this.keep({ answers: this.answers() });
    section.querySelectorAll(".bp-fold").forEach((fold, i) => fold.addEventListener("toggle", () => fold.open && this.opened(fold, i)));
    const { hash, search } = location;
    const seed = Number(new URLSearchParams(search).get("seed") ?? NaN);
    const asked = hash === `#practice-${this.name}` && Number.isInteger(seed) && seed >= 0 ? seed : undefined;
    const before = progress.read(this.name);
    if (asked !== undefined && asked !== (before.seed ?? 0)) this.open(asked);
    else if (kept) this.restore(before);
    else this.seed = before.seed ?? 0;
  }

  button(action, act) {
    const button = this.form.querySelector(`[data-action=${action}]`);
    button?.addEventListener("click", act);
    return button;
  }

  step(name) {
    return this.form.querySelector(`[data-step="${CSS.escape(name)}"]`);
  }

  get steps() {
    return [...this.form.querySelectorAll("[data-step]")];
  }

  keep(change) {
    return progress.keep(this.name, { seed: this.seed, ...change });
  }

  // What stands in the fields, by step.
  answers() {
    const read = {
      number: (step) => [...step.querySelectorAll("input")].map(({ value }) => value),
      formula: (step) => step.querySelector("input").value,
      program: (step) => step.querySelector("textarea").value,
      choice: (step) => step.querySelector("input:checked")?.value ?? "",
      order: (step) => [...step.querySelectorAll("li:not(.bp-out)")].map(({ dataset }) => dataset.key),
    };
    return Object.fromEntries(this.steps.map((step) => [step.dataset.step, read[step.dataset.kind](step)]));
  }

  fill(answers) {
    const fill = {
      number: (step, values) => step.querySelectorAll("input").forEach((field, i) => (field.value = values[i] ?? "")),
      formula: (step, value) => (step.querySelector("input").value = value),
      program: (step, value) => (step.querySelector("textarea").value = value),
      choice: (step, value) => step.querySelectorAll("input").forEach((field) => (field.checked = field.value === value)),
      order: (step, keys) => {
        const list = step.querySelector(".bp-lines");
        const lines = new Map([...list.children].map((line) => [line.dataset.key, line]));
        for (const line of lines.values()) this.put(line, !keys.includes(line.dataset.key));
        list.prepend(...keys.map((key) => lines.get(key)).filter(Boolean));
      },
    };
    for (const step of this.steps) if (answers[step.dataset.step] !== undefined) fill[step.dataset.kind](step, answers[step.dataset.step]);
  }

  // As the reader left it. The book may have changed since: then what does not fit is left out.
  restore({ seed = 0, task, answers, solved }) {
    if (task && task.steps.map(({ name }) => name).join() === this.steps.map(({ dataset }) => dataset.step).join()) {
      this.seed = seed;
      this.present({ ...task, steps: task.steps.map(bare) });
    }
    if (this.seed !== seed) return;
    if (answers) this.fill(answers);
    if (solved) this.section.dataset.solved = true;
  }

  async ask(message) {
    this.section.ariaBusy = "true";
    if (this.stopper) this.stopper.hidden = false;
    try {
      const answer = await this.python.ask("exercise", { message: { exercise: this.name, seed: this.seed, ...message } });
      this.status.textContent = answer.error ?? "";
      return answer.error ? undefined : answer;
    } catch (error) {
      this.status.textContent = `${error.message.replace(/\.?$/, ".")} What you typed is still here.`;
    } finally {
      this.section.ariaBusy = "false";
      if (this.stopper) {
        if (this.stopper === document.activeElement) this.form.querySelector("[type=submit]").focus();
        this.stopper.hidden = true;
      }
    }
  }

  async check() {
    if (this.section.ariaBusy === "true") return;
    const answers = this.answers();
    this.keep({ answers });
    this.status.textContent = "Checking …";
    const answer = await this.ask({ action: "check", answers });
    if (!answer) return;
    for (const [name, mark] of Object.entries(answer.marks)) this.show(name, mark);
    await typeset(this.steps.map((step) => step.querySelector(".bp-mark")));
    if (answer.solved) {
      this.section.dataset.solved = true;
      await progress.solved(this.name);
    } else if (Object.values(answer.marks).some(({ state }) => ["slip", "wrong", "carried"].includes(state))) {
      this.keep({ tries: (progress.read(this.name).tries ?? 0) + 1 });
    }
    this.status.textContent = answer.solved ? "Solved." : "";
    this.section.dispatchEvent(new CustomEvent("checked", { bubbles: true, detail: { name: this.name, seed: this.seed, ...answer } }));
  }

  show(name, { state, message, see, fields }) {
    const step = this.step(name);
    const place = write(step.querySelector(".bp-mark"), message);
    step.dataset.state = state;
    const links = see.map((label) => this.section.querySelector(`.bp-places [data-label="${CSS.escape(label)}"]`)).filter(Boolean);
    if (links.length) {
      const line = place.appendChild(document.createElement("p"));
      line.append("See ", ...links.flatMap((link, i) => [i ? ", " : "", link.cloneNode(true)]), ".");
    }
    [...step.querySelectorAll("input[type=text]")].forEach((field, i, { length }) => {
      const bad = fields[i] !== undefined || (length === 1 && state === "unreadable");
      field.ariaInvalid = bad ? "true" : null;
      field.removeAttribute("aria-describedby");
      if (!bad) return;
      const told = fields[i] === undefined ? place.firstElementChild
        : place.appendChild(Object.assign(document.createElement("p"), { textContent: length > 1 ? `${field.ariaLabel}: ${fields[i]}` : fields[i] }));
      told.id = `${this.name}-${name}-${i}`;
      field.setAttribute("aria-describedby", told.id);
    });
  }

  // A hint or the solution was opened.
  opened(fold, i) {
    const { hints = [], solved } = progress.read(this.name);
    if (solved) return;
    if (fold.matches(".bp-solution")) this.keep({ looked: true });
    else if (!hints.includes(i)) this.keep({ hints: [...hints, i] });
  }

  // Another variant, or one that a link names.
  async open(seed) {
    if (this.section.ariaBusy === "true") return;
    const before = this.seed;
    this.seed = seed;
    this.status.textContent = "Drawing other numbers …";
    const task = await this.ask({ action: "open" });
    if (!task) return void (this.seed = before);
    this.present(task);
    this.keep({ ...FRESH, task: { ...task, steps: task.steps.map(bare) } });
    const address = new URL(location);
    address.searchParams.set("seed", seed);
    address.hash = `practice-${this.name}`;
    history.replaceState(history.state, "", address);
    this.status.textContent = `Variant ${seed}.`;
  }

  // Once more: with other numbers, where it has any.
  renew() {
    if (this.form.querySelector("[data-action=another]")) return this.open(this.seed + 1);
    return this.keep(FRESH);
  }

  present(task) {
    const places = [write(this.section.querySelector(".bp-task"), task.text)];
    const folded = [...task.hints, task.solution];
    this.section.querySelectorAll(".bp-fold").forEach((fold, i) => {
      fold.open = false;
      places.push(write(fold.lastElementChild, folded[i]));
    });
    for (const { name, kind, html, options, lines } of task.steps) {
      const step = this.step(name);
      delete step.dataset.state;
      write(step.querySelector(".bp-mark"), "");
      if (kind === "number" && html) step.querySelector(".bp-grid").outerHTML = html;
      if (kind === "formula") step.querySelector("input").value = "";
      if (kind === "choice") step.querySelectorAll(".bp-option").forEach((option, i) => {
        option.querySelector("input").checked = false;
        places.push(write(option.querySelector("span"), options[i], true));
      });
      if (kind === "order") {
        const list = step.querySelector(".bp-lines");
        for (const [key] of lines) list.append(list.querySelector(`[data-key="${CSS.escape(key)}"]`));
        for (const line of list.children) this.put(line, false);
      }
    }
    delete this.section.dataset.solved;
    return typeset(places);
  }

  // Lines that buttons move up, down, or out.
  orderable(list) {
    for (const line of list.children) {
      const words = line.textContent.trim();
      const box = Object.assign(document.createElement("span"), { className: "bp-move" });
      const add = (text, label, act) => {
        const button = Object.assign(document.createElement("button"), { type: "button", textContent: text, ariaLabel: `${label}: ${words}` });
        button.onclick = () => {
          act();
          button.focus();
          const place = [...list.querySelectorAll("li:not(.bp-out)")].indexOf(line) + 1;
          this.status.textContent = place ? `Now line ${place}.` : "Left out.";
          this.form.oninput();
        };
        return box.appendChild(button);
      };
      add("↑", "Earlier", () => line.previousElementSibling?.before(line));
      add("↓", "Later", () => line.nextElementSibling?.after(line));
      add("✕", "Does not belong", () => this.put(line, !line.matches(".bp-out"))).ariaPressed = "false";
      line.prepend(box);
    }
  }

  put(line, out) {
    line.classList.toggle("bp-out", out);
    line.querySelector("[aria-pressed]").ariaPressed = String(out);
  }

  // The editor of the code cells takes the place of a text field when the reader goes there.
  editable(field) {
    field.addEventListener("focus", async () => {
      const { editor } = await import("./editor.js");
      const view = editor(field.value, field.ariaLabel, () => this.check(), (text) => {
        field.value = text;
        this.form.oninput();
      });
      const at = field.selectionStart;
      const here = field === document.activeElement;
      field.after(view.dom);
      field.hidden = true;
      view.dispatch({ selection: { anchor: Math.min(at, view.state.doc.length) } });
      if (here) view.focus();
    }, { once: true });
  }
}
