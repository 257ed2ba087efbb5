"""siaga exchange DIRECTORY: writes Asterisk's configuration files for the site.

siaga-asterisk.service runs it before each start, so that the site file is the only one to edit.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from appliance.credentials import NoSecret, secret
from appliance.settings import Settings
from appliance.verbs import site_option
from drivers.api import DriverError
from drivers.asterisk.rendering import Desk, ExchangePlan, Trunk, render, start_conf


def main(arguments: Sequence[str]) -> int:
    parser = site_option.parser(
        "exchange", "Tulis konfigurasi Asterisk / write Asterisk's configuration"
    )
    parser.add_argument("directory", type=Path)
    options = parser.parse_args(arguments)
    settings = site_option.loaded(options.config)
    if settings is None:
        return 1
    try:
        write(exchange_plan(settings), options.directory)
    except (NoSecret, DriverError, OSError) as error:
        sys.stderr.write(f"siaga exchange: {error}\n")
        return 3
    return 0


def write(plan: ExchangePlan, directory: Path) -> None:
    """Raises WrongPlan, OSError."""
    directory.mkdir(parents=True, exist_ok=True)
    files = render(plan) | {"start.conf": start_conf(secrets.token_hex(4))}
    for name, text in files.items():
        path = directory / name
        path.touch(mode=0o640)
        path.write_text(text, encoding="utf-8")


def exchange_plan(settings: Settings) -> ExchangePlan:
    """What the site file asks of Asterisk. Raises NoSecret."""
    of = settings.exchange
    return ExchangePlan(
        trunks=tuple(Trunk(trunk.name, trunk.host, trunk.port) for trunk in settings.trunk),
        desks=tuple(Desk(phone.name, phone.contact) for phone in settings.phone),
        ari_password=secret(of.password_file),
        ari_user=of.user,
        ari_port=urlsplit(of.ari_url).port or 8088,
        app=of.app,
        sip_host=of.address,
        sip_port=of.sip_port,
        rtp_first=of.rtp_first_port,
        rtp_last=of.rtp_last_port,
    )
