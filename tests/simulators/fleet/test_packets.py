"""MQTT packets byte by byte, as the standard's own figures have them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.fleet import packets


def test_a_connect_is_what_the_standard_shows() -> None:
    """OASIS MQTT 3.1.1, figures 3.2 to 3.6: protocol MQTT, level 4, clean session."""
    assert packets.connect("c", 10, None, None, None) == bytes.fromhex(
        "10 0d 0004 4d515454 04 02 000a 0001 63"
    )


def test_a_will_is_retained_with_qos_1() -> None:
    made = packets.connect("c", 10, "u", "p", packets.Will("t", b"w"))
    assert made[9] == 0x80 | 0x40 | 0x20 | 0x08 | 0x04 | 0x02
    assert made[12:] == b"\0\1c\0\1t\0\1w\0\1u\0\1p"


def test_a_publish_carries_its_id_only_with_qos_1() -> None:
    assert packets.publish(b"a/b", b"x") == bytes.fromhex("30 06 0003 612f62 78")
    assert packets.publish(b"a/b", b"x", 10, retain=True) == bytes.fromhex(
        "33 08 0003 612f62 000a 78"
    )


@pytest.mark.parametrize(("size", "length"), [(127, 1), (128, 2), (16_383, 2), (16_384, 3)])
def test_a_length_takes_as_many_bytes_as_the_standard_says(size: int, length: int) -> None:
    made = packets.publish(b"", b"x" * (size - 2))
    assert len(made) == 1 + length + size


@given(
    st.lists(st.tuples(st.text(max_size=20), st.binary(max_size=300), st.integers(0, 65_535))),
    st.lists(st.integers(1, 40), min_size=1),
)
def test_what_is_published_is_read_again_in_any_pieces(
    sent: list[tuple[str, bytes, int]], cuts: list[int]
) -> None:
    sent = [(topic, payload, number) for topic, payload, number in sent if topic.isprintable()]
    stream = b"".join(packets.publish(t.encode(), p, n) for t, p, n in sent)
    decoder, found, at = packets.Decoder(), [], 0
    for number in range(len(stream) + 1):
        cut = cuts[number % len(cuts)]
        found += [packets.read_publish(one) for one in decoder.feed(stream[at : at + cut])]
        at += cut
    assert found == sent


@given(st.binary(max_size=200))
def test_no_bytes_break_the_decoder(data: bytes) -> None:
    try:
        for packet in packets.Decoder().feed(data):
            if packet.kind == packets.PUBLISH:
                packets.read_publish(packet)
    except packets.ProtocolError:
        pass


def test_a_refused_connection_is_told() -> None:
    with pytest.raises(packets.ProtocolError, match="return code 5"):
        packets.read_connack(packets.Packet(packets.CONNACK, 0, b"\0\5"))
