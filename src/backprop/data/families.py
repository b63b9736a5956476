"""The two family trees of Hinton (1986), and the questions that can be asked about them.

The triples are not written down but follow from marriages and children.

Source: Rumelhart, Hinton & Williams (1986), figures 2 to 4.
"""

from dataclasses import dataclass

import numpy as np

# Each row: husband, wife, and where they have them a son and a daughter.
ENGLISH = (
    ("Christopher", "Penelope", "Arthur", "Victoria"),
    ("Andrew", "Christine", "James", "Jennifer"),
    ("Arthur", "Margaret"),
    ("James", "Victoria", "Colin", "Charlotte"),
    ("Charles", "Jennifer"),
)
ITALIAN = (
    ("Roberto", "Maria", "Emilio", "Lucia"),
    ("Pierro", "Francesca", "Marco", "Angela"),
    ("Emilio", "Gina"),
    ("Marco", "Lucia", "Alfonso", "Sophia"),
    ("Tomaso", "Angela"),
)


@dataclass(frozen=True, eq=False)
class FamilyTrees:
    """24 people in two families of the same shape, 12 relations, 104 questions.

    Attributes:
        people: 24 names, the English family first; person k + 12 has the place of person k.
        relations: 12 names.
        questions: 104 triples (person, relation, answers), answers a tuple of one or two names.
        X: (36, 104): a 1 for the person in rows 0 to 23, one for the relation in rows 24 to 35.
        Y: (24, 104): a 1 for each person who answers.
    """

    people: tuple
    relations: tuple
    questions: tuple
    X: np.ndarray
    Y: np.ndarray


class _Family:
    """Who is married to whom, and whose child is whose."""

    def __init__(self, rows):
        self.rows = rows
        self.men = {name for row in rows for name in row[::2]}
        self.people = tuple(
            dict.fromkeys([n for row in rows for n in row[:2]] + [n for row in rows for n in row])
        )

    def spouse(self, person):
        return {n for row in self.rows if person in row[:2] for n in row[:2]} - {person}

    def children(self, person):
        return {n for row in self.rows if person in row[:2] for n in row[2:]}

    def parents(self, person):
        return {n for row in self.rows if person in row[2:] for n in row[:2]}

    def siblings(self, person):
        return {n for row in self.rows if person in row[2:] for n in row[2:]} - {person}

    def parents_siblings(self, person):
        """By blood and by marriage."""
        blood = _each(self.siblings, self.parents(person))
        return blood | _each(self.spouse, blood)

    def siblings_children(self, person):
        """Of one's own siblings and of one's spouse's."""
        return _each(self.children, _each(self.siblings, {person} | self.spouse(person)))


def _each(relation, people):
    return {name for person in people for name in relation(person)}


# Who is asked for, by the name for a man and the name for a woman.
KIN = {
    ("father", "mother"): _Family.parents,
    ("husband", "wife"): _Family.spouse,
    ("son", "daughter"): _Family.children,
    ("uncle", "aunt"): _Family.parents_siblings,
    ("brother", "sister"): _Family.siblings,
    ("nephew", "niece"): _Family.siblings_children,
}
RELATIONS = tuple(name for pair in KIN for name in pair)


def _questions(family):
    for person in family.people:
        for (for_a_man, for_a_woman), kin in KIN.items():
            found = [name for name in family.people if name in kin(family, person)]
            for relation, answers in (
                (for_a_man, tuple(name for name in found if name in family.men)),
                (for_a_woman, tuple(name for name in found if name not in family.men)),
            ):
                if answers:
                    yield person, relation, answers


def family_trees():
    """The family trees as `FamilyTrees`.

    A question ⟨person, relation⟩ is counted once, also where two people answer it: Colin has two
    uncles, one of them by marriage. Counted by single answers there are 112.
    """
    families = [_Family(ENGLISH), _Family(ITALIAN)]
    people = tuple(name for family in families for name in family.people)
    questions = tuple(question for family in families for question in _questions(family))
    X, Y = np.zeros((36, len(questions))), np.zeros((24, len(questions)))
    for n, (person, relation, answers) in enumerate(questions):
        X[people.index(person), n] = X[24 + RELATIONS.index(relation), n] = 1
        Y[[people.index(answer) for answer in answers], n] = 1
    return FamilyTrees(people, RELATIONS, questions, X, Y)
