"""Exercises of chapter 6: finding bugs."""

CHAPTER = "06-bug-clinic"

EXERCISES = ()
