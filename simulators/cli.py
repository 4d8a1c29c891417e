"""The command `stele-sim`.

The simulated commands (`burner`, `smartctl`, `mt` …) are started for every question about a disc,
a disk or a tape and must be quick: they are recognised before anything heavy is imported.
"""

import sys


def main() -> None:
    """Run `stele-sim` with the process's arguments."""
    words = sys.argv[1:]
    if words[1:2] == ["--world"] and len(words) > 2:
        from simulators.links import client  # noqa: PLC0415  # start-up time, see above

        if words[0] in client.WORDS:
            sys.exit(client.main(words[0], words[2], words[3:]))
    from simulators.commands import cli  # noqa: PLC0415

    cli()


if __name__ == "__main__":
    main()
