"""A command is kept before it is sent, sent until it is answered, and carried out once."""

import msgspec
import pytest

from appliance.contract.errors import SteleError
from appliance.contract.messages import Burn, Command, ErrorInfo, Grant, GrantWanted, Reply, encode
from console.api.tokens import Purpose
from console.dispatch.commands import LIFETIME, issue
from console.dispatch.intake import Incoming
from console.store import schema
from tests.console.dispatch.desk import Desk
from tests.console.dispatch.holdings import NOW, Holdings
from tests.console.dispatch.paper_appliance import PaperAppliance


@pytest.fixture
def burn(desk: Desk, holdings: Holdings, rack: PaperAppliance) -> Command:
    """A burn that was sent once and not answered."""
    holdings.volume(holdings.package({"a": b"alpha"}), roles=("use",))
    desk.meet(rack)
    desk.work()
    (command,) = desk.send()[rack.appliance]
    return command


def answer(rack: PaperAppliance, command: Command) -> list[Incoming]:
    return rack.hear(encode(command))


def test_an_unanswered_command_is_sent_again_with_the_same_id_at_growing_intervals(
    desk: Desk, rack: PaperAppliance, burn: Command
) -> None:
    assert desk.send() == {}
    sent = 0
    for _ in range(300):
        desk.later(seconds=1)
        for again in desk.send().get(rack.appliance, []):
            sent += 1
            assert again.id == burn.id
    assert 4 <= sent <= 10
    desk.hear(*answer(rack, burn))
    desk.later(hours=1)
    assert desk.send() == {}


def test_each_time_it_carries_a_fresh_token_and_the_store_keeps_none(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, burn: Command
) -> None:
    desk.later(seconds=10)
    (again,) = desk.send()[rack.appliance]
    assert isinstance(burn.body, Burn)
    assert isinstance(again.body, Burn)
    right = desk.tokens.check(again.body.content.token, Purpose.READ, burn.body.volume_id)
    assert right.appliance == rack.appliance
    assert holdings.row(schema.commands).body["content"]["token"] == "-"


def test_two_commands_with_one_id_start_one_job(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, burn: Command
) -> None:
    first, second = answer(rack, burn), answer(rack, burn)
    assert msgspec.json.decode(second[0].payload, type=Reply).duplicate
    desk.hear(*second, *first)
    assert holdings.row(schema.commands).state == "accepted"
    desk.hear(*rack.burn(burn))
    assert holdings.row(schema.copies).state == "verified"
    assert len(rack.burned) == 1


def test_a_job_that_is_told_of_answers_a_reply_that_was_lost(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, burn: Command
) -> None:
    answer(rack, burn)
    desk.hear(*rack.burn(burn))
    assert holdings.row(schema.commands).state == "accepted"


def test_a_refusal_plans_the_copy_anew_and_comes_once(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, burn: Command
) -> None:
    rack.refuse = ErrorInfo(5101, "the queue is full")
    (refusal,) = answer(rack, burn)
    desk.hear(refusal, refusal)
    assert holdings.row(schema.commands).error_code == 5101
    assert holdings.row(schema.copies).state == "planned"
    rack.refuse = None
    (again,) = desk.burns(rack)
    assert again.id != burn.id
    desk.hear(refusal)
    assert holdings.row(schema.copies).state == "dispatched"


def test_what_could_never_be_sent_is_given_to_another_appliance(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    holdings.volume(holdings.package({"a": b"alpha"}), roles=("use",))
    desk.meet(rack)
    desk.work()
    desk.hear(rack.status(online=False))
    assert desk.send() == {}
    other = PaperAppliance(name="rack-2")
    desk.meet(other)
    desk.now += LIFETIME
    desk.later(seconds=1)
    desk.work()
    desk.work()  # its contents are read again first
    assert holdings.rows(schema.commands, state="rejected")[0].error_code == 5257
    assert [c.appliance for c in holdings.rows(schema.copies)] == [other.appliance]


def test_what_was_sent_is_not_given_elsewhere_while_its_fate_is_unknown(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, burn: Command
) -> None:
    desk.hear(rack.status(online=False))
    desk.meet(PaperAppliance(name="rack-2"))
    desk.now += 2 * LIFETIME
    desk.work()
    assert holdings.row(schema.copies).appliance == rack.appliance
    desk.hear(rack.status())
    (again,) = desk.send()[rack.appliance]
    assert again.id == burn.id
    assert again.expires_at == burn.issued_at + LIFETIME


def test_a_job_whose_token_ran_out_gets_one_new_token(
    desk: Desk, rack: PaperAppliance, burn: Command
) -> None:
    desk.hear(*answer(rack, burn), rack.emit(GrantWanted(burn.id)), rack.emit(GrantWanted(burn.id)))
    (grant,) = desk.send()[rack.appliance]
    assert isinstance(grant.body, Grant)
    assert isinstance(burn.body, Burn)
    assert grant.body.job_id == burn.id
    desk.tokens.check(grant.body.token, Purpose.READ, burn.body.volume_id)


def test_a_grant_for_a_job_that_is_not_the_appliances_is_not_given(
    desk: Desk, rack: PaperAppliance, burn: Command
) -> None:
    other = PaperAppliance(name="rack-2")
    desk.meet(other)
    desk.hear(other.emit(GrantWanted(burn.id)))
    with pytest.raises(SteleError) as raised:
        desk.send()
    assert raised.value.code == 5464


def test_commands_of_one_appliance_are_sent_in_order(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    desk.meet(rack)
    from appliance.contract.messages import TakeInventory

    with desk.store.begin() as db:
        ids = [issue(db, rack.appliance, TakeInventory([f"s{n:03}"]), NOW) for n in range(5)]
    assert [command.id for command in desk.send()[rack.appliance]] == sorted(ids)
