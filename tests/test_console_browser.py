"""The call taker's page in Debian's chromium: a person does the whole story by hand."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which
from typing import TypeVar

import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

from appliance.domain.events import Channel
from appliance.domain.requests import (
    AlertTaken,
    DeskAnswered,
    Dispatch,
    DispatchAtOnce,
    Greeted,
    Offer,
    Receipt,
    SignIn,
)
from appliance.domain.routing import Role
from drivers.api import (
    Caller,
    Cause,
    Down,
    HungUp,
    Location,
    LocationSource,
    Presentation,
    SmsReceived,
)
from tests.centre import Running, running_centre

CHROMIUM, CHROMEDRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
pytestmark = pytest.mark.skipif(
    not (which(CHROMIUM) and which(CHROMEDRIVER)) and "CI" not in os.environ,
    reason="perlu chromium dan chromium-driver / needs chromium and chromium-driver",
)
FLAGS = (
    *("headless=new", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run"),
    *("disable-background-networking", "disable-component-update", "disable-sync"),
    *("disable-dev-shm-usage", "window-size=1366,900"),
)
NUMBER, SHOWN = "+6281234567890", "+62 812 3456 7890"
WITHIN_S = 20
T = TypeVar("T")


class Page:
    """The page as a person has it: what can be read, and the keyboard."""

    def __init__(self, driver: Chrome, centre: Running) -> None:
        self.driver, self.centre = driver, centre

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        return " ".join(e.text for e in self.driver.find_elements(By.CSS_SELECTOR, selector))

    def until(self, condition: Callable[[], T | None], what: str) -> T:
        wait = WebDriverWait(
            self.driver, WITHIN_S, 0.05, ignored_exceptions=[StaleElementReferenceException]
        )
        met = wait.until(lambda _: condition(), what)
        assert met is not None
        return met

    def shows(self, text: str, selector: str = "body") -> None:
        self.until(lambda: text in self.text(selector), f'"{text}" in {selector}')

    def enabled(self, selector: str) -> WebElement:
        self.until(lambda: self.find(selector).is_enabled(), f"{selector} enabled")
        return self.find(selector)

    def keys(self, *keys: str) -> None:
        """Type where the focus is."""
        self.driver.switch_to.active_element.send_keys("".join(keys))

    def sign_in(self, name: str = "Siti Rahma") -> None:
        self.until(lambda: self.focused() == "taker", "the cursor in the name")
        self.keys(name, Keys.ENTER)
        self.shows(name, "#who")

    def focused(self) -> str:
        return self.driver.switch_to.active_element.get_attribute("id") or ""


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    options = ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with running_centre(tmp_path) as centre:
        driver = Chrome(options=options, service=Service(CHROMEDRIVER))
        try:
            driver.get(centre.url)
            yield Page(driver, centre)
            faults = [e["message"] for e in driver.get_log("browser") if e["level"] == "SEVERE"]  # type: ignore[no-untyped-call]
            # A refusal is no fault, nor is a box that has gone away.
            assert [f for f in faults if not re.search("/do/|ERR_CONN|401", f)] == []
        finally:
            driver.quit()


def offered(centre: Running, leg: str = "leg-1", number: str = NUMBER) -> int:
    where = Location(-3.99461, 122.51299, 50, LocationSource.AML, 1_795_000_000_000)
    caller = Caller(number, Presentation.SHOWN)
    id = max(centre.ask(Offer("trunk-1", leg, caller, number, where)).calls)
    centre.ask(Greeted(id))
    return id


def test_a_person_does_the_whole_story_by_keyboard(page: Page) -> None:
    centre = page.centre
    page.sign_in()
    call = offered(centre)
    page.shows(SHOWN, "#queue")
    page.shows("±50 m, sumber AML", "#queue")
    page.shows("berdering di desk-1", "#queue")

    page.enabled("#bar [data-do=answer-next]")
    page.keys(Keys.F2)
    page.until(lambda: centre.world().calls[call].claimed, "the call claimed")
    page.shows(f"Menyambungkan panggilan {call}", "#case-none")
    assert not page.find("#bar [data-do=answer-next]").is_enabled()
    centre.ask(DeskAnswered(call, "desk-1"))
    page.shows(SHOWN, "#case-head")
    page.shows("tersambung", "#case-head")

    page.enabled("#bar [data-do=verify]")
    page.keys(Keys.F4)
    page.shows("✓ diverifikasi Siti Rahma", "#verified")
    page.until(lambda: page.focused() == "kind", "the cursor in the kind")
    page.keys("kbk-bgn", Keys.ENTER)
    assert page.focused() == "place"
    page.keys("Jl. Ahmad Yani 12", Keys.TAB, "api dari dapur")
    page.enabled("#bar [data-do=classify]")
    page.keys(Keys.F8)
    page.shows("✓ KBK-BGN Kebakaran bangunan", "#classified")
    page.shows("Kirim ke 7", "#bar")
    page.enabled("#bar [data-do=dispatch]")
    page.keys(Keys.F9)
    page.until(lambda: len(page.driver.find_elements(By.CSS_SELECTOR, ".dispatch")) == 7, "seven")

    [incident] = centre.world().incidents.values()
    assert (incident.place, incident.narrative) == ("Jl. Ahmad Yani 12", "api dari dapur")
    told = {d.agency: d for d in incident.dispatches.values()}
    assert told["damkarmat"].role is Role.DISPATCHED
    follow_the_agencies(page, {agency: d.id for agency, d in told.items()})

    page.enabled("#case-head [data-do=end-call]")
    page.keys(Keys.SHIFT, Keys.F2)
    page.shows("Arsipkan sebagai", "#wrap-up")
    page.keys(Keys.NULL, Keys.ESCAPE)  # out of the field, so that the digit is a shortcut
    page.keys("1")
    page.until(lambda: not centre.world().calls, "the call filed")

    page.enabled(".incident [data-do=close-incident]").send_keys(Keys.ENTER)
    page.until(lambda: page.focused() == "ending-text", "the cursor in the outcome")
    page.keys("api padam, tidak ada korban", Keys.ENTER)
    page.until(lambda: not centre.world().incidents, "the incident closed")
    page.shows("Tidak ada kejadian terbuka.", "#right")
    page.shows("Tidak ada panggilan di meja ini", "#case-none")


def follow_the_agencies(page: Page, told: dict[str, int]) -> None:
    """Every agency's answer appears by itself, in words."""

    def says(agency: str, status: str, by: str = "", reason: str = "") -> None:
        channel = Channel.SMS if agency == "psc119" else Channel.MQTT
        page.centre.ask(Receipt(told[agency], agency, status, by, channel, reason))

    def shows(agency: str, text: str) -> None:
        page.shows(text, f".dispatch[data-agency={agency}]")

    shows("pln", "menunggu kirim")
    for agency in told:
        page.centre.ask(AlertTaken(told[agency], Channel.MQTT))
    shows("pln", "terkirim")
    says("pln", "received")
    shows("pln", "sampai, belum diterima")
    says("damkarmat", "accepted", "Budi")
    shows("damkarmat", "diterima oleh Budi (aplikasi)")
    says("damkarmat", "enroute")
    shows("damkarmat", "menuju lokasi — Budi")
    says("damkarmat", "onscene")
    shows("damkarmat", "di lokasi")
    says("psc119", "accepted", "Wati")
    shows("psc119", "diterima oleh Wati (SMS)")
    says("polresta", "rejected", "Rudi", "bukan wilayah kami")
    shows("polresta", "DITOLAK oleh Rudi: bukan wilayah kami")

    page.find(".incident [data-do=close-incident]").click()
    page.until(lambda: page.focused() == "ending-text", "the cursor in the outcome")
    page.keys("selesai", Keys.ENTER)
    page.shows("belum diterima oleh pln, satpolpp / not yet acknowledged by", "#ending")
    page.find("#ending [data-do=shut]").click()
    says("pln", "accepted", "Joko")
    says("satpolpp", "accepted", "Ani")
    says("damkarmat", "done")
    shows("damkarmat", "selesai")


