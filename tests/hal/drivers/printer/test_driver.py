"""A print queue that refuses, hangs, holds or says nonsense."""

from pathlib import Path

import pytest

from hal.drivers.printer import CupsPrinter, PrinterTiming
from hal.errors import HalError
from tests.hal.drivers.fake_program import Answer, FakeProgram, MissingProgram
from tests.hal.drivers.printer.test_codec import IDLE

FAST = PrinterTiming(answer_s=0.2, tray_s=0.2, print_s=0.3, poll_s=0.01, trouble_s=0.05)
LABEL = Path("/label.png")


class Cups:
    """lp and lpstat. The job stays for as long as `waiting` asks of it, or for ever."""

    def __init__(
        self, *, queue: str = IDLE, alerts: str = "job-printing", waiting: int = 2, over: str = ""
    ) -> None:
        self.queue = queue
        self.alerts = alerts
        self.waiting = waiting
        self.over = over
        self.lp = FakeProgram(lambda argv: (0, "request id is disc-7 (1 file(s))"))
        self.lpstat = FakeProgram(self.answer)

    def answer(self, argv: tuple[str, ...]) -> Answer:
        if "-p" in argv:
            return 0, self.queue
        alerts = self.over
        if "not-completed" in argv:
            self.waiting -= 1
            if self.waiting < 0:
                return 0, ""
            alerts = self.alerts
        return 0, f"disc-7  root  1024   Sun\n\tStatus:\n\tAlerts: {alerts}\n\tqueued for disc\n"

    def printer(self, tray: FakeProgram | None = None) -> CupsPrinter:
        move = tray or FakeProgram(lambda argv: (0, ""))
        return CupsPrinter("p1", "disc", self.lp, self.lpstat, move, timing=FAST)


async def code_of(call: object) -> int:
    with pytest.raises(HalError) as caught:
        await call  # type: ignore[misc]
    return caught.value.code


async def test_a_label_is_printed_with_these_words() -> None:
    cups = Cups()
    await cups.printer().print(LABEL, "卷宗 -o fit\n2")
    assert cups.lp.runs == [
        ("-d", "disc", "-t", "卷宗 -o fit 2", "-n", "1", "--", "/label.png"),
    ]


@pytest.mark.parametrize(
    ("cups", "code"),
    [
        (Cups(waiting=999, queue=IDLE.replace("none", "media-empty-error")), 3260),
        (Cups(waiting=999, queue=IDLE.replace("none", "marker-supply-empty-error")), 3261),
        (Cups(waiting=999, alerts="job-hold-until-specified"), 3262),
        (Cups(waiting=999, alerts="printer-stopped"), 3262),
        (Cups(waiting=999), 3262),
        (Cups(over="aborted-by-system"), 3263),
    ],
    ids=["no disc", "no ink", "held", "stopped", "for ever", "aborted"],
)
async def test_a_job_that_fails_has_a_number_and_is_held(cups: Cups, code: int) -> None:
    assert await code_of(cups.printer().print(LABEL, "t")) == code
    assert cups.lp.runs[-1] == ("-i", "disc-7", "-H", "hold")


async def test_a_short_trouble_is_waited_out() -> None:
    cups = Cups(waiting=3, queue=IDLE.replace("none", "media-empty-error"))
    await cups.printer().print(LABEL, "t")
    assert len(cups.lp.runs) == 1


async def test_nothing_is_sent_to_a_queue_that_is_switched_off() -> None:
    cups = Cups(queue="printer disc disabled since Sun -\n\treason unknown\n")
    assert await code_of(cups.printer().print(LABEL, "t")) == 3262
    assert cups.lp.runs == []


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ('lpstat: Invalid destination name in list "disc".', 3265),
        ("lpstat: Unable to connect to server: Bad file descriptor", 3262),
        ("what?", 1042),
        ("", 1042),
    ],
)
async def test_a_queue_that_cannot_be_asked_has_a_number(said: str, code: int) -> None:
    cups = Cups()
    cups.lpstat = FakeProgram(lambda argv: (1, said))
    assert await code_of(cups.printer().print(LABEL, "t")) == code


async def test_lp_that_refuses_or_says_nothing_has_a_number() -> None:
    cups = Cups()
    for answer, code in (
        ((1, "lp: Error - The printer or class does not exist."), 3265),
        ((0, ""), 1042),
    ):
        cups.lp = FakeProgram(lambda argv, answer=answer: answer)  # type: ignore[misc]
        assert await code_of(cups.printer().print(LABEL, "t")) == code


async def test_a_tray_that_does_not_move_has_a_number() -> None:
    cups = Cups()
    stuck = cups.printer(FakeProgram(lambda argv: (1, "tray: jammed")))
    assert await code_of(stuck.open_tray()) == 3264
    hanging = cups.printer(FakeProgram(lambda argv: None))
    assert await code_of(hanging.close_tray()) == 1041
    missing = CupsPrinter("p1", "disc", cups.lp, cups.lpstat, MissingProgram(), timing=FAST)
    assert await code_of(missing.open_tray()) == 1040
