// The page Practice: what is due from the chapters already begun, one after another; and the record itself.
import { Exercise } from "./exercise.js";
import { typeset } from "./markdown.js";
import { forget, keep, read, summary } from "./progress.js";

const FORMAT = "backprop exercises";
const TYPES = {
  seed: "number", task: "object", answers: "object", tries: "number", hints: "object", looked: "boolean", solved: "boolean",
  done: "string", first: "boolean", helped: "number", card: "object",
};

export class Practice {
  constructor(place, python) {
    Object.assign(this, { place, python, exercises: window.progress.all });
    place.innerHTML = `
      <p class="bp-tally"></p>
      <p class="bp-actions"><button type="button" data-do="next">Next exercise</button> <span class="bp-status" role="status"></span></p>
      <div class="bp-here"></div>
      <details class="bp-fold"><summary>Your record</summary><p>It is kept in this browser and goes nowhere else.</p><p class="bp-actions">
        <button type="button" data-do="export">Export</button> <button type="button" data-do="import">Import</button>
        <button type="button" data-do="delete">Delete</button> <span class="bp-status" role="status"></span></p>
        <input type="file" accept="application/json,.json" hidden aria-label="A record that was exported"></details>`;
    const act = { next: () => this.next(), export: () => this.export(), import: () => this.file.click(), delete: () => this.delete() };
    for (const button of place.querySelectorAll("[data-do]")) button.onclick = act[button.dataset.do];
    this.file = place.querySelector("input");
    this.file.onchange = async () => {
      await this.import(await this.file.files[0].text());
      this.file.value = "";
    };
    [this.status, this.told] = place.querySelectorAll(".bp-status");
    document.addEventListener("progress", () => this.tally());
    this.tally();
    const asked = this.exercises.find(({ name }) => location.hash === `#practice-${name}`);
    if (asked) this.show(asked);
  }

  tally() {
    const { all, done, first, hints, due } = summary(this.exercises);
    this.place.querySelector(".bp-tally").textContent =
      `${done} of ${all} exercises done, ${first} of them at the first try; ${hints} ${hints === 1 ? "hint" : "hints"} used; ${due} due again.`;
    for (const link of document.querySelectorAll("[data-practice]")) {
      const { done, card } = read(link.dataset.practice);
      link.dataset.done = !done ? "" : card?.due <= new Date().toISOString() ? "↻" : "✓";
    }
  }

  // What is due, the longest first; then what is not solved yet, from the chapters already begun.
  next() {
    const now = new Date().toISOString();
    const due = this.exercises.filter(({ name }) => read(name).card?.due <= now);
    due.sort((one, other) => (read(one.name).card.due < read(other.name).card.due ? -1 : 1));
    const begun = ({ page }) => summary(this.exercises.filter((other) => other.page === page)).begun;
    const fresh = this.exercises.filter((exercise) => !read(exercise.name).card && begun(exercise));
    fresh.sort((one, other) => Boolean(read(other.name).tries) - Boolean(read(one.name).tries)); // what was tried comes first
    const others = [...due, ...fresh].filter(({ name }) => name !== this.name || read(name).solved);
    if (others.length) return this.show(others[0]);
    const dates = this.exercises.map(({ name }) => read(name).card?.due).filter(Boolean).sort();
    this.status.textContent = dates.length
      ? `Nothing is due. The next exercise comes back on ${new Date(dates[0]).toLocaleDateString()}; or take one from the list below.`
      : "You have not begun a chapter yet: solve one of its exercises, or take one from the list below.";
  }

  // The exercise as it stands on its chapter's page.
  async show({ name, page }) {
    this.status.textContent = "";
    const from = new URL(page, window.progress.root);
    let section;
    try {
      const answer = await fetch(from);
      if (!answer.ok) throw new Error(`the host answered ${answer.status}`);
      const chapter = new DOMParser().parseFromString(await answer.text(), "text/html");
      section = document.adoptNode(chapter.querySelector(`[data-exercise="${CSS.escape(name)}"]`));
    } catch (error) {
      return void (this.status.textContent = `The chapter could not be fetched: ${error.message}.`);
    }
    for (const link of section.querySelectorAll("a[href]")) link.href = new URL(link.getAttribute("href"), from);
    this.name = name;
    this.place.querySelector(".bp-here").replaceChildren(section);
    const { solved } = read(name);
    const exercise = new Exercise(section, this.python, !solved);
    await typeset([section]);
    if (solved) await exercise.renew();
    section.querySelector("input, textarea, button")?.focus();
  }

  export() {
    const exercises = Object.fromEntries(this.exercises.map(({ name }) => [name, read(name)]).filter(([, record]) => Object.keys(record).length));
    const text = JSON.stringify({ format: FORMAT, version: 1, exercises }, null, 1);
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(new Blob([text], { type: "application/json" })), download: "exercises.json" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    this.told.textContent = `${Object.keys(exercises).length} exercises exported.`;
  }

  import(text) {
    try {
      const { format, version, exercises } = JSON.parse(text);
      if (format !== FORMAT || version !== 1) throw new Error("this is no record that this page has exported");
      const known = this.exercises.filter(({ name }) => Object.hasOwn(exercises, name));
      for (const { name } of known)
        for (const [key, value] of Object.entries(exercises[name]))
          if (typeof value !== TYPES[key] || value === null) throw new Error(`${name}: expected ${key} to be ${TYPES[key] ?? "left out"}, got ${JSON.stringify(value)}`);
      for (const { name } of known) {
        forget(name);
        keep(name, exercises[name]);
      }
      this.told.textContent = `${known.length} exercises imported.`;
      this.tally();
    } catch (error) {
      this.told.textContent = `Nothing was imported: ${error.message}.`;
    }
  }

  delete() {
    if (!confirm("Delete what is kept of all exercises in this browser? This cannot be undone.")) return;
    for (const { name } of this.exercises) forget(name);
    this.told.textContent = "Deleted.";
  }
}
