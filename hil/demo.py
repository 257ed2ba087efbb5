"""siaga demo: the daemon in a whole site of far ends, and one story told as it happens.

A house burns. One caller reports it through the E1 trunk, a neighbour by GSM. Both are answered;
the first report is verified, classified, and sent to four agencies at once; each accepts.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import logging
import os
import sys
import tempfile
import wave
from array import array
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

from appliance.disk import Disk
from appliance.journal import chain
from appliance.main import JOURNAL, Watcher, run
from appliance.settings import load
from drivers.api import DriverError, Panel
from drivers.panel import GpioPanel
from hil.far_end.call_taker import CallTaker
from hil.far_end.gateway import GatewayCall, caller
from hil.far_end.sipp_process import loudness
from hil.site import CALLER_HZ, DESK_HZ, FarSite, far_site
from hil.timeline import Timeline

AGENCIES = {
    "damkarmat": "dispatched",
    "psc119": "assisting",
    "polresta": "assisting",
    "pln": "assisting",
}
TRUNK_CALLER, GSM_CALLER = "081234567890", "+6281398765432"
WITHIN_S = 30.0  # for each step of the story; a Pi under load takes a few
PHONE_RINGS_MS = 60_000  # until somebody picks up
TALK_S = 3.0  # so that the recordings hold something


_STAYS = """
Konsol / console: {url}
Enter: satu penelepon lagi / one more caller   Ctrl-C: berhenti / stop
"""


class StoryFailed(Exception):
    """The demo did not come to its end; the text names the step."""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="siaga demo",
        description="Satu pusat 112 lengkap dengan ujung-ujung tersimulasi / a whole 112 centre"
        " with simulated far ends",
    )
    parser.add_argument(
        "--once", action="store_true", help="berhenti sesudah satu cerita / end after the story"
    )
    parser.add_argument("--json", action="store_true", help="ringkasan JSON / a JSON summary")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING if options.json else logging.INFO)
    try:
        with tempfile.TemporaryDirectory(prefix="siaga-demo-") as directory:
            summary = asyncio.run(_demo(Path(directory), once=options.once, quiet=options.json))
    except (DriverError, StoryFailed) as error:
        sys.stderr.write(f"siaga demo: {error}\n")
        return 1 if isinstance(error, StoryFailed) else 3
    if options.json:
        print(json.dumps(summary, indent=2))
    return 0


async def _demo(directory: Path, *, once: bool, quiet: bool) -> dict[str, Any]:
    def say(line: str) -> None:
        print(line, file=sys.stderr if quiet else sys.stdout, flush=True)

    say("Menyalakan ujung-ujung tersimulasi ... / starting the far ends ...")
    async with far_site(directory, tuple(AGENCIES), ring_ms=PHONE_RINGS_MS) as site:
        story = _Story(site, Timeline(say))
        box = asyncio.create_task(story.box())
        try:
            await _told(story, box, once=once, say=say)
        finally:  # the box before its far ends, also on Ctrl-C: they would all seem to break
            story.watcher.stop.set()
            await box
        verdict = chain.verify(site.state / JOURNAL)
        for recording in story.timeline.recordings:
            recording["tones"] = _tones(Path(recording["path"]))
        return story.timeline.summary() | {
            "journal": {"entries": verdict.rows, "intact": not verdict.fault}
        }


async def _told(
    story: _Story, box: asyncio.Task[None], *, once: bool, say: Callable[[str], None]
) -> None:
    telling = asyncio.create_task(story.tell())
    await asyncio.wait({box, telling}, return_when=asyncio.FIRST_COMPLETED)
    if box.done():
        telling.cancel()
        return
    await telling
    if not once:
        say(_STAYS.format(url=story.url))
        more = asyncio.create_task(story.more_callers())
        await asyncio.wait({box, more}, return_when=asyncio.FIRST_COMPLETED)


def _tones(path: Path) -> dict[str, int]:
    """How loud each side's own tone is in its channel of the recording, of 32,767."""
    with wave.open(str(path)) as sound:
        samples = array("h", sound.readframes(sound.getnframes()))
    caller_side, taker_side = samples[0::2], samples[1::2]
    return {
        f"caller_{CALLER_HZ}_hz": round(loudness(caller_side, CALLER_HZ)),
        f"taker_{DESK_HZ}_hz": round(loudness(taker_side, DESK_HZ)),
    }


