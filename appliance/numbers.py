"""Telephone numbers as the world writes them: E.164, so that the same caller is known again.

The numbering plan is `phonenumbers`'; it is imported at the first call, which `prepare` brings
forward to a quiet moment (80 ms).
"""

from __future__ import annotations

from drivers.loading import load

REGION = "ID"


def prepare() -> None:
    """Load the numbering plan now. Slow the first time."""
    e164("+6281234567890")


def e164(number: str) -> str:
    """`number` in E.164, or empty when nobody can be called back under it.

    A phone without a SIM shows an emergency stand-in of its IMEI, a PBX an extension; neither is a
    number of the plan.
    """
    if not number:
        return ""
    plan = load("phonenumbers")
    try:
        parsed = plan.parse(number, REGION)
    except plan.NumberParseException:
        return ""
    if not plan.is_possible_number(parsed):
        return ""
    return str(plan.format_number(parsed, plan.PhoneNumberFormat.E164))
