"""Exercises of chapter 6: programs and gradient checking."""

CHAPTER = "06-implementation"

EXERCISES = ()
