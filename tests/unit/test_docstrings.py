"""The public API documents itself, and every label it names exists in a chapter."""

import inspect
import re
from pathlib import Path

import pytest

import backprop as bp
from backprop import (
    activations,
    clinic,
    control,
    data,
    experiments,
    gradcheck,
    history,
    initialise,
    judge,
    layers,
    losses,
    numeric,
    programs,
    training,
)
from backprop.parameters import Parameters

from ..claims.labels import labels_in_chapters

SOURCE = Path(bp.__file__).parent
PUBLIC = [
    *(getattr(bp, name) for name in bp.__all__ if not inspect.ismodule(getattr(bp, name))),
    *(bp.Network.random, bp.Network.with_parameters, activations.Activation, activations.get),
    *(losses.Loss, losses.get, initialise.weights, gradcheck.central_differences, gradcheck.complex_step),
    *(gradcheck.check_directions, gradcheck.directional_difference, gradcheck.random_direction),
    *(gradcheck.step_errors, gradcheck.branch_slopes, gradcheck.error_signal_differences),
    *(gradcheck.check_function, gradcheck.check_layer, gradcheck.check_sequence),
    *(
        judge.judge,
        judge.states,
        judge.rounding,
        judge.read,
        judge.Judgement,
        judge.tolerance_of,
        judge.misfit,
    ),
    *(
        numeric.partials,
        numeric.measured,
        numeric.checked_step,
        *(
            Parameters.arrays,
            Parameters.named,
            Parameters.places,
            Parameters.zip,
            Parameters.map,
            Parameters.dot,
        ),
        bp.Descent.epoch,
        *(Parameters.column, Parameters.shaped, Parameters.copy),
    ),
    *(layers.Linear, layers.Linear.forward, layers.Linear.backward, layers.Activation),
    *(layers.Loss, layers.Loss.forward, layers.Loss.backward, layers.Sequence, layers.Sequence.of),
    *(clinic.get, clinic.plant, clinic.patient, clinic.diagnose, clinic.gradient_of_step, clinic.case),
    *(
        f
        for f in vars(programs).values()
        if inspect.isfunction(f) and f.__module__ == programs.__name__ and f.__name__[0] != "_"
    ),
    *(layers.Dropout, layers.Dropout.forward, layers.Dropout.backward, clinic.read),
    *(getattr(data, name) for name in data.__all__),
    *(training.Record, training.Training, training.objective, training.penalty, bp.Descent.step),
    *(experiments.digits, experiments.confusion, experiments.surface, experiments.symmetry_runs),
    *(experiments.family_run, experiments.mirror_error, experiments.weight_ratios),
    *(control.forward, control.backward, history.Entry, history.entries, history.read),
]


@pytest.mark.parametrize("thing", PUBLIC, ids=lambda thing: thing.__qualname__)
def test_public_things_have_a_docstring(thing):
    assert len(inspect.getdoc(thing) or "") > 20
    if inspect.isfunction(thing) and "raise " in inspect.getsource(thing):
        assert re.search(r"Raises:|errors as", inspect.getdoc(thing))


def test_every_label_in_the_source_is_a_label_of_a_chapter():
    known = labels_in_chapters()
    found = {
        (path.name, label)
        for path in SOURCE.rglob("*.py")
        for label in re.findall(r"\beq:[a-z0-9-]+", path.read_text(encoding="utf-8"))
    }
    assert len(found) > 8
    assert sorted(found - {(name, label) for name, label in found if label in known}) == []


def test_all_names_what_exists():
    assert all(hasattr(bp, name) for name in bp.__all__)
