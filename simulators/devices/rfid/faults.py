"""What can befall a reader of tags; `simulators.links.tag_reader` heeds it."""

from typing import TYPE_CHECKING

from simulators.faults.registry import register_lasting

if TYPE_CHECKING:
    from collections.abc import Collection

    from simulators.cabinet import Cabinet

SILENT, GARBLED, TWO_TAGS = "reader-silent", "tag-garbled", "two-tags"


def _readers(cabinet: "Cabinet") -> "Collection[str]":
    return cabinet.electronics.readers


PLACE = "WHERE is a magazine's place (n01.g1)."
register_lasting(SILENT, _readers, f"A tag reader neither hears nor speaks. {PLACE}")
register_lasting(GARBLED, _readers, f"What a tag reader reads comes wrong. {PLACE}")
register_lasting(TWO_TAGS, _readers, f"A second tag is in a reader's field. {PLACE}")
