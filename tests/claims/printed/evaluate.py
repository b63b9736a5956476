r"""Values of printed formulas.

An environment maps names, as they are printed, to values: numbers, columns and matrices (arrays with two
axes), functions. What a name needs before its value is known is filled in first: with l = 2 the name
`\W{l+1}` is looked up as `\W{3}`. A name with indices may also be a family, a function of its indices:

    {r"\W": lambda l: net.W[l], "s_": [1, 4, 2], "l": 2, r"d\loss/d\W": lambda l: ..., "f'": np.cos}

Side by side means matrix product, or product with a number, or a function and its argument. Nothing is
broadcast: shapes that do not fit raise, and so does a product whose value depends on where one puts the
brackets.
"""

import math
import re
from collections import ChainMap

import numpy as np

from .tex import NOTATION, TexError, joined, tokens, whole

TRANSPOSE = {symbol["form"] for symbol in NOTATION["symbols"] if symbol["macro"] == "T"} | {
    r"\T", "T", r"\top", r"\mathrm{T}", r"\mathsf{T}"
}  # fmt: skip
FUNCTIONS = {
    r"\ln": np.log, r"\exp": np.exp, r"\sin": np.sin, r"\cos": np.cos, r"\tanh": np.tanh,
    r"\operatorname{Im}": np.imag, r"\max": max, r"\min": min,
}  # fmt: skip
COMPARE = {
    "<": np.less, ">": np.greater, r"\le": np.less_equal, r"\leq": np.less_equal, r"\ge": np.greater_equal,
    r"\geq": np.greater_equal, r"\ne": np.not_equal, "=": np.equal,
}  # fmt: skip


class Ambiguous(TexError):
    """A product that brackets would have to explain."""


def is_array(value):
    return isinstance(value, np.ndarray) and value.ndim == 2


def plain(value):
    """Numbers for products of a row and a column; anything but numbers, two axes and functions raises."""
    if callable(value):
        return value
    value = np.asarray(value)
    if value.ndim == 2 and value.shape == (1, 1):
        return value[0, 0]
    if value.ndim not in (0, 2):
        raise TexError(f"a value needs no axes or two, this one has the shape {value.shape}")
    return value if value.ndim else value[()]


def same_shape(a, b, sign):
    if is_array(a) != is_array(b) or (is_array(a) and a.shape != b.shape):
        raise TexError(f"shapes {np.shape(a)} and {np.shape(b)} on the two sides of {sign}")


