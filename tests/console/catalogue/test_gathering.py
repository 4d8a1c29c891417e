"""What is stored of a term is a Roaring bitmap in its portable form, whoever wrote it."""

import pytest
from pyroaring import BitMap

from console.catalogue.documents import OWN
from console.catalogue.gathering import Gathering
from console.catalogue.segments import NUMBER_MAX


@pytest.mark.parametrize("number", [0, 1, 0xFFFF, 0x1_0000, 123_456_789, NUMBER_MAX])
def test_one_document_is_written_as_any_bitmap_is(number: int) -> None:
    gathering = Gathering()
    gathering.add(OWN, "会议", (number,))
    found = dict(gathering.postings())
    assert sorted(found) == ["o+会", "o+会议", "o+议"]
    assert set(found.values()) == {BitMap([number]).serialize()}


def test_documents_of_a_term_come_together_from_all_its_runs() -> None:
    gathering = Gathering()
    gathering.add_paths([(7, "会议/第1页.tif"), (9, "议会 page1"), (70_000, "会议纪要 page")])
    found = {term: set(BitMap.deserialize(stored)) for term, stored in gathering.postings()}
    assert found["o+会"] == {7, 9, 70_000}
    assert found["o+会议"] == {7, 70_000}
    assert found["o=page"] == found["o<pag"] == {9, 70_000}
    assert found["o=1"] == {7, 9}
    assert "o<page" not in found
