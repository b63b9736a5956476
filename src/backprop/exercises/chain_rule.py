"""Exercises of chapter 1: the chain rule."""

CHAPTER = "01-chain-rule"

EXERCISES = ()
