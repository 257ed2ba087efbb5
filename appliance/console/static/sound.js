// Two short tones for a new caller, once somebody has touched the page (browsers ask for that).

import { by, set, word } from "./dom.js";

const known = new Set();
let audio = null;
let first = true;

export function useSound() {
  const wake = () => { audio ??= new AudioContext(); };
  document.addEventListener("pointerdown", wake, { once: true });
  document.addEventListener("keydown", wake, { once: true });
  by("sound").addEventListener("click", () => {
    localStorage.setItem("sound", muted() ? "on" : "off");
    drawSound();
  });
}

const muted = () => localStorage.getItem("sound") === "off";

export function drawSound() {
  set(by("sound").querySelector("span"), word(muted() ? "sound_off" : "sound_on"));
}

// Return the calls that were not there before.
export function announce(waiting) {
  const fresh = waiting.filter((call) => !known.has(call.id));
  for (const call of fresh) known.add(call.id);
  if (fresh.length && !first && !muted() && audio) [0, 0.18].forEach(tone);
  first = false;
  return fresh;
}

function tone(after_s) {
  const oscillator = audio.createOscillator(), volume = audio.createGain();
  const start = audio.currentTime + after_s;
  oscillator.frequency.value = 880;
  volume.gain.setValueAtTime(0.2, start);
  volume.gain.exponentialRampToValueAtTime(0.001, start + 0.14);
  oscillator.connect(volume).connect(audio.destination);
  oscillator.start(start);
  oscillator.stop(start + 0.15);
}
