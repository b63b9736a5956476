// What the reader has typed and solved: one record an exercise, on this device and nowhere else.
//   seed, task   the variant that is open (its text, for any but the first)
//   answers      what stands in its fields, by step
//   tries, hints, looked, solved   how it goes with this variant: wrong checks, hints opened, solution opened
//   done, first, helped   the first day it was solved without the solution; at the first try; hints in all
//   card         when it is due again (schedule.js)
const PREFIX = "exercise:";
const memory = new Map(); // storage may be forbidden; then all lasts as long as the page

export function read(name) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name)) ?? {};
  } catch {
    return memory.get(name) ?? {};
  }
}

export function keep(name, change) {
  const record = { ...read(name), ...change };
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(record));
  } catch {
    memory.set(name, record);
  }
  if ("card" in change) document.dispatchEvent(new CustomEvent("progress"));
  return record;
}

export function forget(name) {
  memory.delete(name);
  try { localStorage.removeItem(PREFIX + name); } catch { /* as above */ }
}

// A solved variant is done unless the solution was read first; it comes back the sooner, the more help it took.
export async function solved(name) {
  const { tries = 0, hints = [], looked = false, solved, done, first, helped = 0, card } = read(name);
  if (solved) return;
  const clean = !looked && !tries && !hints.length;
  const { again } = await import("./schedule.js");
  keep(name, {
    solved: true, card: again(card, looked ? "Again" : clean ? "Good" : "Hard"), helped: helped + hints.length,
    ...(looked ? {} : { done: done ?? new Date().toISOString(), first: first ?? clean }),
  });
}