def in_a_call(page: Page) -> int:
    page.sign_in()
    call = offered(page.centre)
    page.centre.ask(DeskAnswered(call, "desk-1"))
    page.shows("tersambung", "#case-head")
    return call


def test_priority_one_goes_out_in_one_action_with_the_agencies_chosen(page: Page) -> None:
    call = in_a_call(page)
    page.find("#kind").click()
    page.keys("bangunan", Keys.ENTER)
    page.keys("Pasar Baru")
    page.shows("7 akan diberi tahu", "#agencies-count")
    page.find("[data-key=pimpinan] input").click()
    page.find("[data-key=kodim] input").click()
    Select(page.find("[data-key=pln] select")).select_by_value("dispatched")
    page.enabled("#bar [data-do=dispatch-at-once]")
    page.keys(Keys.SHIFT, Keys.F9)
    incident = page.until(lambda: page.centre.world().incident_of(call), "an incident")
    roles = {d.agency: d.role for d in incident.dispatches.values()}
    assert roles.keys() == {
        *("damkarmat", "polresta", "pln", "psc119", "satpolpp", "bpbd", "kodim")
    }
    assert (roles["pln"], roles["kodim"]) == (Role.DISPATCHED, Role.ASSISTING)
    page.shows("belum diverifikasi", "#verified")


