"""Reading what came over the wire: bytes that nobody vouches for, into structs of the contract."""

from typing import TypeVar

import msgspec

from appliance.contract.errors import SteleError

MAX_COMMAND_BYTES = 1 << 20
"""The largest command that an appliance looks into."""

TOO_LARGE = 1111
NOT_JSON = 1112
INVALID = 1113

_REASON_CHARS = 300
T = TypeVar("T")


def decode(payload: bytes, kind: type[T], *, limit_bytes: int, what: str) -> T:
    """One message of the type `kind`; `what` names it in the error.

    Raises:
        SteleError: 1111 longer than `limit_bytes`; 1112 not JSON in UTF-8, or nested absurdly deep;
            1113 JSON that is not a `kind`. Nothing else, whatever the bytes are.
    """
    if len(payload) > limit_bytes:
        raise SteleError(TOO_LARGE, f"{what} of {len(payload)} bytes; at most {limit_bytes}")
    try:
        return msgspec.json.decode(payload, type=kind)
    except msgspec.ValidationError as error:
        reason = str(error)[:_REASON_CHARS]
        raise SteleError(INVALID, f"{what} does not follow the contract: {reason}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SteleError(NOT_JSON, f"{what} is not JSON: {str(error)[:_REASON_CHARS]}") from error
