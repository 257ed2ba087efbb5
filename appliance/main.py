"""Wiring: the only module that knows every part.

    drivers --facts--> engine --> journal (on disk) --> outbox, levels, line commands
    console -requests-^

What takes calls comes up first and the daemon says READY then; panel and console follow, their
imports being the slow ones. If any task dies the process dies, and systemd starts it from the
journal.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from appliance import numbers, plan
from appliance.clock import Clock, SystemClock, boot_id
from appliance.credentials import console_token, secret
from appliance.deadlines import Deadlines
from appliance.disk import Disk
from appliance.domain.calls import CallState
from appliance.domain.requests import Booted
from appliance.domain.rules import Rules
from appliance.engine import Engine
from appliance.formats.presence import birth, last_will
from appliance.formats.topics import subscriptions
from appliance.journal import Journal
from appliance.levels import Levels
from appliance.lines import Lines
from appliance.notices import Notify, notifier
from appliance.occupancy import occupied
from appliance.outbox import Outbox
from appliance.pulse import Loop, Pulse
from appliance.recorder import Recorder
from appliance.settings import Settings
from appliance.switchboard import Switchboard
from drivers.api import Broker, Down, DriverError, Exchange, Panel, Up, VoiceLine
from drivers.asterisk.recordings import Recordings
from drivers.catalogue import opener

VERSION = "0.1.0"
JOURNAL = "journal.db"
AGAIN_S = 5.0  # between tries to open a part that could not be opened

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Watcher:
    """Who wants to know that parts have come up: the command line, the demo, the tests."""

    console: Callable[[str], None] = lambda url: None
    panel: Callable[[Panel], None] = lambda panel: None
    disk: Callable[[Disk], None] = lambda disk: None
    stop: asyncio.Event = field(default_factory=asyncio.Event)


async def run(settings: Settings, watcher: Watcher) -> None:
    """Be the box until `watcher.stop`. Raises Occupied, JournalError, NoSecret, DriverError."""
    state = Path(settings.site.state)
    with occupied(state):
        await _Box(settings, watcher, state / JOURNAL).run()


class _Box:
    def __init__(self, settings: Settings, watcher: Watcher, journal: Path) -> None:
        self._settings, self._watcher = settings, watcher
        self._clock: Clock = SystemClock()
        self._rules: Rules = plan.rules(settings)
        self._site = plan.site(settings)
        self._notify: Notify = notifier()
        self._journal = Journal(journal, boot_id(), self._clock.utc_ms())

    async def run(self) -> None:
        engine = Engine(self._journal, self._clock, self._rules)
        self._disk = Disk(engine)
        self._watcher.disk(self._disk)
        try:
            await self._disk.ask(Booted(VERSION))
            async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                await self._take_calls(stack)
                self._notify("READY=1")
                tasks.create_task(self._show(), name="panel")
                tasks.create_task(self._open_console(), name="console")
                tasks.create_task(asyncio.to_thread(numbers.prepare), name="numbers")
                await self._disk.run(self._journal.grow_wal)
                await self._watcher.stop.wait()
                self._notify("STOPPING=1")
                raise _Stopped
        except* _Stopped:
            _LOG.info("selesai / stopped")
        finally:
            self._disk.close()
            self._journal.close()

    async def _take_calls(self, stack: AsyncExitStack) -> None:
        exchange = await self._open_exchange(stack)
        modems = await self._open_modems(stack)
        broker = await self._open_broker(stack)
        by_name = {modem.name: modem for modem in modems}
        lines = Lines(self._disk, exchange, by_name, plan.phones(self._settings))
        knows_leg = self._journal.knows_leg
        desks = plan.desks(self._settings)
        switchboard = Switchboard(self._disk, exchange, by_name, lines, desks, knows_leg)
        outbox = Outbox(self._disk, self._journal, self._clock, self._site, broker, modems)
        deadlines = Deadlines(self._disk, self._clock, self._rules)
        recorder = Recorder(self._disk, Recordings(Path(self._settings.site.recordings)))
        self._loops: dict[str, Loop] = {"outbox": outbox, "deadlines": deadlines}
        pulse = Pulse(self._disk, self._loops, lambda: self._notify("WATCHDOG=1"))
        for name, work in (
            ("exchange", switchboard.listen_exchange()),
            ("line commands", lines.run()),
            *((modem.name, switchboard.listen_modem(modem)) for modem in modems),
            ("broker", outbox.listen()),
            ("outbox", outbox.run()),
            ("deadlines", deadlines.run()),
            ("recorder", recorder.run()),
            ("pulse", pulse.run()),
        ):
            self._tasks.create_task(work, name=name)

    async def _open_exchange(self, stack: AsyncExitStack) -> Exchange:
        of = self._settings.exchange
        spool = Path(self._settings.site.recordings).parent
        exchange: Exchange = await stack.enter_async_context(
            opener(of.driver)(
                plan.EXCHANGE,
                f"{of.ari_url.rstrip('/')}/ari",
                of.user,
                secret(of.password_file),
                app=of.app,
                unattended=spool / "unattended",
            )
        )
        return exchange

    async def _open_modems(self, stack: AsyncExitStack) -> list[VoiceLine]:
        modems = []
        for of in self._settings.modem:
            open_call = (c for c in self._disk.world.calls.values() if c.line == of.name)
            call = next((call for call in open_call if call.in_progress), None)
            opening = opener(of.driver)(
                of.name,
                of.port,
                baud=of.baud,
                pcm_port=of.pcm_port or None,
                adopt=call.leg if call else None,
                adopt_up=call is not None and call.state is not CallState.ANNOUNCE,
                utc_ms=self._clock.utc_ms,
            )
            modems.append(await stack.enter_async_context(opening))
        return modems

    async def _open_broker(self, stack: AsyncExitStack) -> Broker:
        of, boots = self._settings.broker, self._journal.boots()
        born_ms = self._clock.utc_ms()
        broker: Broker = await stack.enter_async_context(
            opener("mqtt")(
                plan.BROKER,
                of.host,
                of.port,
                client_id=self._site.box,
                subscriptions=subscriptions(self._site),
                birth=birth(boots, born_ms, self._site),
                last_will=last_will(boots, born_ms, self._site),
            )
        )
        return broker

    async def _show(self) -> None:
        """Keep the panel open; without it calls are taken all the same."""
        of = self._settings.panel
        outputs, buttons = plan.outputs(of), plan.buttons(of)
        chip = "lgpio" if of.driver == "gpio" else "simulated"
        while True:
            try:
                opening = opener(of.driver)(plan.PANEL, outputs, buttons, chip=chip)
                async with opening as panel, asyncio.TaskGroup() as tasks:
                    self._watcher.panel(panel)
                    levels = Levels(self._disk, self._clock, self._rules, panel, plan.shows(of))
                    self._loops["levels"] = levels
                    tasks.create_task(levels.listen(), name="panel buttons")
                    tasks.create_task(levels.run(), name="levels")
            except* DriverError as errors:
                why = "; ".join(map(str, errors.exceptions))
                _LOG.error("%s", why)
                await self._disk.ask(Down(plan.PANEL, why))
            finally:
                self._loops.pop("levels", None)  # what is closed cannot beat
            await asyncio.sleep(AGAIN_S)

    async def _open_console(self) -> None:
        from appliance.console.server import open_console  # aiohttp, Jinja2: 500 ms

        of = self._settings.console
        token = console_token(Path(self._settings.site.state))
        while True:
            try:
                async with open_console(
                    self._disk,
                    self._clock,
                    self._rules,
                    host=of.host,
                    port=of.port,
                    token=token,
                    timezone=self._settings.site.timezone,
                    language=self._settings.site.language,
                ) as opened:
                    self._watcher.console(opened.url)
                    await self._disk.ask(Up("console"))
                    await asyncio.Event().wait()
            except OSError as error:
                await self._disk.ask(Down("console", str(error)))
            await asyncio.sleep(AGAIN_S)


class _Stopped(Exception):
    """The daemon was asked to stop."""
