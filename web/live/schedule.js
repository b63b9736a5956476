// When a solved exercise is due again: spaced repetition by FSRS, in whole days.
import { createEmptyCard, fsrs, Rating } from "ts-fsrs";

const scheduler = fsrs({ enable_short_term: false, enable_fuzz: false });

// The card after a solution with this rating, as plain data.
export function again(card, rating, now = new Date()) {
  return JSON.parse(JSON.stringify(scheduler.next(card ?? createEmptyCard(now), now, Rating[rating]).card));
}
