// What the page's script does with the record that web/progress.js keeps.
export const { read, keep, forget, summary } = window.progress;

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
