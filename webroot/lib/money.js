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

// What somebody typed: {empty}, {minor}, or {error: key}. Nothing is rounded.
export function parseAmount(text, digits = site.value.currency_exponent) {
    const plain = text.normalize('NFKC').replace(/[\s,'_]/g, '');
    if (plain === '') return { empty: true };
    const parts = /^(\d{1,12})(?:\.(\d*))?$/.exec(plain);
    if (!parts) return { error: 'amount.not_a_number' };
    const fraction = parts[2] ?? '';
    if (fraction.length > digits) return { error: digits ? 'amount.too_fine' : 'amount.no_fraction' };
    const minor = Number(parts[1]) * 10 ** digits + Number(fraction.padEnd(digits, '0') || 0);
    return minor > 0 ? { minor } : { error: 'amount.zero' };
}

// 8800 1042: card numbers are read out in groups.
export const cardNo = (no) => `${no}`.replace(/\B(?=(\d{4})+(?!\d))/g, ' ');