def test_what_is_typed_survives_whatever_happens_meanwhile(page: Page) -> None:
    call = in_a_call(page)
    field = page.find("#narrative")
    field.click()
    page.keys("rumah dua lantai, ")
    for n in range(5):
        offered(page.centre, f"other-{n}", f"+628520000000{n}")
    page.shows("5", "#queue-count")
    page.find("#language").click()
    page.shows("Open incidents", "#right")
    field.click()
    page.keys("two inside")
    page.centre.ask(SmsReceived("modem-1", "+6285211112222", "tolong", 1_795_000_000_000))
    page.shows("tolong", "#messages")
    assert field.get_attribute("value") == "rumah dua lantai, two inside"
    assert page.focused() == "narrative"
    other = max(page.centre.world().calls)
    page.centre.ask(SignIn("desk-2", "Ani"))
    page.centre.ask(DeskAnswered(other, "desk-2"))
    assert call in page.centre.world().calls
    assert field.get_attribute("value") == "rumah dua lantai, two inside"


def test_a_changed_form_is_not_dispatched_before_it_is_saved(page: Page) -> None:
    call = in_a_call(page)
    agencies = (("damkarmat", Role.DISPATCHED),)
    page.centre.ask(DispatchAtOnce(call, "KBK-BGN", "Pasar Baru", "", agencies, "Ani"))
    page.shows("KBK-BGN", "#classified")
    page.find("#kind").click()
    page.keys("pohon tumbang", Keys.ENTER)
    page.keys("Jl. Lawata")
    page.shows("isian belum disimpan", "#unsaved")
    assert not page.find("#bar [data-do=dispatch]").is_enabled()
    page.keys(Keys.F9)
    page.shows("Simpan klasifikasi dahulu (F8)", "#bar .answer")
    page.keys(Keys.F8)
    page.shows("PHN-TBG", "#classified")
    page.enabled("#bar [data-do=dispatch]")


def test_what_callers_send_is_text_and_nothing_else(page: Page) -> None:
    evil = "<img src=x onerror=document.title='HACKED'><script>document.title='HACKED'</script>"
    page.sign_in()
    page.centre.ask(SmsReceived("modem-1", "<b>112</b>", evil, 1_795_000_000_000, damaged=True))
    page.centre.ask(Offer("trunk-1", "x", Caller(evil, Presentation.SHOWN), ""))
    page.centre.ask(Down("modem-1", evil))
    page.shows(evil, "#messages")
    page.shows("<b>112</b>", "#messages")
    page.shows("pesan rusak", "#messages")
    page.shows(evil, "#queue")
    page.shows(evil, "#troubles")
    assert page.driver.title == "Siaga 112"
    assert page.driver.find_elements(By.CSS_SELECTOR, "main img, main script, #troubles img") == []


