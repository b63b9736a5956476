"""Exercises of chapter 9: counting."""

CHAPTER = "09-complexity"

EXERCISES = ()
