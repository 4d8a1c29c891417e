"""`lp`, `lpstat`, `cancel` and `tray`, over one printer."""

import asyncio
from datetime import datetime
from pathlib import Path

from simulators.devices.printer.queue import QUEUE, REASONS, Job, PrintQueue
from simulators.links.program import Command, Host, absolute

ASK_S = 0.1
USER = "stele"
UNKNOWN = "The printer or class does not exist."
WITH_VALUE = frozenset(("-d", "-t", "-n", "-o", "-q", "-i", "-H", "-P", "-U", "-h"))


class Lp(Command):
    """`lp -d QUEUE [-t TITLE] [options] FILE`, and `lp -i JOB -H hold|resume`."""

    def __init__(self, queue: PrintQueue) -> None:
        super().__init__()
        self._queue = queue

    async def obey(self, argv: tuple[str, ...], host: Host, folder: Path) -> int:
        await asyncio.sleep(ASK_S)
        values, files = _split(argv)
        if values.get("-d", QUEUE) != QUEUE:
            host.say(f"lp: {UNKNOWN}\n")
            return 1
        if "-i" in values:
            return self._change(values, host)
        if len(files) != 1:
            host.say("lp: Error - one file is printed at a time.\n")
            return 1
        path = absolute(folder, files[0])
        try:
            job = self._queue.submit(path, values.get("-t", path.name), USER)
        except OSError as error:
            host.say(f'lp: Error - unable to access "{files[0]}" - {error.strerror}\n')
            return 1
        host.answer(f"request id is {QUEUE}-{job.number} (1 file(s))\n")
        return 0

    def _change(self, values: dict[str, str], host: Host) -> int:
        number = values["-i"].rpartition("-")[2]
        held = values.get("-H", "resume") not in ("resume", "immediate", "restart")
        if not number.isdigit() or not self._queue.hold(int(number), held=held):
            host.say(f"lp: Job #{number} does not exist.\n")
            return 1
        return 0


class Lpstat(Command):
    """`lpstat [-l] [-W WHICH] -p [QUEUE] | -o [QUEUE] | -r | -a`."""

    def __init__(self, queue: PrintQueue) -> None:
        super().__init__()
        self._queue = queue

    async def obey(self, argv: tuple[str, ...], host: Host, folder: Path) -> int:
        del folder
        await asyncio.sleep(ASK_S)
        words, long, which, shown = list(argv), False, "not-completed", False
        while words:
            word = words.pop(0)
            option, value = word[:2], word[2:]
            if option == "-l":
                long = True
            elif option == "-W":
                which = value or (words.pop(0) if words else "")
            elif option == "-r":
                host.answer("scheduler is running\n")
                shown = True
            elif option in ("-p", "-o", "-a"):
                if not value and words and not words[0].startswith("-"):
                    value = words.pop(0)
                if not self._is_ours(value):
                    host.say(f'lpstat: Invalid destination name in list "{value}".\n')
                    return 1
                host.answer(self._show(option, long=long, which=which))
                shown = True
            else:
                host.say(f'lpstat: Error - unknown option "{word}".\n')
                return 1
        if not shown:
            host.answer(self._show("-o", long=long, which=which))
        return 0

    def _is_ours(self, names: str) -> bool:
        return all(name in ("", QUEUE) or _is_job(name) for name in names.split(","))

    def _show(self, option: str, *, long: bool, which: str) -> str:
        if option == "-a":
            return f"{QUEUE} accepting requests since {_date(self._queue.since)}\n"
        if option == "-p":
            return self._show_printer(long=long)
        return "".join(_show_job(job, long=long) for job in self._jobs(which))

    def _jobs(self, which: str) -> list[Job]:
        """A queue lists what waits in order, and what is over with the newest first."""
        jobs = self._queue.jobs
        if which in ("completed", "all"):
            over = [job for job in reversed(jobs) if job.state.is_over]
            return over if which == "completed" else [*self._jobs("not-completed"), *over]
        return [job for job in jobs if not job.state.is_over]

    def _show_printer(self, *, long: bool) -> str:
        queue, since = self._queue, _date(self._queue.since)
        trouble = queue.trouble
        if queue.is_stopped:
            text = f"printer {QUEUE} disabled since {since} -\n"
            text += f"\t{trouble.message or 'reason unknown'}\n"
        elif queue.current:
            text = f"printer {QUEUE} now printing {QUEUE}-{queue.current.number}."
            text += f"  enabled since {since}\n"
            text += f"\t{trouble.message}\n" if trouble.message else ""
        else:
            text = f"printer {QUEUE} is idle.  enabled since {since}\n"
            text += f"\t{trouble.message}\n" if trouble.message else ""
        return text + (_LONG.format(alerts=trouble.reasons.replace(",", " ")) if long else "")


