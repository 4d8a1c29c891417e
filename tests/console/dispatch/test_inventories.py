"""A person asks for an inventory: the appliances named are sent one command, and no more."""

import pytest

from appliance.contract.errors import SteleError
from appliance.contract.messages import TakeInventory, encode
from console.dispatch.inventories import order_inventories
from tests.console.dispatch.desk import Desk
from tests.console.dispatch.paper_appliance import PaperAppliance


def order(desk: Desk, *names: str, slots: tuple[str, ...] = ()) -> dict[str, str]:
    with desk.store.begin() as db:
        return order_inventories(db, names, TakeInventory(list(slots)), desk.now)


def test_an_inventory_reaches_the_appliance_that_was_named(desk: Desk) -> None:
    near, far = PaperAppliance(name="rack-1"), PaperAppliance(name="rack-2")
    desk.meet(near, far)
    order(desk, near.appliance, slots=("s007",))
    sent = desk.send()
    assert [command.body for command in sent.pop(near.appliance)] == [TakeInventory(["s007"])]
    assert sent == {}


def test_without_a_name_every_appliance_takes_one(desk: Desk) -> None:
    racks = [PaperAppliance(name=f"rack-{number}") for number in (1, 2)]
    desk.meet(*racks)
    assert list(order(desk)) == [rack.appliance for rack in racks]
    assert {name: len(found) for name, found in desk.send().items()} == {
        rack.appliance: 1 for rack in racks
    }


def test_an_order_that_is_not_answered_yet_is_not_given_twice(
    desk: Desk, rack: PaperAppliance
) -> None:
    desk.meet(rack)
    first = order(desk)
    assert order(desk) == first
    (command,) = desk.send()[rack.appliance]
    desk.hear(*rack.hear(encode(command)))
    assert order(desk) != first


def test_a_name_without_its_site_will_do_while_it_is_the_only_one(desk: Desk) -> None:
    racks = [PaperAppliance(name=f"rack-{number}") for number in (1, 2)]
    desk.meet(*racks)
    assert list(order(desk, "rack-2", racks[1].appliance)) == [racks[1].appliance]
    desk.meet(PaperAppliance(site="south", name="rack-2"))
    with pytest.raises(SteleError, match="north/rack-2, south/rack-2") as raised:
        order(desk, "rack-2")
    assert raised.value.code == 5263


@pytest.mark.parametrize("known", [True, False])
def test_an_appliance_that_never_reported_is_refused(
    desk: Desk, rack: PaperAppliance, known: bool
) -> None:
    if known:
        desk.meet(rack)
    with pytest.raises(SteleError) as raised:
        order(desk, *(["north/nowhere"] if known else []))
    assert raised.value.code == 5263
