// The first steps of the set-up: who administers, what the site is, and its limits.
import { html, useSignal, classes } from '../lib/html.js';
import { t, language } from '../lib/i18n.js';
import { post, patch, get } from '../lib/api.js';
import { adopt } from '../lib/session.js';
import { site, typed, parseAmount, money, currency } from '../lib/money.js';
import { Icon } from './icon.js';
import { TextField, SelectField, ProblemSummary, fieldError } from './field.js';

// The frame of a step: title, what it is for, the form, what comes before and next, and answers to what people ask.
export function Step({ name, onBack, back, onSubmit, busy, button, children, aside, wait, ready = true }) {
    const submit = (event) => {
        event.preventDefault();
        if (!busy) onSubmit();
    };
    return html`
        <div class="setup-grid"><form class="panel setup-form" onSubmit=${submit} novalidate>
            <div class="setup-body"><h2>${t(`setup.${name}.title`)}</h2><p class="lead">${t(`setup.${name}.text`)}</p>${children}</div>
            <footer class="dialog-foot">${onBack && html`<button type="button" class="btn btn-lg" onClick=${onBack}>
                <${Icon} name="arrow-left" /> ${t(`setup.${back}`)}</button>`}<span class="grow"></span>
                ${wait && html`<span class="muted">${wait}</span>`}
                <button type="submit" class=${classes('btn btn-primary btn-lg', !ready && 'waiting')} disabled=${busy}>${button ?? t(`setup.${name}.button`)}</button></footer>
        </form><aside class="setup-aside"><section class="panel pad"><h3>${t('setup.asked')}</h3>${aside ?? [1, 2, 3].map((no) => html`
            <h4>${t(`setup.${name}.q${no}`)}</h4><p class="muted">${t(`setup.${name}.a${no}`)}</p>`)}</section></aside></div>`;
}

export function useStep(onNext) {
    const problem = useSignal(null);
    const busy = useSignal(false);
    const run = async (work) => {
        busy.value = true;
        try {
            await work();
            onNext();
        } catch (error) {
            problem.value = error;
        }
        busy.value = false;
    };
    return { problem, busy, run };
}

export function AccountStep({ token, onNext }) {
    const form = { name: useSignal('admin'), full: useSignal(''), password: useSignal(''), mode: useSignal(site.value.mode) };
    const { problem, busy, run } = useStep(onNext);
    const send = () => run(async () => {
        await adopt(await post('/setup', { token, name: form.name.value.trim(), full_name: form.full.value.trim(), password: form.password.value,
            language: language.value, site_mode: form.mode.value }, { open: true }));
    });
    const mode = (name) => html`<label class=${classes('choice', form.mode.value === name && 'chosen')}><input type="radio" name="mode" value=${name}
        checked=${form.mode.value === name} onChange=${() => (form.mode.value = name)} /><span><b>${t(`mode.${name}`)}</b>
        <small>${t(`mode.${name}.hint`)}</small></span></label>`;
    return html`
        <${Step} name="account" busy=${busy.value} onSubmit=${send}>
            <${ProblemSummary} problem=${problem.value} fields=${[['/name', t('login.name'), 'name'], ['/full_name', t('operator.full_name'), 'full_name'], ['/password', t('login.password'), 'password']]} />
            <div class="two"><${TextField} label=${t('operator.full_name')} hint=${t('operator.full_name.hint')} name="full_name" value=${form.full} first
                error=${fieldError(problem.value, '/full_name')} autocomplete="name" />
            <${TextField} label=${t('login.name')} hint=${t('operator.name.hint')} name="name" value=${form.name} error=${fieldError(problem.value, '/name')} autocomplete="username" /></div>
            <${TextField} label=${t('login.password')} hint=${t('login.password_hint')} type="password" name="password" value=${form.password}
                error=${fieldError(problem.value, '/password')} autocomplete="new-password" />
            <fieldset class="choices"><legend class="form-label">${t('mode.title')}</legend><div>${mode('training')}${mode('live')}</div></fieldset>
        <//>`;
}

const CURRENCIES = ['CNY', 'EUR', 'USD', 'GBP', 'JPY', 'INR', 'BRL', 'TRY', 'ZAR', 'AUD', 'CAD', 'CHF', 'HKD', 'SGD', 'THB', 'VND', 'IDR', 'PLN', 'SEK'];
// `now`: the currency of the site, which may be any.
export const currencyChoices = (now) => {
    const names = new Intl.DisplayNames(language.value, { type: 'currency' });
    return [...new Set([now, ...CURRENCIES])].map((code) => [code, `${code} · ${names.of(code)}`]);
};
export const zones = () => Intl.supportedValuesOf('timeZone');

