"""Exercises of chapter 4: the four equations."""

CHAPTER = "04-four-equations"

EXERCISES = ()
