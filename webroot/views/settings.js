// Settings of the site. What is sealed stays grey and says by what.
import { html, useSignal } from '../lib/html.js';
import { t, fullText } from '../lib/i18n.js';
import { patch, put, post } from '../lib/api.js';
import { may, adopt } from '../lib/session.js';
import { site, typed, parseAmount, money, currency } from '../lib/money.js';
import { Icon } from '../parts/icon.js';
import { TextField, SelectField, CheckField, ProblemSummary, fieldError } from '../parts/field.js';
import { currencyChoices, zones, parseList, localError, freshSite } from '../parts/setup-steps.js';
import { PasswordFields, usePassword } from '../parts/setup-password.js';

function useForm(send) {
    const problem = useSignal(null);
    const saved = useSignal(false);
    const submit = async (event) => {
        event.preventDefault();
        saved.value = false;
        try {
            await send();
            problem.value = null;
            saved.value = true;
        } catch (error) {
            problem.value = error;
        }
    };
    return { problem, saved, submit, error: (pointer) => fieldError(problem.value, pointer) };
}

const Saved = ({ form }) => html`<span role="status" class="chip ok" hidden=${!form.saved.value}><${Icon} name="check" size="16" /> ${t('settings.saved')}</span>`;

function Part({ title, hint, form, fields, children, button = 'settings.save' }) {
    return html`<form class="panel settings-part" onSubmit=${form.submit} novalidate><header class="panel-head"><h2>${title}</h2></header><div class="pad">
        ${hint && html`<p class="muted">${hint}</p><br />`}<${ProblemSummary} problem=${form.problem.value} fields=${fields} />${children}</div>
        <footer class="dialog-foot"><${Saved} form=${form} /><span class="grow"></span>
        <button type="submit" class="btn btn-primary" disabled=${button === 'settings.save' && !may('settings.write')}>${t(button)}</button></footer></form>`;
}

// An amount that must be there; anything else names its field.
function need(text, pointer, zero) {
    const amount = parseAmount(text);
    if (zero && /^0+(\.0*)?$/.test(text.trim())) return 0;
    if (!amount.minor) throw localError(pointer, 'amount');
    return amount.minor;
}

function SitePart() {
    const s = site.value;
    const f = { name: useSignal(s.name ?? ''), currency: useSignal(s.currency_code), zone: useSignal(s.time_zone), day: useSignal(s.day_starts_at) };
    const sealed = Boolean(s.money_sealed_at);
    const form = useForm(async () => {
        const change = { name: f.name.value.trim() };
        if (!sealed) Object.assign(change, { ...currency(f.currency.value), time_zone: f.zone.value, day_starts_at: f.day.value });
        site.value = await patch('/settings', change, site.value.version);
    });
    return html`<${Part} title=${t('settings.site')} form=${form} hint=${sealed ? t('settings.sealed', { at: fullText(s.money_sealed_at) }) : null}
        fields=${[['/name', t('settings.name'), 'name'], ['/currency_exponent', t('settings.currency'), 'currency'], ['/time_zone', t('settings.time_zone'), 'zone'], ['/day_starts_at', t('settings.day_starts'), 'day']]}>
        <${TextField} label=${t('settings.name')} name="name" value=${f.name} error=${form.error('/name')} />
        <div class="two"><${SelectField} label=${t('settings.currency')} name="currency" value=${f.currency} options=${currencyChoices(s.currency_code)} disabled=${sealed} error=${form.error('/currency_exponent')} />
        <${SelectField} label=${t('settings.time_zone')} name="zone" value=${f.zone} options=${[...new Set([s.time_zone, ...zones()])].map((zone) => [zone, zone])} disabled=${sealed} />
        <${TextField} label=${t('settings.day_starts')} hint=${t('settings.day_starts.hint')} type="time" name="day" value=${f.day} disabled=${sealed} error=${form.error('/day_starts_at')} /></div><//>`;
}

