"""Every setting of an appliance, described where it is declared.

The descriptions are data: `stele-appliance check-config` prints them, and `docs/settings.md` is
checked against them. One module a subject; `config.Config` is the whole.
"""

from appliance.settings.base import SCHEMES, BrokerSettings
from appliance.settings.config import Config
from appliance.settings.storage import DiskSettings

__all__ = ["SCHEMES", "BrokerSettings", "Config", "DiskSettings"]
