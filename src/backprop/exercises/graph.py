"""Exercises of chapter 3: computation graphs."""

CHAPTER = "03-computation-graphs"

EXERCISES = ()