function LimitsPart() {
    const s = site.value;
    const f = { consumption: useSignal(typed(s.consumption_limit_minor)), water: useSignal(typed(s.water_limit_minor)), presets: useSignal(s.presets_minor.map(typed).join(' ')),
        step: useSignal(typed(s.withdraw_step_up_minor)), price: useSignal(typed(s.times_price_minor)), years: useSignal(`${s.card_valid_years ?? ''}`),
        negative: useSignal(s.drawer_may_go_negative), times: useSignal(s.uses_times) };
    const form = useForm(async () => {
        const presets = parseList(f.presets.value);
        if (!presets) throw localError('/presets_minor', 'amounts');
        site.value = await patch('/settings', { consumption_limit_minor: need(f.consumption.value, '/consumption_limit_minor'), water_limit_minor: need(f.water.value, '/water_limit_minor'),
            presets_minor: presets, withdraw_step_up_minor: need(f.step.value, '/withdraw_step_up_minor', true), times_price_minor: need(f.price.value, '/times_price_minor', true),
            card_valid_years: f.years.value ? Number(f.years.value) : null, drawer_may_go_negative: f.negative.value, uses_times: f.times.value }, site.value.version);
    });
    const field = (name, pointer, value, hint, rest) => html`<${TextField} label=${t(`settings.${name}`)} hint=${hint} name=${name} value=${value} error=${form.error(pointer)} ...${rest ?? {}} />`;
    const all = ['consumption_limit', 'water_limit', 'presets', 'withdraw_step_up', 'times_price'].map((name) => [`/${name}_minor`, t(`settings.${name}`), name]);
    return html`<${Part} title=${t('settings.limits')} form=${form} fields=${[...all, ['/card_valid_years', t('settings.card_valid_years'), 'card_valid_years']]}>
        <div class="two">${field('consumption_limit', '/consumption_limit_minor', f.consumption, t('settings.consumption_limit.hint', { most: money(16777215) }))}
        ${field('water_limit', '/water_limit_minor', f.water, t('settings.water_limit.hint', { most: money(131071) }))}
        ${field('presets', '/presets_minor', f.presets, t('settings.presets.hint'))}
        ${field('withdraw_step_up', '/withdraw_step_up_minor', f.step, t('settings.withdraw_step_up.hint'))}
        ${field('times_price', '/times_price_minor', f.price, t('settings.times_price.hint'))}
        ${field('card_valid_years', '/card_valid_years', f.years, t('settings.card_valid_years.hint'), { inputmode: 'numeric' })}</div>
        <${CheckField} label=${t('settings.uses_times')} name="uses_times" value=${f.times} />
        <${CheckField} label=${t('settings.drawer_may_go_negative')} name="negative" value=${f.negative} /><//>`;
}

// A live site takes real readers only: training is a server of its own, and this is where it is.
function TrainingPart() {
    const f = { url: useSignal(site.value.training_url ?? '') };
    const form = useForm(async () => {
        site.value = await patch('/settings', { training_url: f.url.value.trim() || null }, site.value.version);
    });
    const { training_url: url } = site.value;
    return html`<${Part} title=${t('settings.training')} hint=${t('settings.training.hint')} form=${form}
        fields=${[['/training_url', t('settings.training_url'), 'training_url']]}>
        <${TextField} label=${t('settings.training_url')} hint=${t('settings.training_url.hint')} type="url" name="training_url" value=${f.url} error=${form.error('/training_url')} />
        ${url && html`<p><a class="btn btn-lg" href=${url} target="_blank" rel="noopener noreferrer"><${Icon} name="school" /> ${t('settings.training.open')}</a></p>`}<//>`;
}

function SystemPassword() {
    const password = usePassword();
    const form = useForm(async () => {
        if (password.wait) throw { code: 'digits_wrong', local: true };
        await put('/settings/system-password', { digits: password.text() });
        await freshSite();
    });
    const sealed = site.value.cards_sealed_at;
    if (sealed || !may('settings.write')) {
        return html`<section class="panel settings-part"><header class="panel-head"><h2>${t('password.label')}</h2></header><div class="pad">
            <p class="warning"><${Icon} name="lock" /> ${sealed ? t('password.sealed_at', { at: fullText(sealed) }) : t(site.value.system_password_set ? 'password.set_already' : 'password.not_set')}</p></div></section>`;
    }
    return html`<${Part} title=${t('password.label')} hint=${t('setup.password.text')} form=${form} button="setup.password.button"><${PasswordFields} form=${password} first=${false} /><//>`;
}

function OwnPassword() {
    const f = { old: useSignal(''), next: useSignal('') };
    const form = useForm(async () => {
        await adopt(await post('/session/password', { old_password: f.old.value, new_password: f.next.value }));
        f.old.value = '';
        f.next.value = '';
    });
    return html`<${Part} title=${t('settings.own_password')} form=${form} button="settings.change_password" fields=${[['/new_password', t('settings.new_password'), 'new_password']]}>
        <div class="two"><${TextField} label=${t('settings.old_password')} type="password" name="old_password" value=${f.old} autocomplete="current-password" />
        <${TextField} label=${t('settings.new_password')} hint=${t('login.password_hint')} type="password" name="new_password" value=${f.next} autocomplete="new-password"
            error=${form.error('/new_password')} /></div><//>`;
}

export function render() {
    return html`<div class="settings"><${SitePart} /><${LimitsPart} /><${SystemPassword} />${site.value.mode === 'live' && html`<${TrainingPart} />`}<${OwnPassword} />
        <section class="panel settings-part"><header class="panel-head"><h2>${t('settings.about')}</h2></header><div class="pad"><p>${t(`mode.${site.value.mode}.hint`)}</p>
        <p class="muted">${t('settings.mode_fixed')}</p><br /><p><a href="docs/" target="_blank" rel="noopener">${t('settings.api')}</a> · <a href="docs/errors/" target="_blank" rel="noopener">${t('settings.help')}</a></p></div></section></div>`;
}
