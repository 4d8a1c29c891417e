"""The command `stele-sim`.

The burner command is started for every question about a disc and must be quick: it is
recognised before anything heavy is imported.
"""

import sys


def main() -> None:
    """Run `stele-sim` with the process's arguments."""
    words = sys.argv[1:]
    if words[:2] == ["burner", "--world"] and len(words) > 2:
        from simulators.links import burner  # noqa: PLC0415  # start-up time, see above

        sys.exit(burner.main(words[2], words[3:]))
    from simulators.commands import cli  # noqa: PLC0415

    cli()


if __name__ == "__main__":
    main()
