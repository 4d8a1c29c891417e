"""`stele-console reindex`: the index of searches, taken further, compared or made anew."""

import click

from console.catalogue.checking import check as check_index
from console.catalogue.indexing import catch_up, rebuild, standing
from console.commands.frame import Exit, Frame, console_command
from console.store.engine import reading


@click.command()
@click.option("--check", is_flag=True, help="Compare it with the archive; change nothing.")
@click.option("--missing", is_flag=True, help="Take in what is missing and leave the rest.")
@console_command
def reindex(frame: Frame, check: bool, missing: bool) -> Exit:
    """Make the index of searches anew from the archive; searches go on meanwhile."""
    store = frame.workspace.store
    if check:
        with reading(store).connect() as connection:
            check_index(connection)
    elif missing:
        catch_up(store)
    else:
        rebuild(store)
    with reading(store).connect() as connection:
        found = standing(connection)
    if frame.as_json:
        frame.answer(found)
        return Exit.GOOD
    frame.say(f"{found.dossiers:,} dossiers and {found.files:,} files can be found")
    if found.waiting:
        frame.say(f"{found.waiting:,} wait to be taken in")
    return Exit.GOOD