class Evaluator:
    """Values of trees in one environment."""

    def __init__(self, environment):
        self.env = environment if isinstance(environment, ChainMap) else ChainMap(environment)

    def under(self, bindings):
        return Evaluator(self.env.new_child(bindings))

    def __call__(self, tree):
        return plain(getattr(self, "_" + tree[0])(*tree[1:]))

    # Names

    def index(self, parts):
        """The text of an index list, with numbers put in for letters: l+1,k becomes 3,1."""
        found, run = [], []

        def flush():
            if run:
                found.append(self._number_text(run))
                run.clear()

        for t in self._closed(parts):
            if isinstance(t, str) and t in {",", "(", ")", "[", "]", ":", r"\to", r"\dots", "/"}:
                flush()
                found.append(t)
            else:
                run.append(t)
        flush()
        return "".join(found)

    def _closed(self, parts):
        """Braces of no meaning go; a macro with arguments is one piece with its value put in."""
        i, parts = 0, list(parts)
        while i < len(parts):
            t = parts[i]
            if t in ("{", "}"):
                i += 1
            elif t.startswith("\\") and parts[i + 1 : i + 2] == ["{"]:
                end, depth = i + 2, 1
                while depth:
                    depth += (parts[end] == "{") - (parts[end] == "}")
                    end += 1
                yield parts[i:end]
                i = end
            else:
                yield t
                i += 1

    def _number_text(self, run):
        """Neighbours without a sign are indices of their own, jk; with a sign one sum, l+1."""
        flat = [t if isinstance(t, str) else joined(t) for t in run]
        if any(t in ("+", "-") for t in flat[1:]):
            try:
                return _whole_number(
                    self(whole([u for t in run for u in ([t] if isinstance(t, str) else t)]))
                )
            except (TexError, KeyError, TypeError):
                return "".join(flat)
        return ",".join(self._one_index(t) for t in run)

    def _one_index(self, t):
        text = t if isinstance(t, str) else joined(t)
        known = self.env.get(text)
        if isinstance(known, int | np.integer) or (isinstance(known, float) and known.is_integer()):
            return _whole_number(self.env[text])
        if not isinstance(t, str):
            try:
                return _whole_number(self(whole(t)))
            except (TexError, KeyError, TypeError):
                return text
        return text

    def arguments(self, parts):
        """The values of an index list, for a family."""
        values, text = [], joined(parts)
        for piece in _commas(parts):
            if len(piece) > 1 and not set(piece) & {"+", "-", "{", "(", "_"}:
                values += [self(whole([t])) for t in piece]  # indices side by side
            elif piece:
                values.append(self(whole(piece)))
            else:
                raise TexError(f"an empty index in {text!r}")
        return values

    def _name(self, base, arguments, sub, sup, primes):
        bare = base + "'" * primes
        for texts in self._spellings(base, arguments, sub, sup, primes):
            if texts in self.env:
                return self.env[texts]
        if sup is not None:
            if len(sup) > 1 and sup[-1] in TRANSPOSE:
                return self._raised(self._name(base, arguments, sub, sup[:-1], primes), sup[-1:])
            return self._raised(self._name(base, arguments, sub, None, primes), sup)
        family = bare + ("_" if sub is not None else "")
        if family in self.env and (arguments or sub is not None):
            member = self.env[family]
            indices = [v for a in arguments for v in self.arguments(a)]
            indices += self.arguments(sub) if sub is not None else []
            if not callable(member):
                (i,) = indices
                return member[_index(i)]
            return member(*map(_index, indices))
        raise KeyError(f"no value for {self.spelt(base, arguments, sub, sup, primes)}")

    def _spellings(self, base, arguments, sub, sup, primes):
        yield spell(base, arguments, sub, sup, primes, joined)
        yield self.spelt(base, arguments, sub, sup, primes)

    def spelt(self, base, arguments, sub, sup, primes):
        return spell(base, arguments, sub, sup, primes, self.index)

    def _derivative(self, of, by):
        """A derivative is a name too: of what, by what."""
        by = _tree_of_name(by)
        names = [f"d{joined_name(of)}/d{joined_name(by)}", f"d{self.spelt(*of[1:])}/d{self.spelt(*by[1:])}"]
        indices = [*of[2], *_indices(of), *by[2], *_indices(by)]
        return self._known(names, f"d{_head(of)}/d{_head(by)}", indices)

    def _nabla(self, by, of):
        by = f"_{{{self.index(by)}}}" if by else ""
        names = [rf"\nabla{by}{joined_name(of)}", rf"\nabla{by}{self.spelt(*of[1:])}"]
        return self._known(names, rf"\nabla{by}{_head(of)}", [*of[2], *_indices(of)])

    def _partial(self, by, of):
        return self._known([], rf"\partial_{_head(of)}", [by, *of[2], *_indices(of)])

    def _known(self, names, family, indices):
        for name in names:
            if name in self.env:
                return self.env[name]
        if indices and family in self.env:
            return self.env[family](*[_index(v) for parts in indices for v in self.arguments(parts)])
        raise KeyError(f"no value for {(names or [family])[-1]}")

    # Operations

    def _number(self, value):
        return value

    def _group(self, bracket, parts):
        if bracket in (r"\lvert", r"\lVert"):
            (inner,) = parts
            value = self(inner)
            if bracket == r"\lvert":
                if is_array(value):
                    raise TexError("a size of an array in single bars")
                return abs(value)
            return (
                np.linalg.norm(value)
                if not is_array(value) or value.shape[1] == 1
                else np.linalg.norm(value, 2)
            )
        if len(parts) != 1:
            raise TexError("commas in brackets that belong to no function")
        if parts[0][0] == "chain":
            if bracket == "[":  # Iverson's bracket
                return float(self.true(parts[0]))
            raise TexError("a relation in round brackets has no value")
        return self(parts[0])

    def true(self, chain):
        sides = chain[1]
        values = [self(side) for side in sides[::2]]
        return all(
            np.any(a != b) if relation == r"\ne" else np.all(COMPARE[relation](a, b))
            for a, relation, b in zip(values, sides[1::2], values[1:], strict=False)
        )

    def _scripted(self, tree, sub, sup, primes):
        if primes:
            raise TexError("a prime on something that is no name")
        value = self(tree)
        if sub is not None:
            value = self._rows(value, sub)
        return value if sup is None else self._raised(value, sup)

    def _rows(self, value, sub):
        """[...]_{1, ..., n}: the rows 1 to n of an array whose first row is row 0. (...)_{ij}: an entry, counted from 1."""
        pieces = _commas(sub)
        if r"\dots" not in sub and is_array(value):
            row, column = self.arguments(sub)
            return value[_index(row) - 1, _index(column) - 1]
        if len(pieces) != 3 or pieces[1] != [r"\dots"] or not is_array(value):
            raise TexError(f"an index {joined(sub)!r} on a bracket")
        first, last = (int(self(whole(piece))) for piece in pieces[::2])
        if last >= len(value):
            raise TexError(f"rows {first} to {last} of an array with the rows 0 to {len(value) - 1}")
        return value[first : last + 1]

    def _raised(self, value, sup):
        text = joined(sup)
        if text in TRANSPOSE:
            if not is_array(value):
                return np.asarray(value) if not callable(value) else _no("a function is transposed")
            return value.T
        if text == r"\prime":
            raise TexError("a derivative that has no value")
        exponent = self(whole(sup))
        if is_array(value) or callable(value):
            raise TexError(f"a power {text!r} of what is no number")
        return value**exponent

    def _fraction(self, above, below):
        above, below = self(above), self(below)
        if is_array(below) or callable(below) or callable(above):
            raise TexError("a fraction needs a number below")
        return above / below

    def _root(self, degree, tree):
        value, degree = self(tree), self(degree) if degree[0] != "number" else degree[1]
        if is_array(value):
            raise TexError("a root of an array")
        return math.copysign(abs(value) ** (1 / degree), value) if degree % 2 else np.sqrt(value)

    def _sum(self, signed):
        total = None
        for sign, term in signed:
            value = self(term)
            if callable(value):
                raise TexError("a function without its argument in a sum")
            if total is not None:
                same_shape(total, value, "+")
            total = sign * value if total is None else total + sign * value
        return total

    def _term(self, items):
        if len(items) == 1:
            value = self._single(items[0][1])
            return value
        factors = self._applied(items)
        if len(factors) == 1:
            return factors[0][1]
        segments, divided, literal = [[]], False, False
        for operator, value, tree in factors:
            if callable(value):
                raise TexError("a function without its argument in a product")
            if operator == "" and literal and tree[0] == "number":
                raise Ambiguous("two numbers side by side")
            literal = tree[0] == "number"
            if divided and operator == "":
                raise Ambiguous("a factor behind the denominator of a/b")
            divided = operator == "/"
            if operator == "⊙":
                segments.append([])
            segments[-1].append((operator, value))
        if len(segments) > 1 and any(sum(is_array(v) for _, v in s) > 1 for s in segments):
            raise Ambiguous("a matrix product and a product entry by entry without brackets")
        values = [self._product(segment) for segment in segments]
        total = values[0]
        for value in values[1:]:
            if not (is_array(total) and is_array(value)):
                raise TexError("a product entry by entry needs two arrays")
            same_shape(total, value, "⊙")
            total = total * value
        return total

    def _single(self, item):
        if item[0] == "prefix":
            raise TexError(f"{item[1]} without an argument")
        return self(item)

    def _product(self, factors):
        total = factors[0][1]
        for operator, value in factors[1:]:
            if operator == "/":
                if is_array(value):
                    raise TexError("a division by an array")
                total = total / value
            elif is_array(total) and is_array(value):
                if operator == "·" and total.shape[0] != 1:
                    raise TexError("a dot between two matrices")
                if total.shape[1] != value.shape[0]:
                    raise TexError(f"shapes {total.shape} and {value.shape} do not fit for a matrix product")
                total = plain(total @ value)
            else:
                total = total * value
        return total

    def _applied(self, items):
        """The factors of a term, with functions applied to what stands behind them."""
        found, i = [], 0
        while i < len(items):
            operator, tree = items[i]
            value, i = self._application(items, i)
            found.append((operator, value, tree))
        return found

    def _application(self, items, i):
        tree = items[i][1]
        if tree[0] == "prefix":
            return self._prefixed(tree[1], items, i + 1)
        value = self(tree)
        i += 1
        while callable(value) and i < len(items) and items[i][0] == "":
            group, sub, sup = items[i][1], None, None
            if group[0] == "scripted":
                _, group, sub, sup, _ = group
            if group[0] != "group" or group[1] not in ("(", "{"):
                break
            value = plain(value(*[self(part) for part in group[2]]))
            i += 1
            if sub is not None:
                raise TexError("an index on a function's argument")
            if sup is not None:
                value = self._raised(value, sup)
        return value, i

    def _prefixed(self, name, items, i):
        if i >= len(items) or items[i][0] != "":
            raise TexError(f"{name} without an argument")
        tree, sup = items[i][1], None
        if tree[0] == "scripted" and tree[1][0] == "group":
            _, tree, _, sup, _ = tree
        if tree[0] == "group" and tree[1] == "(":
            given, i = [self(part) for part in tree[2]], i + 1
        else:
            value, i = self._application(items, i)
            given = [value]
        if any(map(callable, given)):
            raise TexError(f"{name} of a function")
        if name == r"\diag":
            (column,) = given
            if not is_array(column) or column.shape[1] != 1:
                raise TexError("diag of what is no column")
            value = np.diag(column[:, 0])
        else:
            if any(map(is_array, given)):
                raise TexError(f"{name} of an array")
            value = FUNCTIONS[name](*given)
        return (value if sup is None else self._raised(value, sup)), i

    def _big(self, operator, below, above, body):
        values = [self.under(binding)(body) for binding in self._range(below, above)]
        if operator in (r"\max", r"\min"):
            return FUNCTIONS[operator](values)
        if not values:
            return 0.0 if operator == r"\sum" else 1.0
        total = values[0]
        for value in values[1:]:
            if operator == r"\sum":
                same_shape(total, value, "+")
                total = total + value
            else:
                total = self._product([("", total), ("", value)])
        return total

    def _range(self, below, above):
        """The bindings of the running letters. Where no bounds are printed the environment names them."""
        text = joined(below)
        for name in (f"range {text}", text):
            if name in self.env and not np.isscalar(self.env[name]):
                return self.env[name]
        chain = whole(below) if set(below) & {"=", r"\le"} else None
        if above is not None and len(below) > 2 and below[1] == "=":
            first, last = self(whole(below[2:])), self(whole(above))
        elif chain and len(chain[1]) == 5 and chain[1][1::2] == [r"\le", r"\le"]:
            first, last = self(chain[1][0]), self(chain[1][4])
            below = [joined(below).split(r"\le ")[1]]
        else:
            raise KeyError(f"no range for {text}")
        return [{below[0]: i} for i in range(_index(first), _index(last) + 1)]

    def _expectation(self, body):
        """The mean over the cases that the environment lists."""
        values = [(weight, self.under(case)(body)) for weight, case in self.env[r"\mathrm{E}"]]
        return sum(weight * value for weight, value in values) / sum(weight for weight, _ in values)

    def _cases(self, rows):
        for value, condition in rows:
            if condition is None or self.true(condition):
                return self(value)
        raise TexError("no case holds")

    def _matrix(self, rows):
        blocks = [[self(cell) for cell in row] for row in rows]
        width = {sum(v.shape[1] if is_array(v) else 1 for v in row) for row in blocks}
        if len(width) > 1:
            raise TexError(f"rows of different width {width} in a matrix")
        return np.block(
            [
                [np.asarray(v, dtype=float).reshape(v.shape if is_array(v) else (1, 1)) for v in row]
                for row in blocks
            ]
        )

    def _chain(self, sides):
        raise TexError("a relation where a value is wanted")


