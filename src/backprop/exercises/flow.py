"""Exercises of chapter 7: gradient flow."""

CHAPTER = "07-gradient-flow"

EXERCISES = ()
