"""What holds for every demo, and for both front ends."""

import json
import math
import re
from html.parser import HTMLParser

import numpy as np
import pytest

import backprop as bp
from backprop import demos, letters, valley
from backprop.demos import page, session, widgets
from backprop.demos.demo import Button, Choice, Demo, Slider, Switch, Text, View
from backprop.demos.stepper import setting
from backprop.show.svg import Svg

EVERY = pytest.mark.parametrize("demo", demos.ALL.values(), ids=demos.ALL)


def other_value(control):
    """A value that is not the control's default."""
    match control:
        case Slider():
            step = control.step if control.default + control.step <= control.maximum else -control.step
            return control.check(control.default + step)
        case Switch():
            return not control.default
        case Choice():
            return next(option for option in control.options if option != control.default)
        case Text():
            return control.default + " "
        case Button():
            return control.default + 1


def shows(view):
    return str(view.svg), view.text, dict(view.numbers)


@EVERY
def test_the_first_state_shows_something(demo):
    view = demo.view()
    assert isinstance(view, View) and len(view.text) > 40 and len(view.svg.text) > 40
    assert view.numbers and all(math.isfinite(number) for number in view.numbers.values())
    assert len(demo.note) > 40 and len(demo.title) > 10
    assert re.fullmatch("[a-z]+(-[a-z]+)*", demo.name)
    names = [control.name for control in demo.controls]
    assert len(set(names)) == len(names) and all(control.label for control in demo.controls)


@EVERY
def test_a_view_is_a_pure_function(demo):
    assert shows(demo.view()) == shows(demo.view())


@EVERY
def test_every_control_changes_what_is_shown(demo):
    late = {"steps": 30} if demo.moves else {}  # some effects show only later
    first = shows(demo.view(**late))
    for control in demo.controls:
        if isinstance(control, Text):
            continue
        values = control.options if isinstance(control, Choice) else [other_value(control)]
        assert any(shows(demo.view(**{control.name: value}, **late)) != first for value in values), (
            control.name
        )


@EVERY
def test_a_link_brings_the_state_back(demo):
    one = session.Session(demo)
    assert one.query == ""
    for control in demo.controls:
        one.set(control.name, other_value(control))
    if demo.moves:
        one.advance(3)
    two = session.Session(demo, one.query)
    assert two.state == one.state and two.query == one.query
    assert shows(two.view()) == shows(one.view())


@EVERY
def test_a_moving_demo_steps_and_goes_back(demo):
    if not demo.moves:
        return
    one = session.Session(demo)
    seen = [shows(one.view())]
    for _ in range(3):
        one.advance()
        seen.append(shows(one.view()))
    assert len({str(s) for s in seen}) == 4
    assert seen[3] == shows(demo.view(steps=3))
    for steps in (2, 1, 0):
        one.back()
        assert one.steps == steps and shows(one.view()) == seen[steps]
    one.back()
    assert one.steps == 0
    one.advance(2)
    one.restart()
    assert shows(one.view()) == seen[0] and set(demo.keeps) <= set(demo.defaults())


class Fields(HTMLParser):
    """The names of a page's fields, and whether every tag is closed."""

    def __init__(self, html):
        super().__init__()
        self.names, self.open = set(), []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag in ("input", "select", "button") and "name" in attributes:
            self.names.add(attributes["name"])
        if tag not in ("input",):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attributes):
        pass


@EVERY
def test_the_page_gets_a_field_for_each_control(demo):
    html = page.static_html(demo)
    fields = Fields(html)
    assert fields.names == {control.name for control in demo.controls} and fields.open == []
    assert f'id="demo-{demo.name}"' in html and "<svg" in html
    assert ('data-action="advance"' in html) == demo.moves


