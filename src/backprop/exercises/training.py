"""Exercises of chapter 8: training."""

CHAPTER = "08-training"

EXERCISES = ()
