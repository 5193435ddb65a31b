// Texts by key. State holds keys, so that what is on the screen changes its language too.
import { signal } from './html.js';

export const languages = { en: 'English', 'zh-CN': '中文' };
export const language = signal('en');
const catalogues = {};
const problems = {};

const fetchJson = async (path) => (await fetch(path)).json();

export async function setLanguage(code) {
    const wanted = languages[code] ? code : 'en';
    catalogues[wanted] ??= await fetchJson(`text/${wanted}.json`);
    language.value = wanted;
    document.documentElement.lang = wanted;
    try {
        localStorage.setItem('language', wanted);
    } catch { /* private windows may refuse; the choice lasts as long as the page */ }
}

export const firstLanguage = () => {
    let kept = null;
    try {
        kept = localStorage.getItem('language');
    } catch { /* as above */ }
    return kept ?? (navigator.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en');
};

// Text of a key with {names} filled in. A missing key shows itself, and a test finds it.
export function t(key, values) {
    const text = catalogues[language.value]?.[key] ?? key;
    return values ? text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all) : text;
}
export const hasText = (key) => catalogues[language.value]?.[key] !== undefined;

// What the server refuses, in the language of the screen: the server itself speaks English.
export const problemTexts = signal(null);
export async function loadProblems() {
    const code = language.value;
    problems[code] ??= await fetchJson(`text/errors.${code}.json`);
    problemTexts.value = problems[code];
}

// Times are those of the site, wherever the browser stands.
export const zone = signal(undefined);
const formats = new Map();
function format(kind, options) {
    const name = `${language.value} ${kind} ${zone.value}`;
    if (!formats.has(name)) formats.set(name, new Intl.DateTimeFormat(language.value, { timeZone: zone.value, ...options }));
    return formats.get(name);
}

export const timeText = (at) => format('time', { hour: '2-digit', minute: '2-digit', hour12: false }).format(new Date(at));
export const clockText = (at) =>
    format('clock', { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false }).format(new Date(at));
// 2028-08-31 in every language. A date without a time is the same day everywhere.
export const dayText = (at) => (/^\d{4}-\d\d-\d\d$/.test(at) ? at
    : new Intl.DateTimeFormat('sv', { timeZone: zone.value }).format(new Date(at)));
export const momentText = (at) =>
    format('moment', { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hour12: false }).format(new Date(at));
export const fullText = (at) => format('full', { dateStyle: 'medium', timeStyle: 'medium', hour12: false }).format(new Date(at));

// "09:41" today, "Yesterday", else the day.
export function whenText(at) {
    const now = Date.now();
    if (dayText(at) === dayText(now)) return timeText(at);
    if (dayText(at) === dayText(now - 86400000)) return t('day.yesterday', { time: timeText(at) });
    return momentText(at);
}