@EVERY
def test_the_page_s_messages(demo):
    desk = page.Desk()
    control = demo.controls[0]
    opened = desk.handle({"demo": demo.name, "action": "open", "query": ""})
    assert opened["text"] == demo.view().text and opened["state"] == demo.defaults()
    json.dumps(opened, allow_nan=False)
    changed = desk.handle(
        {"demo": demo.name, "action": "set", "name": control.name, "value": other_value(control)}
    )
    assert changed["text"] == demo.view(**{control.name: other_value(control)}).text
    assert control.name in changed["query"]
    assert desk.handle({"demo": demo.name, "action": "reset"})["text"] == demo.view().text
    assert (
        "expected controls among"
        in desk.handle({"demo": demo.name, "action": "set", "name": "nothing", "value": 1})["error"]
    )
    assert desk.handle({"demo": demo.name, "action": "reset"})["state"] == demo.defaults()


def test_messages_that_the_page_does_not_send():
    desk = page.Desk()
    assert "expected one of chain-rule, " in desk.handle({"demo": "nothing", "action": "open"})["error"]
    assert "action: expected open" in desk.handle({"demo": "tiny-network", "action": "jump"})["error"]
    query = {"demo": "tiny-network", "action": "open"}
    assert "x1: expected a number, got 'one'" in desk.handle(query | {"query": "x1=one"})["error"]
    assert "x1: expected -2 to 2, got 7.0" in desk.handle(query | {"query": "x1=7"})["error"]
    assert "got ['x7']" in desk.handle(query | {"query": "x7=1"})["error"]
    assert "gradients: expected True or False" in desk.handle(query | {"query": "gradients=yes"})["error"]


@EVERY
def test_widgets_redraw_and_reset(demo):
    box = widgets.show(demo)
    picture, words, link = box.children[-3:]
    first = words.value
    fields = dict(zip([control.name for control in demo.controls], box.children[1:], strict=False))
    for control in demo.controls:
        if isinstance(control, Button):
            fields[control.name].click()
        else:
            fields[control.name].value = other_value(control)
    expected = demo.view(**{control.name: other_value(control) for control in demo.controls})
    assert picture.value == expected.svg._repr_html_()
    assert demo.name in link.value
    buttons = {button.description: button for button in box.children[-4].children}
    buttons["Reset"].click()
    assert words.value == first
    if demo.moves:
        buttons["Step"].click()
        assert picture.value == demo.view(steps=1).svg._repr_html_()
        buttons["Step back"].click()
        assert picture.value == demo.view().svg._repr_html_()


def test_a_widget_starts_in_the_state_of_a_link():
    picture = demos.tiny_network.at("x1=-2.0&gradients=False").children[-3]
    assert picture.value == demos.tiny_network.view(x1=-2.0, gradients=False).svg._repr_html_()


def counter(keeps=()):
    """A demo that counts by `by`, up to 6."""
    return Demo(
        "counter", "Counts", (Slider("by", "by", 1, 3, 1, 1), Text("word", "word", "w", 4), Button("go", "go")),
        lambda letters, memory, by, word, go: View(Svg("", 1, 1, ""), f"{memory} {word} {go}", {"n": memory}),
        start=lambda **state: 0, advance=lambda memory, by, **state: memory + by if memory + by <= 6 else memory,
        keeps=keeps,
    )  # fmt: skip


def test_a_session_stops_at_the_end_and_keeps_what_it_should():
    one = session.Session(counter(keeps=("by",)))
    one.advance(4)
    one.set("by", 3)
    assert (one.memory, one.steps) == (4, 4)
    one.advance(5)
    assert (one.memory, one.steps) == (4, 4)  # 4 + 3 > 6
    one.set("word", "new")
    assert (one.memory, one.steps, one.past) == (0, 0, [])
    one.advance(9)
    assert (one.memory, one.steps) == (6, 2)


def test_history_is_bounded(monkeypatch):
    monkeypatch.setattr(session, "MOST_HISTORY", 3)
    one = session.Session(counter())
    one.advance(6)
    for _ in range(9):
        one.back()
    assert (one.memory, one.steps) == (3, 3)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"word": "too long"}, ValueError, "word: expected at most 4 characters, got 8"),
        ({"word": 3}, TypeError, "word: expected text, got 3"),
        ({"go": -1}, ValueError, "go: expected how often it was pressed, got -1"),
        ({"go": True}, ValueError, "go: expected how often it was pressed, got True"),
    ],
)
def test_values_that_a_control_does_not_take(change, error, message):
    with pytest.raises(error, match=message):
        counter().view(**change)
    with pytest.raises(ValueError, match="hidden: expected one of identity, .*got 'step'"):
        demos.tiny_network.view(hidden="step")
    with pytest.raises(ValueError, match="notation: expected one of book"):
        demos.tiny_network.view(notation="none")