export function SiteStep({ onNext, onBack, back }) {
    const ownZone = site.value.time_zone === 'UTC' ? Intl.DateTimeFormat().resolvedOptions().timeZone : site.value.time_zone; // UTC: not chosen yet
    const form = { name: useSignal(site.value.name ?? ''), currency: useSignal(site.value.currency_code), zone: useSignal(ownZone) };
    const { problem, busy, run } = useStep(onNext);
    const send = () => run(async () => {
        const change = { name: form.name.value.trim(), ...currency(form.currency.value), time_zone: form.zone.value };
        site.value = await patch('/settings', change, site.value.version);
    });
    return html`
        <${Step} name="site" busy=${busy.value} onSubmit=${send} onBack=${onBack} back=${back}>
            <${ProblemSummary} problem=${problem.value} fields=${[['/name', t('settings.name'), 'name'], ['/currency_code', t('settings.currency'), 'currency'], ['/time_zone', t('settings.time_zone'), 'zone']]} />
            <${TextField} label=${t('settings.name')} hint=${t('settings.name.hint')} name="name" value=${form.name} first error=${fieldError(problem.value, '/name')} />
            <${SelectField} label=${t('settings.currency')} hint=${t('settings.currency.hint')} name="currency" value=${form.currency} options=${currencyChoices(site.value.currency_code)} />
            <${SelectField} label=${t('settings.time_zone')} hint=${t('settings.time_zone.hint')} name="zone" value=${form.zone}
                options=${[...new Set([form.zone.value, ...zones()])].map((zone) => [zone, zone])} />
        <//>`;
}

// Amounts as a list in one field: 50 100 200 500. A comma inside of one could be a point or the end of it: it is refused.
export function parseList(text) {
    const words = text.split(/(?:[,，]?[\s;、；]+|[,，]$)/).filter(Boolean);
    const parts = words.map((word) => (/[,，]/.test(word) ? { error: 'amount.unclear' } : parseAmount(word)));
    return parts.length && parts.every((part) => part.minor) ? parts.map((part) => part.minor) : null;
}

export const localError = (pointer, code, message) => ({ code: 'bad_field', local: true, errors: [{ pointer, code, message }] });

export function LimitsStep({ onNext, onBack, back }) {
    const form = { consumption: useSignal(typed(site.value.consumption_limit_minor)), water: useSignal(typed(site.value.water_limit_minor)),
        presets: useSignal(site.value.presets_minor.map(typed).join(' ')) };
    const { problem, busy, run } = useStep(onNext);
    const send = () => run(async () => {
        const consumption = parseAmount(form.consumption.value);
        const water = parseAmount(form.water.value);
        const presets = parseList(form.presets.value);
        if (!consumption.minor) throw localError('/consumption_limit_minor', 'amount');
        if (!water.minor) throw localError('/water_limit_minor', 'amount');
        if (!presets) throw localError('/presets_minor', 'amounts');
        site.value = await patch('/settings', { consumption_limit_minor: consumption.minor, water_limit_minor: water.minor, presets_minor: presets }, site.value.version);
    });
    const error = (pointer) => fieldError(problem.value, pointer);
    return html`
        <${Step} name="limits" busy=${busy.value} onSubmit=${send} onBack=${onBack} back=${back}>
            <${ProblemSummary} problem=${problem.value} fields=${[['/consumption_limit_minor', t('settings.consumption_limit'), 'consumption'],
                ['/water_limit_minor', t('settings.water_limit'), 'water'], ['/presets_minor', t('settings.presets'), 'presets']]} />
            <div class="two"><${TextField} label=${t('settings.consumption_limit')} hint=${t('settings.consumption_limit.hint', { most: money(16777215) })} name="consumption"
                value=${form.consumption} first inputmode="decimal" error=${error('/consumption_limit_minor')} />
            <${TextField} label=${t('settings.water_limit')} hint=${t('settings.water_limit.hint', { most: money(131071) })} name="water" value=${form.water}
                inputmode="decimal" error=${error('/water_limit_minor')} /></div>
            <${TextField} label=${t('settings.presets')} hint=${t('settings.presets.hint')} name="presets" value=${form.presets} error=${error('/presets_minor')} />
        <//>`;
}

export const freshSite = async () => (site.value = await get('/settings'));
