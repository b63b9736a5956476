"""Exercises of chapter 10: history."""

CHAPTER = "10-history"

EXERCISES = ()
