// Success: two notes up. Failure: one low. In doubt: three equal ones, and once more after ten seconds.
import { signal } from './html.js';

const read = (name, otherwise) => {
    try {
        return localStorage.getItem(name) ?? otherwise;
    } catch {
        return otherwise;
    }
};
export const soundOn = signal(read('sound', 'on') === 'on');
let context = null;
let again = null;

export function setSound(on) {
    soundOn.value = on;
    try {
        localStorage.setItem('sound', on ? 'on' : 'off');
    } catch { /* lasts as long as the page */ }
}

const NOTES = {
    success: [[660, 0, 70], [880, 70, 70]],
    failure: [[220, 0, 250]],
    doubt: [[440, 0, 90], [440, 180, 90], [440, 360, 90]],
};

function note([hertz, delayMs, lengthMs]) {
    const from = context.currentTime + delayMs / 1000;
    const tone = context.createOscillator();
    const level = context.createGain();
    tone.frequency.value = hertz;
    level.gain.setValueAtTime(0.12, from);
    level.gain.exponentialRampToValueAtTime(0.001, from + lengthMs / 1000);
    tone.connect(level).connect(context.destination);
    tone.start(from);
    tone.stop(from + lengthMs / 1000);
}

export function play(name) {
    clearTimeout(again);
    if (!soundOn.value || typeof AudioContext === 'undefined' || !navigator.userActivation?.hasBeenActive) return; // no browser lets a page sound before
    context ??= new AudioContext();
    NOTES[name].forEach(note);
    if (name === 'doubt') again = setTimeout(() => soundOn.value && NOTES.doubt.forEach(note), 10000);
}
export const hush = () => clearTimeout(again);