def _is_job(name: str) -> bool:
    queue, dash, number = name.rpartition("-")
    return bool(dash) and queue == QUEUE and number.isdigit()


def _show_job(job: Job, *, long: bool) -> str:
    request = f"{QUEUE}-{job.number}"
    size_bytes = 1024 * -(-job.size_bytes // 1024)
    text = f"{request:<23} {job.user:<13} {size_bytes:8.0f}   {_date(job.created_at)}\n"
    if long:
        text += f"\tStatus: \n\tAlerts: {REASONS[job.state]}\n\tqueued for {QUEUE}\n"
    return text


def _date(moment: datetime) -> str:
    """As strftime's `%c` in the C locale."""
    return moment.strftime("%a %b %e %H:%M:%S %Y")


_LONG = """\tForm mounted:
\tContent types: any
\tPrinter types: unknown
\tDescription: Disc printer
\tAlerts: {alerts}
\tLocation:
\tConnection: direct
\tOn fault: no alert
\tAfter fault: continue
\tUsers allowed:
\t\t(all)
\tForms allowed:
\t\t(none)
\tBanner required
\tCharset sets:
\t\t(none)
\tDefault pitch:
\tDefault page size:
\tDefault port settings:
"""


class Cancel(Command):
    """`cancel QUEUE-NUMBER`, `cancel -a [QUEUE]`."""

    def __init__(self, queue: PrintQueue) -> None:
        super().__init__()
        self._queue = queue

    async def obey(self, argv: tuple[str, ...], host: Host, folder: Path) -> int:
        del folder
        await asyncio.sleep(ASK_S)
        if "-a" in argv:
            for job in self._queue.jobs:
                self._queue.cancel(job.number)
            return 0
        for word in argv:
            name, _, number = word.rpartition("-")
            if word.startswith("-"):
                continue
            if name not in ("", QUEUE) or not number.isdigit():
                host.say(f'cancel: Error - unknown destination "{word}".\n')
                return 1
            if not self._queue.cancel(int(number)):
                host.say(f"cancel: cancel-job failed: Job #{number} is already completed.\n")
                return 1
        return 0


class Tray(Command):
    """`tray open|close|status`."""

    def __init__(self, queue: PrintQueue) -> None:
        super().__init__()
        self._queue = queue

    async def obey(self, argv: tuple[str, ...], host: Host, folder: Path) -> int:
        del folder
        word = argv[-1] if argv else ""
        if word in ("open", "close"):
            if not await self._queue.move_tray(is_open=word == "open"):
                host.say("tray: the printer is busy\n")
                return 1
        elif word != "status":
            host.say("usage: tray open|close|status\n")
            return 2
        is_open = self._queue.name in self._queue.world.state.open_trays
        host.answer(f"tray {'open' if is_open else 'closed'}\n")
        return 0


def _split(argv: tuple[str, ...]) -> tuple[dict[str, str], list[str]]:
    """Options with their values, and what stands alone."""
    values: dict[str, str] = {}
    files: list[str] = []
    words = list(argv)
    while words:
        word = words.pop(0)
        if word == "--":
            files += words
            break
        if word[:2] in WITH_VALUE:
            values[word[:2]] = word[2:] or (words.pop(0) if words else "")
        elif word == "-" or not word.startswith("-"):
            files.append(word)
    return values, files