def test_the_smallest_network_speaks_every_notation():
    """Each letter of the trace is the profile's: what is affine is a pre-activation, and so on."""
    for profile in letters.profiles().values():
        trace = demos.tiny_network.view(notation=profile.name, edge="w11").text
        affine, activation, *_ = trace.splitlines()
        assert affine.startswith(f"{profile.pre(1)} = 0.8·1.0") and activation.startswith(
            f"{profile.act(1)} = relu("
        )
        path = f"∂{profile.loss}/∂{profile.out} · ∂{profile.out}/∂{profile.act(1)} · "
        assert f"{path}∂{profile.act(1)}/∂{profile.pre(1)} · ∂{profile.pre(1)}/∂w11" in trace
        assert f"{profile.err(1)} = 0.5·{profile.err(2)}·relu'({profile.pre(1)})" in trace


@pytest.mark.parametrize("steps", ["-1", "20001"])
def test_a_link_may_not_ask_for_any_number_of_steps(steps):
    with pytest.raises(ValueError, match=f"steps: expected 0 to 20000, got {steps}"):
        session.Session(counter(), f"steps={steps}")


def test_the_player_of_a_moving_demo():
    box = widgets.show(counter())
    player = box.children[-4].children[-1]
    player.value = 1
    assert "1 w 0" in box.children[-2].value
    assert player.interval == 500  # two steps a second


def test_the_chain_rule_demo_measures_its_error():
    assert "leaves 0.0072 of the error" in demos.chain_rule.view().text
    straight = demos.chain_rule.view(inner="halve", outer="halve")
    assert "a straight line" in straight.text and abs(straight.numbers["remainder"]) < 1e-15
    n = demos.chain_rule.view(inner="cube", outer="exp", x=-0.5, dx=0.1).numbers
    assert n["dy"] == pytest.approx(math.exp((-0.4) ** 3) - math.exp((-0.5) ** 3), rel=1e-12)
    assert n["slope"] == pytest.approx(3 * 0.25 * math.exp((-0.5) ** 3), rel=1e-12)
    assert "choose Δx ≠ 0" in demos.chain_rule.view(dx=0.0).text


@pytest.mark.parametrize(
    ("change", "pointer", "message"),
    [
        ({"formula": "exp(x*z"}, 4, "never closed"),
        ({"formula": "x + * z"}, 5, "unexpected '*'"),
        ({"formula": "ln(x - 2) + z"}, 1, "ln: expected a number > 0"),
        ({"formula": "foo(x) + z"}, 1, "unknown function 'foo'"),
        ({"values": "x = 2, z = three"}, 8, "z: expected a number, got 'three'"),
        ({"values": "x = 2, x = 3"}, 8, "each name once"),
        ({"values": "x = 2"}, 7, "unknown name 'z'"),
        ({"values": "x = 2, z = 3, w = 1"}, None, "'w': a value is given"),
        ({"formula": ""}, None, "empty"),
    ],
)
def test_a_mistake_in_a_formula_is_explained_at_its_place(change, pointer, message):
    view = demos.expression_graph.view(**change)
    assert message in view.text and message in view.svg.text and view.numbers == {}
    assert (f"\n{' ' * (pointer - 1)}^\n" in view.text) if pointer else ("^" not in view.text)


def test_the_graph_demo_on_the_book_s_example():
    view = demos.expression_graph.view(formula="exp(x*z) + x*z/ln(x) + sin(ln(x))/(x*z)")
    assert view.numbers["value"] == pytest.approx(412.191457, abs=5e-7)
    assert view.numbers["∂/∂x"] == pytest.approx(1208.381215, abs=5e-7)
    assert view.numbers["∂/∂z"] == pytest.approx(809.707479, abs=5e-7)
    assert "adjoint" not in demos.expression_graph.view(gradients=False).text


