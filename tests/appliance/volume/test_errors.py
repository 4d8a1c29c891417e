"""Every failure of the volume library has a row with what to do about it."""

from appliance.contract.errors import info_of, table
from appliance.volume import VolumeError, errors

CODES = {name: code for name, code in vars(errors).items() if isinstance(code, int)}


def test_each_code_has_a_row_in_the_table_and_each_row_a_code() -> None:
    rows = {code for code in table() if code // 100 in (30, 31)}
    assert rows == set(CODES.values())
    assert len(set(CODES.values())) == len(CODES)


def test_a_volume_error_goes_over_the_wire_with_its_number() -> None:
    info = info_of(VolumeError(3105, "file damaged", "detail"))
    assert (info.code, info.message, info.detail) == (3105, "file damaged", "detail")
