"""Recordings on disk: two raw sides become one WAV, whatever happened to them."""

import hashlib
import wave
from array import array
from pathlib import Path

import pytest

from drivers.api import DriverError
from drivers.asterisk.recordings import CHUNK_BYTES, Recordings

LEG = "5d4ddd47-1795466068.0"


def write(directory: Path, side: str, samples: int, value: int, tail: bytes = b"") -> None:
    raw = array("h", [value]) * samples
    (directory / f"{LEG}-{side}.sln").write_bytes(raw.tobytes() + tail)


def test_both_sides_become_one_stereo_wav_and_the_shorter_is_padded(tmp_path: Path) -> None:
    long = CHUNK_BYTES  # two chunks
    write(tmp_path, "caller", long, 1000)
    write(tmp_path, "agent", 8_000, -1000, tail=b"\x01")  # a kill left half a sample
    recordings = Recordings(tmp_path)
    assert recordings.unstored() == [LEG]
    recording = recordings.store(LEG)
    assert recording.duration_ms == long // 8
    assert recording.sha256 == hashlib.sha256(recording.path.read_bytes()).hexdigest()
    with wave.open(str(recording.path)) as sound:
        assert sound.getparams()[:4] == (2, 2, 8000, long)
        both = array("h", sound.readframes(long))
    assert set(both[0::2]) == {1000}
    assert set(both[1:16_000:2]) == {-1000}
    assert set(both[16_001::2]) == {0}
    assert [path.name for path in tmp_path.iterdir()] == [f"{LEG}.wav"]
    assert (recordings.stored(), recordings.unstored()) == ([LEG], [])


def test_storing_again_gives_the_same(tmp_path: Path) -> None:
    write(tmp_path, "caller", 800, 5)  # the agent's side never began
    first = Recordings(tmp_path).store(LEG)
    assert Recordings(tmp_path).store(LEG) == first


def test_a_power_cut_before_the_raw_files_went_is_made_good(tmp_path: Path) -> None:
    write(tmp_path, "caller", 800, 5)
    first = Recordings(tmp_path).store(LEG)
    write(tmp_path, "caller", 800, 5)
    (tmp_path / f"{LEG}.part").write_bytes(b"RIFF")  # and one while the WAV was being written
    assert Recordings(tmp_path).unstored() == [LEG]
    assert Recordings(tmp_path).store(LEG) == first
    assert Recordings(tmp_path).unstored() == []


@pytest.mark.parametrize("leg", ["nobody", "../../etc/passwd", "", "a/b", "."])
def test_no_recording_is_said_so(tmp_path: Path, leg: str) -> None:
    with pytest.raises(DriverError, match="recording"):
        Recordings(tmp_path).store(leg)
