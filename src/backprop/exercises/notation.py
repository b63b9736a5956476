"""Exercises of chapter 2: notation."""

CHAPTER = "02-notation"

EXERCISES = ()