OUTPUTS = [
    "identity, squared error",
    "sigmoid, squared error",
    "sigmoid, cross-entropy",
    "softmax, cross-entropy",
]


@pytest.mark.parametrize("output", OUTPUTS)
def test_the_stepper_ends_with_every_gradient(output):
    state = {"inputs": 3.0, "depth": 2.0, "width": 4.0, "outputs": 2.0, "hidden": "tanh", "output": output}
    net, x, y = setting(3, 2, 4, 2, "tanh", output, 5)
    view = demos.stepper.view(steps=99, seed=5, **state)
    for l in range(1, 4):
        for array, name in ((net.W, "W"), (net.b, "b")):
            for index in np.ndindex(*array[l].shape):
                place = ",".join(str(i + 1) for i in (index if name == "W" else index[:1]))
                costs = []
                for h in (1e-5, -1e-5):
                    moved = [None, *(a.copy() for a in array[1:])]
                    moved[l][index] += h
                    other = (moved, net.b) if name == "W" else (net.W, moved)
                    there = bp.Network(*other, net.activations, net.loss)
                    costs.append(bp.cost(there, bp.forward(there, x), y))
                numeric = (costs[0] - costs[1]) / 2e-5
                assert view.numbers[f"d{name}[{l}]_{place}"] == pytest.approx(numeric, abs=1e-9), place
    assert view.numbers["loss after"] < view.numbers["loss"]
    assert demos.stepper.view(steps=100, seed=5, **state).text == view.text


@pytest.mark.parametrize("output", OUTPUTS)
def test_the_stepper_writes_each_number_that_it_computes(output):
    session_ = session.Session(demos.stepper, f"depth=3&width=2&outputs=2&output={output.replace(' ', '+')}")
    before, equations = set(session_.view().numbers), []
    while (session_.advance(), session_.view())[1].text not in equations:
        view = session_.view()
        equations.append(view.text)
        new = set(view.numbers) - before
        assert new and view.text.startswith(f"Operation {session_.steps} of 22, ")
        for name in new:
            assert any(f"{view.numbers[name]:.{d}f}" in view.text for d in (6, 8)), name
        before |= new
    assert len(equations) == 22


def test_both_paths_of_the_clipping_demo():
    n = demos.clipping.view().numbers
    place = np.array([1.3, -0.4])
    for _ in range(40):
        g = [(valley.cost(*(place + h), 6) - valley.cost(*(place - h), 6)) / 2e-6 for h in 1e-6 * np.eye(2)]
        place = place - 0.05 * np.array(g) / max(1, np.linalg.norm(g))
    # Forty steps with gradients by differences, each good to about 1e-9.
    assert [n["u with clipping"], n["v with clipping"]] == pytest.approx(place, abs=1e-6)
    assert n["cost with clipping"] < 1e-5 < 0.49 < n["cost without clipping"] < 0.51
    lost = demos.clipping.view(eta=0.1)
    assert "lost after step 3" in lost.text and "cost without clipping" not in lost.numbers
    both = demos.clipping.view(eta=0.02, length=200).numbers
    assert max(both["cost without clipping"], both["cost with clipping"]) < 1e-20


def test_the_valley_is_a_network_with_a_shared_weight():
    u, v, T = 1.1, -0.7, 5
    net = bp.Network(
        [None, *[[[u]]] * T, [[v]]],
        [None] + [[[0.0]]] * (T + 1),
        ["identity"] * (T + 1),
        "half_squared_error",
    )
    J, grads = bp.value_and_grad(net, [[1.0]], [[1.0]])
    shared = sum(grads.W[l][0, 0] for l in range(1, T + 1))
    assert valley.gradient(u, v, T) == pytest.approx((shared, grads.W[T + 1][0, 0]), rel=1e-14)
    assert valley.cost(u, v, T) == pytest.approx(J, rel=1e-14)
    for height in (0.0, 0.3, 2.0):
        for curve in valley.level(height, T, np.array([0.4, 1.2])):
            assert valley.cost(np.array([0.4, 1.2]), curve, T) == pytest.approx(height, abs=1e-12)
    with pytest.raises(ValueError, match="threshold: expected a norm > 0 or None, got 0"):
        valley.descend((1, 1), 2, 0.1, 3, 0)
    assert len(valley.descend((9, 9), 9, 0.1, 50).norms) == 1


