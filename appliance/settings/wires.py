"""The buses and lines on which sensors, locks and lights hang."""

from typing import Annotated

from msgspec import Meta, Struct

from appliance.settings.values import Text


class BusSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """One I2C bus; the section is repeated for each."""

    name: Annotated[Text, Meta(description="`main`, or the module whose own bus it is.")]
    path: Annotated[
        Text, Meta(description="Device such as `/dev/i2c-1`, or a socket that carries a bus.")
    ]


class GpioSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The digital lines of contacts, keys, locks and fans."""

    factory: Annotated[Text, Meta(description="Name of gpiozero's pin factory.")] = "lgpio"
    chip: Annotated[Text, Meta(description="Number or address of the chip.")] = "0"


class ModuleSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """One module of a disc cabinet; the section is repeated for each that is there."""

    name: Annotated[Text, Meta(description="Name of the module in the profile, such as `m1`.")]
