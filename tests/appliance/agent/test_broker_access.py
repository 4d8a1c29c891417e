"""Getting to a broker that asks who comes, over TLS and with passwords."""

import gc
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.agent.link import LinkError, Will
from appliance.agent.mqtt import MqttConnector
from appliance.settings import BrokerSettings
from tests.appliance.agent.real_broker import RealBroker, mosquitto, running

WILL = Will("stele/1/north/rack-1/status", b"gone")
MAKE_CERTIFICATE = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test "
    "-addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem"
)


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[RealBroker]:
    """A broker that takes the user `rack-1` with the password `Sesame 123` alone."""
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "rack-1", "Sesame 123"], check=True)
    settings = f"allow_anonymous false\npassword_file {passwords}\n"
    with running(mosquitto(tmp_path, settings)) as broker:
        yield broker


@pytest.fixture
def encrypted(tmp_path: Path) -> Iterator[RealBroker]:
    """A broker whose certificate, made for 127.0.0.1, is its own authority."""
    subprocess.run(MAKE_CERTIFICATE.split(), cwd=tmp_path, check=True, capture_output=True)
    files = f"certfile {tmp_path}/cert.pem\nkeyfile {tmp_path}/key.pem\n"
    with running(mosquitto(tmp_path, "allow_anonymous true\n" + files)) as broker:
        yield broker


async def refusal(settings: BrokerSettings) -> tuple[int, str]:
    """Code and words with which a broker cannot be had."""
    with warnings.catch_warnings():
        # After a failed handshake the MQTT library leaves closing its socket to the collector.
        warnings.simplefilter("ignore", ResourceWarning)
        said = await _try(settings)
        gc.collect()
    return said


async def _try(settings: BrokerSettings) -> tuple[int, str]:
    try:
        async with MqttConnector(settings, "stele-a")(WILL):
            return 0, "it could be reached"
    except LinkError as error:
        return error.code, str(error) + error.detail


async def reach(settings: BrokerSettings) -> None:
    async with MqttConnector(settings, "stele-a")(WILL) as link:
        await link.publish("stele/1/north/rack-1/event", b"{}", qos=1)


async def test_the_right_password_opens(guarded: RealBroker, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("Sesame 123\n", "utf-8")
    await reach(BrokerSettings(guarded.url, username="rack-1", password_file=file))


async def test_a_wrong_or_missing_password_is_a_refusal_that_names_no_secret(
    guarded: RealBroker, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    file.write_text("Sesame 124\n", "utf-8")
    known = BrokerSettings(guarded.url, username="rack-1", password_file=file)
    code, words = await refusal(known)
    assert code == 1102
    assert "Sesame" not in words
    assert (await refusal(BrokerSettings(guarded.url)))[0] == 1102
    file.unlink()
    assert (await refusal(known))[0] == 5008


async def test_a_trusted_certificate_opens(encrypted: RealBroker, tmp_path: Path) -> None:
    url = encrypted.url.replace("mqtt:", "mqtts:")
    await reach(BrokerSettings(url, ca_file=tmp_path / "cert.pem"))


async def test_an_untrusted_certificate_or_none_to_trust_is_not_reached(
    encrypted: RealBroker, tmp_path: Path
) -> None:
    url = encrypted.url.replace("mqtt:", "mqtts:")
    for settings in (
        BrokerSettings(url),
        BrokerSettings(url.replace("127.0.0.1", "localhost"), ca_file=tmp_path / "cert.pem"),
        BrokerSettings(url, ca_file=tmp_path / "none.pem"),
        BrokerSettings(encrypted.url, timeout_s=1),
    ):
        assert (await refusal(settings))[0] == 1101


async def test_a_name_that_is_no_host_is_not_reached() -> None:
    for host in ("broker..example", "x" * 70 + ".invalid"):
        assert (await refusal(BrokerSettings(f"mqtt://{host}")))[0] == 1101
