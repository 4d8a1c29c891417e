"""Bolts, tachometers and contacts on their own, with the clock in the test's hand."""

import math
from itertools import pairwise

from simulators.devices.board.bolt import Bolt
from simulators.devices.board.contact import Contact, Inputs
from simulators.devices.board.tachometer import Tachometer


def test_a_bolt_arrives_after_its_travel_and_not_before() -> None:
    bolt = Bolt()
    told = bolt.update(10.0, energised=True)
    assert not told.drawn
    assert 0 < told.wake_s - 10.0 < 1
    assert not bolt.update(told.wake_s - 0.01, energised=True).drawn
    arrived = bolt.update(told.wake_s, energised=True)
    assert arrived.drawn
    assert arrived.wake_s == math.inf


def test_a_bolt_that_is_let_go_on_its_way_springs_back() -> None:
    bolt = Bolt()
    bolt.update(0.0, energised=True)
    assert bolt.update(0.05, energised=False).wake_s == math.inf
    assert not bolt.update(10.0, energised=False).drawn


def edges(tachometer: Tachometer, turning: bool, until_s: float) -> int:
    """How often the line changed in steps of 10 ms."""
    count = 0
    before = tachometer.update(0.0, turning).grounded
    for step in range(1, round(until_s * 100)):
        now = tachometer.update(step / 100, turning).grounded
        count += now != before
        before = now
    return count


def test_a_turning_fan_makes_edges_and_a_standing_one_none() -> None:
    assert edges(Tachometer(), turning=False, until_s=5) == 0
    assert 17 <= edges(Tachometer(), turning=True, until_s=5) <= 20


def test_a_good_contact_changes_once() -> None:
    contact = Contact(closed=True)
    assert contact.update(0.0, Inputs(closed=False)).grounded is False
    assert contact.update(0.0, Inputs(closed=False)).wake_s == math.inf


def test_a_bouncing_contact_chatters_and_comes_to_rest_where_it_should() -> None:
    contact = Contact(closed=True)
    told = contact.update(1.0, Inputs(closed=False, bounces=True))
    seen = [told.grounded]
    while told.wake_s < math.inf:
        told = contact.update(told.wake_s, Inputs(closed=False, bounces=True))
        seen.append(told.grounded)
    assert seen[-1] is False
    assert sum(one != other for one, other in pairwise(seen)) >= 4


def test_a_cut_wire_is_open_whatever_the_contact_does() -> None:
    contact = Contact(closed=True)
    assert not contact.update(0.0, Inputs(closed=True, cut=True)).grounded
    assert contact.update(0.0, Inputs(closed=True)).grounded
