"""Formulas as text: words with their columns, and a tree; `formulas.expression` gives them a meaning."""

import ast
import bisect
import itertools
import math
import re
from typing import NamedTuple

LONGEST_TEXT = 10_000  # characters of an expression
DEEPEST_NESTING = 100  # parentheses inside one another


class Token(NamedTuple):
    """A word of a formula; columns count from 1."""

    kind: str  # number, name or sign
    text: str
    column: int

    @property
    def ends_operand(self):
        return self.kind != "sign" or self.text == ")"


_TOKEN = re.compile(
    r"\s+|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<name>[^\W\d]\w*)|(?P<sign>\*\*|[-+*/^(),])"
)
_TYPED = str.maketrans({"−": "-", "·": "*", "×": "*", "÷": "/"})  # as they are pasted from a book


def _tokens(text):
    """The words of a formula with their columns; ValueError where no formula can go on like this."""
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"the expression has {len(text)} characters, expected at most {LONGEST_TEXT}")
    source, at, tokens, opened = text.translate(_TYPED), 0, [], []
    while at < len(source):
        match = _TOKEN.match(source, at)
        if not match:
            raise ValueError(f"unexpected character {text[at]!r} at column {at + 1}")
        if match.lastgroup:
            token = Token(match.lastgroup, match[0], at + 1)
            _check(token, tokens[-1] if tokens else None, opened)
            tokens.append(token)
        at = match.end()
    if not tokens:
        raise ValueError("the expression is empty")
    if not tokens[-1].ends_operand:
        raise ValueError(
            f"the expression ends too early, after {tokens[-1].text!r} at column {tokens[-1].column}"
        )
    if opened:
        raise ValueError(f"the parenthesis at column {opened[-1][0]} is never closed")
    return tokens


def _check(token, before, opened):
    """Whether a word may follow the word before; `opened` holds (column, is a call) of parentheses."""
    kind, word, column = token
    after_operand = before is not None and before.ends_operand
    call = after_operand and before.kind == "name" and word == "("
    if kind == "name" and not word.isidentifier():
        i = next(i for i in range(len(word)) if not word[: i + 1].isidentifier())
        raise ValueError(f"unexpected character {word[i]!r} at column {column + i}")
    if kind == "number" and not math.isfinite(float(word)):
        raise ValueError(f"the number at column {column} is too large for a float")
    if after_operand and not call and (kind != "sign" or word == "("):
        raise ValueError(
            f"an operation is missing between {before.text[:20]!r} and {word[:20]!r} at column {column}; "
            "a product needs its *"
        )
    empty_call = word == ")" and before and before.text == "(" and opened[-1][1]
    if kind == "sign" and word not in "(+-" and not after_operand and not empty_call:
        raise ValueError(
            f"unexpected {word!r} at column {column}: expected a number, a name or a parenthesis"
        )
    if word == "(":
        opened.append((column, call))
        if len(opened) > DEEPEST_NESTING:
            raise ValueError(f"more than {DEEPEST_NESTING} nested parentheses at column {column}")
    if word == "," and not (opened and opened[-1][1]):
        raise ValueError(f"unexpected ',' at column {column}: it stands between the arguments of a function")
    if word == ")":
        if not opened:
            raise ValueError(f"the parenthesis at column {column} was never opened")
        opened.pop()


class Parsed(NamedTuple):
    """A formula as words and as the tree of Python's parser.

    Attributes:
        tokens: its words.
        body: the tree, with the names t0, t1, ... for words that are names and numbers.
        starts: where each word begins in what Python's parser read.
    """

    tokens: list
    body: ast.expr
    starts: list

    def index(self, node):
        """The index of the word at which a part of the tree begins."""
        return bisect.bisect_right(self.starts, node.col_offset) - 1


def parse(text):
    """The words of a formula, and its tree: precedence and associativity are Python's.

    Args:
        text: numbers, names, + - * / ** and ^ (power), parentheses and commas. What a name means, and
            whether an operation is allowed, is not asked here.

    Returns:
        A `Parsed`.

    Raises:
        ValueError: where no formula can go on like this; the message names the column.
    """
    tokens = _tokens(text)
    words = [
        ("**" if token.text == "^" else token.text) if token.kind == "sign" else f"t{i}"
        for i, token in enumerate(tokens)
    ]
    starts = [0, *itertools.accumulate(len(word) + 1 for word in words)]
    try:
        return Parsed(tokens, ast.parse(" ".join(words), mode="eval").body, starts)
    except SyntaxError as error:
        token = tokens[bisect.bisect_right(starts[:-1], (error.offset or 1) - 1) - 1]
        raise ValueError(f"syntax error at column {token.column}: unexpected {token.text[:20]!r}") from None
    except (RecursionError, MemoryError):
        raise ValueError(f"the expression is nested too deeply, in {len(tokens)} words") from None
