// Amounts: whole minor units everywhere, turned into text here only.
import { signal } from './html.js';
import { language } from './i18n.js';

export const site = signal({ currency_code: 'CNY', currency_exponent: 2, presets_minor: [5000, 10000, 20000, 50000], mode: 'live' });

const formats = new Map();
function formatter(kind) {
    const { currency_code: currency, currency_exponent: digits } = site.value;
    const name = `${language.value} ${kind} ${currency} ${digits}`;
    if (!formats.has(name)) {
        const fraction = { minimumFractionDigits: digits, maximumFractionDigits: digits };
        formats.set(name, new Intl.NumberFormat(language.value,
            kind === 'money' ? { style: 'currency', currency, currencyDisplay: 'narrowSymbol', ...fraction } : fraction));
    }
    return formats.get(name);
}

const major = (minor) => minor / 10 ** site.value.currency_exponent;
const minus = (text) => text.replace('-', '−');

// ¥128.50
export const money = (minor) => minus(formatter('money').format(major(minor ?? 0)));
// 128.50, for tables whose head names the currency
export const figure = (minor) => minus(formatter('figure').format(major(minor ?? 0)));
// +128.50 or −128.50
export const change = (minor) => (minor > 0 ? '+' : '') + figure(minor);
export const count = (number) => minus(new Intl.NumberFormat(language.value).format(number ?? 0));
export const symbol = () => formatter('money').formatToParts(0).find((part) => part.type === 'currency').value;

// As one types it into a field: 200, or 200.50.
export const typed = (minor) => {
    const digits = site.value.currency_exponent;
    const text = (minor / 10 ** digits).toFixed(digits);
    return minor % 10 ** digits ? text : text.replace(/\.0+$/, '');
};

// A currency with its digits behind the point, as ISO 4217 has them; for settings, which change both or none.
export const currency = (code) => ({ currency_code: code,
    currency_exponent: new Intl.NumberFormat('en', { style: 'currency', currency: code }).resolvedOptions().maximumFractionDigits });

// Groups of three with one and the same mark between them: 1,234,567 or 1'234'567 or 1 234 567.
const GROUPED = /^\d{1,3}(?:([,'’_ ])\d{3})(?:\1\d{3})*(?=\.|$)/;

// The plain number that somebody typed, or null. A comma is a mark between thousands where it stands as one, and a decimal
// point where it can be nothing else; what could be either is not guessed at.
function plainNumber(text, digits) {
    const [grouped] = GROUPED.exec(text) ?? [null];
    if (grouped !== null) {
        const either = digits === 3 && /^\d{1,3},\d{3}$/.test(text);
        return either ? null : grouped.replace(/\D/g, '') + text.slice(grouped.length);
    }
    const [, whole, decimals] = /^(\d+),(\d*)$/.exec(text) ?? [];
    return whole !== undefined ? digits > 0 && decimals.length <= digits && `${whole}.${decimals}` : !/[,'’_\s]/.test(text) && text;
}

// What somebody typed: {empty}, {minor}, or {error: key}. Nothing is rounded.
export function parseAmount(text, digits = site.value.currency_exponent) {
    const typedText = text.normalize('NFKC').trim();
    if (typedText === '') return { empty: true };
    if (!/^[\d.,'’_\s]+$/.test(typedText)) return { error: 'amount.not_a_number' };
    const plain = plainNumber(typedText, digits);
    if (!plain) return { error: digits ? 'amount.unclear' : 'amount.unclear_whole' };
    const parts = /^(\d{1,12})(?:\.(\d*))?$/.exec(plain);
    if (!parts) return { error: 'amount.not_a_number' };
    const fraction = parts[2] ?? '';
    if (fraction.length > digits) return { error: digits ? 'amount.too_fine' : 'amount.no_fraction' };
    const minor = Number(parts[1]) * 10 ** digits + Number(fraction.padEnd(digits, '0') || 0);
    return minor > 0 ? { minor } : { error: 'amount.zero' };
}

// Whether the marks in it leave open what was meant, so that it is said how it is understood.
export const hasMarks = (text) => /[^\d.\s]|\d\s+\d/.test(text.normalize('NFKC'));

// 8800 1042: card numbers are read out in groups.
export const cardNo = (no) => `${no}`.replace(/\B(?=(\d{4})+(?!\d))/g, ' ');

// 7A31-08C2-9B4E: what stands on the receipt of an act, the end of its id as fn_receipt_number makes it.
export const receiptNo = (id) => id.slice(-12).toUpperCase().replace(/(....)(?=.)/g, '$1-');