def test_no_control_may_hide_an_argument_of_view():
    with pytest.raises(ValueError, match="counter: no control may be called steps"):
        Demo("counter", "Counts", (Slider("steps", "steps", 1, 2, 1, 1),), print)


def test_the_clinic_s_demo_tells_an_error_and_a_hidden_bug():
    error = demos.bug_clinic.view(bug="missing-transpose")
    assert "ValueError: matmul" in error.text and "stops with an error" in error.svg.text
    hidden = demos.bug_clinic.view(bug="slope-of-a", hidden="relu")
    assert hidden.numbers["wrong arrays"] == 0 and "the bug hides" in hidden.text
    assert demos.bug_clinic.view().numbers["wrong arrays"] == 4


@pytest.mark.parametrize(("depth", "width", "seeds"), [(3, 5, 11), (20, 20, 11), (20, 21, 7)])
def test_the_gradient_flow_demo_shows_real_backward_sweeps(depth, width, seeds):
    view = demos.gradient_flow.view(activation="tanh", init="he", depth=depth, width=width, scale=0.8)
    sizes = [width] * (depth + 1) + [1]
    assert f"; {seeds} seeds, a real backward sweep each" in view.text
    ratios = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        net = bp.Network.random(sizes, "tanh", "identity", "half_squared_error", "he", rng)
        net = net.with_parameters([None] + [0.8 * w for w in net.W[1:]], net.b)
        x, y = rng.normal(size=(width, 1)), rng.normal(size=(1, 1))
        size = [np.linalg.norm(d) for d in bp.backward(net, bp.forward(net, x), y).delta[1:]]
        ratios.append([v / size[-1] for v in size])
    for l, median in enumerate(np.median(ratios, axis=0), start=1):
        # Rounding may differ by the order of sums, and twenty layers magnify it.
        assert view.numbers[f"median {l}"] == pytest.approx(median, rel=1e-10)
        assert f"{l:5d}" in view.text and f"{median:.2e}" in view.text
    skipping = demos.gradient_flow.view(skip=True, norm=True)
    assert "no theory here" in skipping.text and not any("theory" in name for name in skipping.numbers)


def test_the_gradient_flow_demo_at_the_ends_of_its_controls():
    """Tiny and huge signals, layers that are off: numbers stay finite, and the picture says so."""
    for activation in ("sigmoid", "relu", "gelu"):
        for width, scale in ((2, 0.5), (2, 3.0), (32, 3.0)):
            for extra in ({}, {"skip": True}, {"skip": True, "norm": True}):
                view = demos.gradient_flow.view(
                    activation=activation, depth=20, width=width, scale=scale, **extra
                )
                assert all(math.isfinite(number) for number in view.numbers.values())
                assert "nan" not in str(view.svg) and "inf" not in str(view.svg)
    assert "a whole layer is off" in demos.gradient_flow.view(activation="relu", depth=20, width=2).text


def test_the_activations_demo_shows_value_and_slope():
    view = demos.activations.view(first="gelu", second="relu", z=-0.75)
    assert view.numbers["value gelu"] == pytest.approx(-0.75 * 0.5 * math.erfc(0.75 / math.sqrt(2)))
    h = 1e-6
    gelu = bp.activations.gelu
    slope = (gelu(np.array([-0.75 + h])) - gelu(np.array([-0.75 - h])))[0] / (2 * h)
    assert view.numbers["slope gelu"] == pytest.approx(slope, abs=1e-9)
    assert view.numbers["slope relu"] == 0 and "largest slope 1.128904" in view.text
    assert str(demos.activations.view(first="elu", second="elu").svg).count("<clipPath") == 1
