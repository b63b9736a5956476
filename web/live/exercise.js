// An exercise on the page: what the reader typed goes to the tested Python, which says right, or which mistake.
import { marked } from "marked";

const MARKS = { right: "✓ ", rounding: "✓ ", carried: "→ ", slip: "✗ ", wrong: "✗ ", unreadable: "? ", empty: "" };

// The book's Markdown: formulas go to MathJax as they stand.
const math = (name, level, start, pattern, tag, open, close) => ({
  name, level, start: (text) => text.indexOf(start),
  tokenizer: (text) => { const found = pattern.exec(text); return found && { type: name, raw: found[0], tex: found[1] }; },
  renderer: ({ tex }) => `<${tag} class="math notranslate">${open}${escaped(tex)}${close}</${tag}>`,
});
const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
marked.use({ extensions: [
  math("display", "block", "$$", /^\$\$([^]+?)\$\$(?:\n|$)/, "div", "\\[", "\\]"),
  math("formula", "inline", "$", /^\$([^$]+?)\$/, "span", "\\(", "\\)"),
] });

async function typeset(places) {
  if (!window.MathJax?.startup) return;
  await MathJax.startup.promise;
  await MathJax.typesetPromise(places);
}

export class Exercise {
  constructor(section, python) {
    Object.assign(this, { section, python, name: section.dataset.exercise, form: section.querySelector("form"), seed: 0 });
    this.status = section.querySelector(".bp-status");
    for (const part of this.form.querySelectorAll(":disabled")) part.disabled = false;
    for (const list of this.form.querySelectorAll(".bp-lines")) this.orderable(list);
    this.form.onsubmit = (event) => { event.preventDefault(); this.check(); };
    this.form.querySelector("[data-action=another]")?.addEventListener("click", () => this.open(this.seed + 1));
    const { hash, search } = location;
    const seed = Number(new URLSearchParams(search).get("seed"));
    if (hash === `#practice-${this.name}` && Number.isInteger(seed) && seed > 0) this.open(seed);
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
    const steps = [...this.form.querySelectorAll("[data-step]")];
    return Object.fromEntries(steps.map((step) => [step.dataset.step, read[step.dataset.kind](step)]));
  }

  async ask(message) {
    this.section.ariaBusy = "true";
    try {
      const answer = await this.python.ask("exercise", { message: { exercise: this.name, seed: this.seed, ...message } });
      this.status.textContent = answer.error ?? "";
      return answer.error ? undefined : answer;
    } catch (error) {
      this.status.textContent = `${error.message}. What you typed is still here.`;
    } finally {
      this.section.ariaBusy = "false";
    }
  }

  async check() {
    this.status.textContent = "Checking …";
    const answer = await this.ask({ action: "check", answers: this.answers() });
    if (!answer) return;
    for (const [name, mark] of Object.entries(answer.marks)) this.show(name, mark);
    await typeset([...this.form.querySelectorAll(".bp-mark")]);
    this.section.dataset.solved = answer.solved;
    this.status.textContent = answer.solved ? "Solved." : "";
    this.section.dispatchEvent(new CustomEvent("checked", { bubbles: true, detail: { name: this.name, seed: this.seed, ...answer } }));
  }

  show(name, { state, message, see, fields }) {
    const step = this.form.querySelector(`[data-step="${CSS.escape(name)}"]`);
    const place = step.querySelector(".bp-mark");
    step.dataset.state = state;
    place.innerHTML = marked.parse(MARKS[state] + message);
    const links = see.map((label) => this.section.querySelector(`.bp-places [data-label="${CSS.escape(label)}"]`)).filter(Boolean);
    if (links.length) {
      const line = place.appendChild(document.createElement("p"));
      line.append("See ", ...links.flatMap((link, i) => [i ? ", " : "", link.cloneNode(true)]), ".");
    }
    [...step.querySelectorAll("input[type=text]")].forEach((field, i) => {
      field.ariaInvalid = fields[i] ? "true" : null;
      field.title = fields[i] ?? "";
      if (fields[i]) place.append(Object.assign(document.createElement("p"), { textContent: `${field.ariaLabel}: ${fields[i]}` }));
    });
  }

  // Another variant, or one that a link names.
  async open(seed) {
    const before = this.seed;
    this.seed = seed;
    this.status.textContent = "Drawing other numbers …";
    const task = await this.ask({ action: "open" });
    if (!task) return void (this.seed = before);
    const set = (place, text) => { place.innerHTML = marked.parse(text); return place; };
    const places = [set(this.section.querySelector(".bp-task"), task.text)];
    const fold = (details, text) => {
      details.open = false;
      for (const old of [...details.children].slice(1)) old.remove();
      places.push(set(details.appendChild(document.createElement("div")), text));
    };
    this.section.querySelectorAll(".bp-hint").forEach((details, i) => fold(details, task.hints[i]));
    fold(this.section.querySelector(".bp-solution"), task.solution);
    for (const { name, kind, html, options, lines } of task.steps) {
      const step = this.form.querySelector(`[data-step="${CSS.escape(name)}"]`);
      delete step.dataset.state;
      step.querySelector(".bp-mark").replaceChildren();
      if (kind === "number") step.querySelector(".bp-grid").outerHTML = html;
      if (kind === "formula") step.querySelector("input").value = "";
      if (kind === "choice") step.querySelectorAll(".bp-option").forEach((option, i) => {
        option.querySelector("input").checked = false;
        places.push(Object.assign(option.querySelector("span"), { innerHTML: marked.parseInline(options[i]) }));
      });
      if (kind === "order") {
        const list = step.querySelector(".bp-lines");
        lines.forEach(([key]) => list.append(list.querySelector(`[data-key="${CSS.escape(key)}"]`)));
      }
    }
    delete this.section.dataset.solved;
    await typeset(places);
    const address = new URL(location);
    address.searchParams.set("seed", seed);
    address.hash = `practice-${this.name}`;
    history.replaceState(history.state, "", address);
    this.status.textContent = `Variant ${seed}.`;
  }

  // Lines that buttons move up, down, or out.
  orderable(list) {
    for (const line of list.children) {
      const words = line.textContent.trim();
      const box = Object.assign(document.createElement("span"), { className: "bp-move" });
      const add = (text, label, act) => {
        const button = Object.assign(document.createElement("button"), { type: "button", textContent: text, ariaLabel: `${label}: ${words}` });
        button.onclick = () => { act(button); button.focus(); };
        box.append(button);
      };
      add("↑", "Earlier", () => line.previousElementSibling?.before(line));
      add("↓", "Later", () => line.nextElementSibling?.after(line));
      add("✕", "Does not belong", (button) => (button.ariaPressed = String(line.classList.toggle("bp-out"))));
      line.prepend(box);
    }
  }
}
