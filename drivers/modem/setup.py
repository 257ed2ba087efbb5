"""The start sequence of a modem, sent after every opening and every restart of the module (E1).

3GPP TS 27.007 6.11 (+CRC), 7.2 (+CREG), 7.6 (+CLIP), 7.12 (+CCWA), 6.20 (+CVHU), 8.3 (+CPIN),
9.1 (+CMEE); 3GPP TS 27.005 3.2.1 (+CSMS), 3.2.3 (+CMGF), 3.4.1 (+CNMI); ITU-T V.250 6.2.9 (&D).
"""

from __future__ import annotations

import asyncio
import logging

from drivers.api import DriverError
from drivers.modem.line import AtLine
from drivers.modem.models import Model, model_of
from drivers.wire.at import Command
from drivers.wire.at_errors import meaning
from drivers.wire.at_lines import Registration, fields, is_registration_answer, registration_in

SIM_BUSY_TRIES = 30  # the SIM may be busy for the first seconds (E2)
PIN_TRIES_MIN = 3  # a wrong PIN is tried once in the life of a SIM, not once a restart (E3)

_LOG = logging.getLogger(__name__)

# Before the SIM is asked for. AT&D0: a call survives the death of this process.
FIRST = tuple(Command(text) for text in (b"ATE0", b"ATV1", b"AT&D0", b"AT+CMEE=1"))

# AT+CVHU=0: ATH hangs up (B13). AT+CCWA=0: a second caller hears the busy tone (B14).
# Mode 2,1: messages are stored and announced, the SIM is the buffer (D6).
# None of them is worth a dead line: the call list has the number too, where +CLIP is refused.
WANTED = tuple(
    Command(text, timeout_ms=15_000)
    for text in (
        b"AT+CLIP=1",
        b"AT+CRC=0",
        b"AT+CREG=1",
        b"AT+CVHU=0",
        b"AT+CCWA=0",
        b"AT+CMGF=0",
    )
)
# The buffer setting of some makes has no 0 (D2): then theirs is left as it is.
_STORED_DELIVERY = (Command(b"AT+CNMI=2,1,0,0,0"), Command(b"AT+CNMI=2,1"), Command(b"AT+CNMI=1,1"))
_SERVICE = Command(b"AT+CSMS=0", reply=b"+CSMS:")
_PIN = Command(b"AT+CPIN?", reply=b"+CPIN:", timeout_ms=1_500, needs_final=False)
_REGISTRATION = Command(b"AT+CREG?", reply=b"+CREG:", answers=is_registration_answer)

# How often the PIN may still be entered, by maker: 27.007 8.65, Quectel, SIMCom.
_PIN_TRIES = (
    Command(b'AT+CPINR="SIM PIN"', reply=b"+CPINR:"),
    Command(b'AT+QPINC="SC"', reply=b"+QPINC:"),
    Command(b"AT+SPIC", reply=b"+SPIC:"),
)


async def begin(line: AtLine) -> Model:
    """Quiet the echo and learn what modem this is. Raises DriverError."""
    for command in FIRST:
        await line.ask(command)
    maker = await line.ask(Command(b"AT+CGMI", reply=b""))
    model = model_of(maker.lines[0] if maker.lines else b"")
    for command in model.set_up:
        await line.ask(command)
    return model


async def finish(line: AtLine) -> None:
    """Caller numbers, registration reports and PDU mode. Raises DriverError."""
    for command in WANTED:
        reply = await line.ask(command)
        if not reply.ok:
            _LOG.warning("%s: %s", command.text.decode(), meaning(reply.final))
    await line.ask(_SERVICE)


async def announce_messages(line: AtLine) -> None:
    """Have messages stored and announced. Raises DriverError."""
    for command in _STORED_DELIVERY:
        if (await line.ask(command)).ok:
            return
    _LOG.warning("AT+CNMI is refused: messages are found by listing only")


async def unlock(line: AtLine, pin: str | None) -> None:
    """Wait until the SIM is ready, entering `pin` if it asks for it. Raises DriverError."""
    for _ in range(SIM_BUSY_TRIES):
        reply = await line.ask(_PIN)
        said = fields(reply.lines[-1])[0] if reply.lines and b":" in reply.lines[-1] else ""
        if said == "READY":
            return
        if said == "SIM PIN":
            await _enter(line, pin)
        elif said:
            raise DriverError(f"SIM: {said}: perlu teknisi / a technician is needed")
        elif reply.final != b"+CME ERROR: 14":  # SIM busy
            await line.told(_PIN)  # says why in words
        await asyncio.sleep(1.0)
    raise DriverError("SIM tidak siap / the SIM does not get ready")


async def _enter(line: AtLine, pin: str | None) -> None:
    if pin is None:
        raise DriverError("SIM meminta PIN / the SIM asks for a PIN: tulis pin / write pin")
    left = await _tries_left(line)
    if left < PIN_TRIES_MIN:
        raise DriverError(f"PIN tidak dicoba / PIN not tried: {max(left, 0)} tries left")
    await line.told(Command(b'AT+CPIN="%s"' % pin.encode("ascii", "replace"), timeout_ms=10_000))


async def _tries_left(line: AtLine) -> int:
    for command in _PIN_TRIES:
        reply = await line.ask(command)
        numbers = [value for text in reply.lines for value in fields(text) if value.isdigit()]
        if reply.ok and numbers:
            return int(numbers[0])
    return -1


async def registration(line: AtLine) -> Registration:
    """Ask how the modem is registered. Raises DriverError."""
    reply = await line.told(_REGISTRATION)
    return registration_in(reply.lines[-1]) if reply.lines else Registration(-1, True)
