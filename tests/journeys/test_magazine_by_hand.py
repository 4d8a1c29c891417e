"""A person takes a magazine out of a PB library and puts it in at another place."""

from tests.journeys.cabinet import cabinet

FIRST, SECOND = "n00.g1", "n00.g2"
DISCS = 3


def test_the_discs_of_a_magazine_are_away_with_it_and_found_where_it_is_put_in() -> None:
    """I2. Its slots are of another magazine then, and an inventory finds nothing amiss."""
    options = ("--nodes", "1", "--discs", str(DISCS), "--speed", "600")
    with cabinet("pb-library", *options) as box:
        box.wait_until_idle()
        before = box.discs()
        assert set(before) == {f"n00.s00{n}" for n in range(1, DISCS + 1)}
        magazine, other = (m["magazine_id"] for m in box.ask("status")["library"]["magazines"])
        assert "closed" in box.hand("take-magazine", FIRST, code=1)

        with box.following("release-magazine", FIRST) as terminal:
            terminal.until(f"now take magazine {magazine} out of {FIRST}")
            terminal.until("behind door front or rear")
            box.enter("front")
            box.hand("take-magazine", FIRST)
            terminal.until(f"now put another magazine into {FIRST}, or close the doors")
            box.leave("front")
        assert terminal.said[-1] == "done"
        assert box.discs() == {}
        assert f"magazine at {FIRST}: none" in box.type("status")
        assert "200 slots are away with their magazine" in box.type("slots")
        for disc in before.values():
            assert magazine in box.type("take-out", disc, code=1)
        assert "closed" in box.hand("put-magazine", magazine, FIRST, code=1)

        with box.following("release-magazine", SECOND) as terminal:
            terminal.until(f"now take magazine {other} out of {SECOND}")
            box.enter("front")
            box.hand("take-magazine", SECOND)
            box.hand("put-magazine", magazine, SECOND)
            box.leave("front")
        assert terminal.said[-1] == "done"
        moved = {f"n00.s{200 + n}": before[f"n00.s00{n}"] for n in range(1, DISCS + 1)}
        assert box.discs() == moved
        box.wait_until_idle()
        with box.following("inventory", *moved, "n00.s204"):
            pass
        assert box.discs() == moved
        assert "no alarm stands" in box.type("alarms")