class _Story:
    def __init__(self, site: FarSite, timeline: Timeline) -> None:
        self.site, self.timeline = site, timeline
        self.watcher = Watcher(console=self._on_console, panel=self._on_panel, disk=self._on_disk)
        self.url = ""
        self._disk: Disk | None = None
        self._changed = asyncio.Event()

    async def box(self) -> None:
        # What systemd's LoadCredential= does.
        os.environ["CREDENTIALS_DIRECTORY"] = str(self.site.credentials)
        await run(load(self.site.site_file), self.watcher)

    def _on_console(self, url: str) -> None:
        self.url = url
        self._changed.set()

    def _on_panel(self, panel: Panel) -> None:
        assert isinstance(panel, GpioPanel)
        panel.watch(self.timeline.on_panel)

    def _on_disk(self, disk: Disk) -> None:
        self._disk = disk
        disk.follow(self.timeline.on_step)
        disk.follow(lambda step: self._changed.set())

    async def tell(self) -> None:
        site, line = self.site, self.timeline
        await self._until(lambda: self.url != "", "konsol / console")
        await self._until_subscribed()
        async with (
            CallTaker(self.url, "desk-1", "Siti") as siti,
            CallTaker(self.url, "desk-2", "Budi") as budi,
        ):
            line.note("Penelepon melalui E1 melihat api / a caller on the E1 sees a fire")
            async with caller(site.exchange.sip, site.directory / "e1", number=TRUNK_CALLER) as e1:
                await self._until(lambda: len(line.calls) == 1, "panggilan masuk / a call comes in")
                line.note("Siti menekan Jawab / Siti presses Answer")
                await siti.do("answer", call=next(iter(line.calls)))
                await self._answered(1)
                line.note("Tetangga menelepon lewat GSM / a neighbour calls by GSM")
                await site.modem.ring(GSM_CALLER)
                await self._until(
                    lambda: site.phones["desk-2"].count("ringing") > 0,
                    "telepon Budi berdering / Budi's phone rings",
                )
                line.note("Budi mengangkat telepon / Budi picks up his phone")
                site.phones["desk-2"].press_hook()
                await self._answered(2)
                await self._report_fire(siti, budi)
                await asyncio.sleep(TALK_S)
                await self._hang_up(e1)
            await self._wrap_up(siti, budi)

    async def more_callers(self) -> None:
        """A caller for each line typed, each until the call is ended at the console."""
        async with AsyncExitStack() as calls:
            for number in itertools.count(1):
                if not await asyncio.to_thread(sys.stdin.readline):
                    await asyncio.Event().wait()  # nobody types there
                at = self.site.exchange.sip, self.site.directory / f"more-{number}"
                await calls.enter_async_context(caller(*at, number=f"08123456{number:04}"))

    async def _report_fire(self, siti: CallTaker, budi: CallTaker) -> None:
        """The taker who has the first call makes an incident of it."""
        call = next(iter(self.timeline.calls.values()))
        taker = siti if call["desk"] == siti.desk else budi
        await taker.do("verify", call=call["call"])
        incident = next(iter(self.timeline.incidents))
        await taker.do(
            "classify",
            incident=incident,
            kind="KBK-BGN",
            place="Jl. Sao-Sao 12, Kadia, Kendari",
            narrative="Rumah dua lantai terbakar, satu orang terjebak",
            priority=0,
        )
        await taker.do("dispatch", incident=incident, agencies=AGENCIES)
        await self._until(
            lambda: (
                sum("acknowledged_ms" in d for d in self.timeline.deliveries.values())
                == len(AGENCIES)
            ),
            "instansi menerima / the agencies accept",
        )

    async def _hang_up(self, e1: GatewayCall) -> None:
        e1.hang_up()
        await self.site.modem.hang_up()
        await self._until(
            lambda: all("reason" in call for call in self.timeline.calls.values()),
            "panggilan berakhir / the calls end",
        )

    async def _wrap_up(self, siti: CallTaker, budi: CallTaker) -> None:
        for call in self.timeline.calls.values():
            taker = siti if call["desk"] == siti.desk else budi
            await taker.do("file-call", call=call["call"], disposition="emergency")
        incident = next(iter(self.timeline.incidents))
        await siti.do("close-incident", incident=incident, text="Api padam / the fire is out")
        await self._until(
            lambda: len(self.timeline.recordings) == len(self.timeline.calls),
            "rekaman tersimpan / the recordings are stored",
        )

    async def _answered(self, count: int) -> None:
        await self._until(
            lambda: sum("answered_ms" in call for call in self.timeline.calls.values()) == count,
            f"panggilan ke-{count} dijawab / call {count} is answered",
        )

    async def _until_subscribed(self) -> None:
        """A call before the box listens would go to the fallback, which is another story."""
        await self._until(
            lambda: "AT+CLIP=1" in self.site.modem.commands_seen, "modem siap / the modem is set up"
        )
        await self.site.exchange.subscribed("siaga")

    async def _until(self, condition: Callable[[], bool], what: str) -> None:
        try:
            async with asyncio.timeout(WITHIN_S):
                while not condition():
                    self._changed.clear()
                    # The modem and the phones change nothing in the journal: look now and then.
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._changed.wait(), 0.1)
        except TimeoutError:
            raise StoryFailed(f"belum terjadi / has not happened: {what}") from None
