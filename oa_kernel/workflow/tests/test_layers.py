"""Where shapes and lines of a drawing stand: no line through a shape, every way seen, conditions in the form's words."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from oa_kernel.workflow import conditions, diagram, layers
from oa_kernel.workflow.parse import parse

NAMES = "abcdef"
SHAPE, LINE, GAP, HEIGHT, BETWEEN = 100.0, 10.0, 20.0, 40.0, 30.0


def laid_out(edges):
    drawn = layers.drawn([*NAMES, "end"], edges, last="end", shape=SHAPE, line=LINE, gap=GAP)
    lines = drawn.lines(lambda row: row * (HEIGHT + BETWEEN), HEIGHT, SHAPE / 4)
    boxes = {name: (drawn.across[name] - SHAPE / 2, n * (HEIGHT + BETWEEN)) for n, row in enumerate(drawn.rows)
             for name in row if name in drawn.across and "\0" not in name}
    return boxes, lines


def crosses(box, start, end):
    """Whether a stretch of a line runs through the inside of a shape."""
    (x, y), (ax, bx), (ay, by) = box, sorted((start[0], end[0])), sorted((start[1], end[1]))
    return ax < x + SHAPE - 1 and bx > x + 1 and ay < y + HEIGHT - 1 and by > y + 1


@settings(max_examples=200, deadline=None)
@given(edges=st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from([*NAMES, "end"])), max_size=14))
def test_no_line_runs_through_a_shape_and_no_shape_over_another(edges):
    boxes, lines = laid_out(edges)
    assert set(boxes) == {*NAMES, "end"}
    assert all(y < boxes["end"][1] for name, (_, y) in boxes.items() if name != "end")
    places = sorted(boxes.values(), key=lambda b: (b[1], b[0]))
    for (x, y), (next_x, next_y) in zip(places, places[1:], strict=False):
        assert y != next_y or next_x - x >= SHAPE + GAP - 0.2
    for (a, b), points in zip(edges, lines, strict=True):
        assert bool(points) == (a != b)
        for start, end in zip(points, points[1:], strict=False):
            assert start[0] == end[0] or start[1] == end[1]  # right angles
            assert not [name for name, box in boxes.items() if crosses(box, start, end)], (a, b)
        if points:  # from one's edge to the other's
            for name, (x, y) in ((a, points[0]), (b, points[-1])):
                assert boxes[name][0] < x < boxes[name][0] + SHAPE and y in (boxes[name][1], boxes[name][1] + HEIGHT)


def test_a_chain_is_straight_and_what_skips_a_step_runs_beside_it():
    boxes, lines = laid_out([("a", "b"), ("b", "c"), ("b", "d"), ("c", "d"), ("d", "e"), ("e", "f"), ("f", "end")])
    assert len({x for x, _ in boxes.values()}) == 1
    assert [len(points) for points in lines] == [2, 2, 6, 2, 2, 2, 2]
    assert max(x for x, _ in lines[2]) > boxes["c"][0] + SHAPE


def test_what_leads_back_is_drawn_upwards_beside_what_leads_on():
    boxes, lines = laid_out([("a", "b"), ("b", "a")])
    (on, back) = lines
    assert on[0][1] < on[-1][1] and back[0][1] > back[-1][1] and on[0][0] != back[-1][0]


PURCHASE = """name: t.purchase
title: 采购
version: 1
form:
  amount: {type: number, label: 金额}
  kind: {type: string, label: 类别, options: {goods: 货物, works: 工程}}
steps:
  - {id: draft, title: 填写, people: drafter, next: head}
  - {id: head, title: 处长, people: {head_of: drafter}, next: [{when: "amount > 10000 or kind == 'works'", to: deputy}, {to: end}]}
  - {id: deputy, title: 分管, people: {deputy_for: drafter}, next: end}
"""


def test_every_way_is_seen_with_its_condition_in_the_words_of_the_form(oa_app):
    definition, problems = parse(PURCHASE)
    assert not problems
    svg = diagram(definition)
    paths = re.findall(r'<path d="(M[^"]+)" fill="none"', svg)
    assert len(paths) == len(set(paths)) == 4
    assert "<title>金额 &gt; 10000 or 类别 == 工程</title>" in svg


def test_a_condition_reads_as_the_form_does_and_stays_as_typed_where_it_cannot_be_read():
    fields = {"kind": {"label": "类别", "options": {"works": "工程"}}, "n": {"label": "数量"}, "x": 3}
    assert conditions.shown("kind in ('works', 'other') and n > 2", fields) == "类别 in (工程, 'other') and 数量 > 2"
    assert conditions.shown("(kind ==\n'works')", fields) == "(类别 ==\n工程)"
    assert conditions.shown("x > 1 and 名 == n", fields) == "x > 1 and 名 == 数量"
    assert conditions.shown("kind ==", fields) == "kind =="
