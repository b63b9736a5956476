// What the reader has typed and solved: one record an exercise, on this device and nowhere else.
//   seed, task   the variant that is open (its text, for any but the first)
//   answers      what stands in its fields, by step
//   tries, hints, looked, solved   how it goes with this variant: wrong checks, hints opened, solution opened
//   done, first, helped   the first time it was solved without the solution; at the first try; hints in all
//   card         when it is due again (live/schedule.js)
// extensions/exercises.py writes EXERCISES before it: a list of {name, title, page}.
/* global EXERCISES */
(() => {
  const PREFIX = "exercise:";
  const memory = new Map(); // storage may be forbidden; then all lasts as long as the page

  function read(name) {
    try {
      return JSON.parse(localStorage.getItem(PREFIX + name)) ?? memory.get(name) ?? {};
    } catch {
      return memory.get(name) ?? {};
    }
  }

  function keep(name, change) {
    const record = { ...read(name), ...change };
    try {
      localStorage.setItem(PREFIX + name, JSON.stringify(record));
    } catch {
      memory.set(name, record);
    }
    if (!("answers" in change)) document.dispatchEvent(new CustomEvent("progress"));
  }

  function forget(name) {
    memory.delete(name);
    try { localStorage.removeItem(PREFIX + name); } catch { /* as above */ }
    document.dispatchEvent(new CustomEvent("progress"));
  }

  // Of some exercises: how many there are, are done, were right at the first try, are due again; hints opened.
  function summary(exercises, now = new Date().toISOString()) {
    const records = exercises.map(({ name }) => read(name));
    const count = (test) => records.filter(test).length;
    return {
      all: records.length, done: count(({ done }) => done), first: count(({ first }) => first),
      due: count(({ card }) => card?.due <= now), begun: count(({ card, tries }) => card || tries),
      hints: records.reduce((sum, { helped = 0 }) => sum + helped, 0),
    };
  }

  const here = new URL(document.currentScript.src);
  const root = new URL("..", here);
  window.progress = { all: EXERCISES, root, read, keep, forget, summary };

  // A mark beside each chapter of the table of contents that was begun.
  function mark() {
    for (const link of document.querySelectorAll(".bd-sidebar-primary li > a")) {
      const { pathname } = new URL(link.href);
      const its = EXERCISES.filter(({ page }) => new URL(page, root).pathname === pathname);
      link.querySelector(".bp-done")?.remove();
      const { all, done, due, begun } = summary(its);
      if (!begun) continue;
      const told = document.createElement("span");
      told.className = "bp-done";
      told.title = `${done} of ${all} exercises done${due ? `, ${due} due again` : ""}`;
      told.innerHTML = '<span aria-hidden="true"></span><span class="visually-hidden"></span>';
      told.firstChild.textContent = `${done === all ? "✓" : `${done}/${all}`}${due ? " ↻" : ""}`;
      told.lastChild.textContent = `(${told.title})`;
      link.append(" ", told);
    }
  }
  document.addEventListener("progress", mark);
  window.addEventListener("storage", mark);
  mark();
})();