def test_three_kinds_of_number_are_told_apart(page: Page) -> None:
    page.sign_in()
    page.centre.ask(Offer("modem-1", "a", Caller("", Presentation.WITHHELD), ""))
    page.centre.ask(Offer("trunk-1", "b", Caller(), ""))
    offered(page.centre)
    for text in ("Nomor disembunyikan", "Nomor tidak tersedia", SHOWN):
        page.shows(text, "#queue")


def test_a_refusal_stands_beside_its_button(page: Page) -> None:
    page.until(lambda: page.focused() == "taker", "the cursor in the name")
    page.keys("   ", Keys.ENTER)
    page.shows("tulis nama petugas / write the call taker's name", "#sign-in .answer")
    page.keys("Siti", Keys.ENTER)
    page.shows("Siti", "#who")
    page.keys(Keys.F4)
    page.shows("Tidak ada yang perlu diverifikasi.", "#bar .answer")
    assert page.centre.world().incidents == {}


def test_call_backs_and_messages_are_put_away_by_hand(page: Page) -> None:
    page.sign_in()
    offered(page.centre)
    page.centre.ask(HungUp("leg-1", Cause.NORMAL))
    page.shows("putus saat berdering", "#callbacks")
    page.enabled("#callbacks button").click()
    page.until(lambda: not page.centre.world().callbacks, "the call-back closed")
    page.centre.ask(SmsReceived("modem-1", NUMBER, "tolong", 1_795_000_000_000))
    page.shows(SHOWN, "#messages")
    page.enabled("#messages button").click()
    page.until(lambda: not page.centre.world().messages, "the message read")


def test_the_lamps_say_in_words_what_the_tower_shows(page: Page) -> None:
    call = in_a_call(page)
    page.shows("nyala", ".lamp.white")
    page.shows("mati", ".lamp.siren")
    agencies = (("damkarmat", Role.DISPATCHED),)
    page.centre.ask(DispatchAtOnce(call, "KBK-BGN", "Pasar Baru", "", agencies, "Siti Rahma"))
    page.shows("nyala", ".lamp.siren")
    page.shows("kedip cepat", ".lamp.red")
    page.enabled("[data-do=acknowledge-alarms]")
    page.keys("a")
    page.shows("mati", ".lamp.siren")
    [incident] = page.centre.world().incidents
    page.centre.ask(Dispatch(incident, (("pln", Role.ASSISTING),), "Ani"))
    page.shows("nyala", ".lamp.siren")


def test_a_page_without_its_box_says_so_and_lets_nobody_press(page: Page) -> None:
    in_a_call(page)
    page.find("#narrative").click()
    page.keys("dua orang di dalam")
    page.centre.leave()
    page.shows("TERPUTUS", "#lost")
    pressable = page.driver.find_elements(
        By.CSS_SELECTOR, "button[data-do]:enabled:not([data-offline])"
    )
    assert pressable == []
    page.keys(", satu anak")
    assert page.find("#narrative").get_attribute("value") == "dua orang di dalam, satu anak"
    page.centre.come_back()
    page.until(lambda: page.find("body").get_attribute("data-link") == "live", "live again")
    page.enabled("#bar [data-do=verify]")


def test_a_page_whose_key_has_changed_says_what_to_do(page: Page) -> None:
    page.sign_in()
    page.centre.leave()
    page.centre.come_back("kunci-baru")
    page.shows("Buka alamat baru", "#lost")
    page.driver.get(page.centre.url)
    page.shows("Siti Rahma", "#who")


def test_the_language_stays_chosen(page: Page) -> None:
    page.sign_in()
    page.find("#language").click()
    page.shows("Nobody is waiting.", "#left")
    page.driver.refresh()
    page.shows("Nobody is waiting.", "#left")
    assert page.find("html").get_attribute("lang") == "en"
    page.keys("?")
    page.shows("Keyboard shortcuts", "#help")
