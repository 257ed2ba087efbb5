"""The site's settings: one TOML file, checked as a whole before anything starts.

    settings = load(Path("/etc/siaga/site.toml"))    # raises BadSettings

Every problem is reported at once, with file, line and column, in Indonesian and English, and with
what to write instead, because the reader stands on a ladder with a phone in one hand.

Standard library only: the daemon must be ready 250 ms after exec, and on the box's class of machine
`import pydantic` alone costs 110 ms. What each setting means is written once, in `sections`,
`telephony`, `panel` and `rules`; the reader, the messages and docs/settings.md (`manual`) all take
it from there.
"""

from appliance.settings.panel import (
    ButtonSettings,
    LampSettings,
    PanelSettings,
    SirenSettings,
)
from appliance.settings.problems import BadSettings, Problem, describe
from appliance.settings.rules import RuleSettings
from appliance.settings.sections import (
    AgencySettings,
    BrokerSettings,
    ConsoleSettings,
    RoutingSettings,
    Settings,
    SiteSettings,
)
from appliance.settings.site_file import load
from appliance.settings.telephony import (
    DeskSettings,
    ExchangeSettings,
    ModemSettings,
    PhoneSettings,
    TrunkSettings,
)
from appliance.settings.wording import Language, Wording, language_of

__all__ = [
    "AgencySettings",
    "BadSettings",
    "BrokerSettings",
    "ButtonSettings",
    "ConsoleSettings",
    "DeskSettings",
    "ExchangeSettings",
    "LampSettings",
    "Language",
    "ModemSettings",
    "PanelSettings",
    "PhoneSettings",
    "Problem",
    "RoutingSettings",
    "RuleSettings",
    "Settings",
    "SirenSettings",
    "SiteSettings",
    "TrunkSettings",
    "Wording",
    "describe",
    "language_of",
    "load",
]