def _no(message):
    raise TexError(message)


def _whole_number(value):
    number = int(value)
    if number != value:
        raise TexError(f"an index {value}")
    return str(number)


def _index(value):
    return int(value) if not callable(value) and float(np.real(value)).is_integer() else value


def _commas(parts):
    pieces, depth = [[]], 0
    for t in parts:
        depth += (t in ("{", "(")) - (t in ("}", ")"))
        if t == "," and not depth:
            pieces.append([])
        else:
            pieces[-1].append(t)
    return pieces


def _tree_of_name(parts):
    tree = whole(parts)
    while tree[0] in ("sum", "term"):
        ((_, tree),) = tree[1]
    if tree[0] != "name":
        raise TexError(f"a derivative by {joined(parts)!r}")
    return tree


def _head(tree):
    return tree[1] + ("_" if tree[3] is not None else "")


def _indices(tree):
    return [] if tree[3] is None else [tree[3]]


def spell(base, arguments, sub, sup, primes, index):
    """One text for a name, whatever its braces and spaces."""
    text = base + "".join("{" + index(a) + "}" for a in arguments)
    if sup is not None:
        text += "^{" + index(sup) + "}"
    if sub is not None:
        text += f"_{given}" if re.fullmatch(r"\\[A-Za-z]+|.", given := index(sub)) else f"_{{{given}}}"
    return text + "'" * primes


def joined_name(tree):
    return spell(*tree[1:], joined)


def key(tex, **indices):
    """The name under which an environment holds what is printed as this, with these numbers for letters."""
    tree = whole(tokens(tex))
    while tree[0] in ("sum", "term"):
        ((_, tree),) = tree[1]
    evaluator = Evaluator(indices)
    if tree[0] == "derivative":
        return f"d{evaluator.spelt(*tree[1][1:])}/d{evaluator.spelt(*_tree_of_name(tree[2])[1:])}"
    if tree[0] == "nabla":
        by = f"_{{{evaluator.index(tree[1])}}}" if tree[1] else ""
        return rf"\nabla{by}{evaluator.spelt(*tree[2][1:])}"
    if tree[0] != "name":
        raise TexError(f"no name: {tex!r}")
    return evaluator.spelt(*tree[1:])
