// Recharge and withdraw: both accounts side by side, presets, old and new balance, and a button that names act and amount.
import { html, useSignal, useEffect, useLayoutEffect, useRef, classes } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { post, newKey, serverAway } from '../lib/api.js';
import { session, chooseDesk, loadSite } from '../lib/session.js';
import { act, begin, streamLost } from '../lib/live.js';
import { site, money, count, cardNo, typed, parseAmount, hasMarks, symbol } from '../lib/money.js';
import { room } from '../lib/desk-state.js';
import { bindKeys } from '../lib/keys.js';
import { play } from '../lib/sound.js';
import { Dialog, CloseButton } from './dialog.js';
import { ProblemSummary, TextField } from './field.js';
import { Icon } from './icon.js';
import { Photo } from './photo.js';

const PRESET_KEYS = ['F6', 'F7', 'F8', 'F9'];
const ICONS = { consumption: 'tools-kitchen-2', water: 'droplet', times: 'hash' };
const show = (purse, value) => (purse === 'times' ? count(value) : money(value));

// What stands in a field: {empty} or {minor} or {error: text}.
function judge(text, purse, kind, most, now) {
    const amount = parseAmount(text, purse === 'times' ? 0 : undefined);
    if (!amount.minor) return amount.error ? { error: t(amount.error) } : amount;
    if (amount.minor <= most) return amount;
    const values = { balance: show(purse, now), most: show(purse, most), limit: show(purse, now + most) };
    return { error: t(kind === 'recharge' ? 'amount.over_limit' : `amount.short_${purse === 'consumption' ? 'stored' : 'other'}`, values) };
}

function Amount({ purse, kind, text, verdict, tried, limits, first, onFocus, fixed }) {
    const id = `amount-${purse}`;
    const now = limits.now[purse];
    const most = limits[kind][purse];
    const error = verdict.error && (tried || verdict.minor || text.value.length > 0) ? verdict.error : null;
    const after = verdict.minor ? now + (kind === 'recharge' ? verdict.minor : -verdict.minor) : null;
    const presets = purse === 'times' ? [5, 10, 20, 30] : site.value.presets_minor;
    return html`
        <div class="amount">
            <label class="form-label" for=${id}><${Icon} name=${ICONS[purse]} /> ${t(`account.${purse}`)}</label>
            <div class=${classes('amount-field', error && 'wrong')}><span aria-hidden="true">${purse === 'times' ? '×' : symbol()}</span>
                <input id=${id} name=${purse} inputmode="decimal" autocomplete="off" value=${text.value} data-first=${first} readonly=${fixed}
                    onInput=${(event) => (text.value = event.target.value)} onFocus=${onFocus} aria-invalid=${error ? 'true' : undefined}
                    aria-describedby=${`${id}-line`} /></div>
            <div class="presets" role="group" aria-label=${t('amount.presets')}>${presets.map((preset, index) => html`
                <button type="button" class=${classes('btn preset', verdict.minor === preset && 'chosen')} aria-pressed=${verdict.minor === preset} disabled=${fixed}
                    onClick=${() => {
                        text.value = typed2(purse, preset);
                        document.getElementById(id).focus();
                    }}>${typed2(purse, preset)}${first && PRESET_KEYS[index] ? html` <kbd>${PRESET_KEYS[index]}</kbd>` : ''}</button>`)}</div>
            <p class="old-new figures"><span>${show(purse, now)}</span>${after !== null && !error && html`
                <${Icon} name="arrow-right" size="18" /><b>${show(purse, after)}</b>`}</p>
            <p class=${classes('amount-line', error && 'field-error')} id=${`${id}-line`}>${error
                ?? (verdict.minor && hasMarks(text.value) ? t('amount.understood', { amount: show(purse, verdict.minor) })
                    : t(`amount.room_${kind}`, { most: show(purse, most) }))}</p>
        </div>`;
}
const typed2 = (purse, value) => (purse === 'times' ? `${value}` : typed(value));

// The card this dialog was opened for: on the reader, away, or another one in its place.
function presence(card, stage, first) {
    if (!card) return ['amber', 'reload', 'dialog.put_back'];
    if (card.card?.id !== first.card.id) return ['bad', 'alert-triangle', 'dialog.other_card'];
    if (stage === 'server_away') return ['amber', 'wifi-off', 'dialog.wait'];
    return stage === 'active' ? ['ok', 'circle-check', 'dialog.on_reader'] : ['idle', 'clock', 'dialog.wait'];
}

// Why the card on the reader takes no act at this moment, in the words of the server.
const NOT_NOW = { writing: 'operation_open', in_doubt: 'card_in_doubt', issuing: 'operation_open', reading: 'card_changed' };

function problemExtra(problem, kind) {
    if (problem?.code === 'over_limit') return t('amount.over_limit', { balance: show(problem.purse, problem.balance_minor), limit: show(problem.purse, problem.limit_minor), most: show(problem.purse, problem.largest_minor) });
    if (problem?.code === 'short') return t('amount.short_other', { balance: show(problem.purse, problem.balance_minor), most: show(problem.purse, problem.largest_minor) });
    if (problem?.code === 'drawer_short') return t('amount.drawer_short', { most: money(problem.largest_minor) });
    return problem && kind && undefined;
}

export function MoneyDialog({ kind, card, stage, onClose }) {
    const first = useRef(card).current;
    const texts = { consumption: useSignal(''), water: useSignal(''), times: useSignal('') };
    const mode = useSignal('money');
    const focused = useSignal('consumption');
    const tried = useSignal(false);
    const problem = useSignal(null);
    const password = useSignal('');
    const stepUp = useSignal(false);
    const busy = useSignal(false);
    const key = useRef(newKey());
    const asked = useRef(null); // what was asked for last
    const fixed = useSignal(false); // nobody knows whether that was begun: only the same may be asked again
    const shown = card?.card?.id === first.card.id ? card : first;
    const limits = room(shown.balances, site.value);
    const purses = mode.value === 'money' ? ['consumption', 'water'] : ['times'];
    const verdicts = Object.fromEntries(purses.map((purse) => [purse, judge(texts[purse].value, purse, kind, limits[kind][purse], limits.now[purse])]));
    const sum = purses.reduce((total, purse) => total + (verdicts[purse].minor ?? 0), 0);
    const cash = mode.value === 'times' ? sum * (site.value.times_price_minor ?? 0) : sum;
    const [tone, icon, word] = presence(card, stage, first);
    const away = (serverAway.value || streamLost.value) && !problem.value;
    const wrong = purses.some((purse) => verdicts[purse].error);

    useLayoutEffect(() => bindKeys({
        ...Object.fromEntries(PRESET_KEYS.map((name, index) => [name, () => {
            if (fixed.value) return;
            const purse = mode.value === 'times' ? 'times' : focused.value;
            const preset = purse === 'times' ? [5, 10, 20, 30][index] : site.value.presets_minor[index];
            if (preset !== undefined) texts[purse].value = typed2(purse, preset);
        }])),
    }), []);
    // The price of times may have changed since this page was loaded.
    useEffect(() => {
        loadSite().catch(() => null);
    }, []);
    // It may have begun although its answer was lost: the desk hears of it then.
    useEffect(() => {
        if (act.value?.id === key.current) onClose();
    }, [act.value?.id]);

    const send = async () => {
        if (busy.value) return;
        tried.value = true;
        if (wrong || sum === 0) {
            problem.value = wrong ? null : { code: 'nothing_to_do', local: true };
            play('failure');
            document.querySelector(`dialog input[name=${purses.find((purse) => verdicts[purse].error) ?? purses[0]}]`)?.focus();
            return;
        }
        // While the server is away the act may be sent all the same: it is heard when the server is back, for this card only.
        const waits = stage === 'server_away' && card?.card?.id === first.card.id;
        if (tone !== 'ok' && !fixed.value && !waits) {
            problem.value = { code: tone === 'bad' ? 'card_changed' : card ? NOT_NOW[stage] ?? 'card_state' : 'no_card', local: true };
            play('failure');
            return;
        }
        busy.value = true;
        try {
            await confirm();
        } catch (error) {
            fixed.value = Boolean(error.unheard);
            stepUp.value = error.code === 'step_up_required' || (stepUp.value && error.code === 'login_failed');
            const dearer = error.errors?.some((each) => each.pointer === '/price_minor'); // or cheaper
            if (dearer) await loadSite().catch(() => null);
            problem.value = dearer ? { code: 'price_changed', local: true } : error.unheard ? { code: 'unheard', local: true } : error.code === 'step_up_required' ? null : error;
            play('failure');
        }
        busy.value = false;
    };
    const takeBack = () => chooseDesk(session.value.desk.id, true).then(() => {
        problem.value = null;
        document.querySelector(`dialog input[name=${purses[0]}]`)?.focus();
    }, (error) => (problem.value = error));
    const confirm = async () => {
        const grant = stepUp.value ? await post('/session/step-up', { password: password.value, operation_id: key.current, purpose: kind }) : null;
        const members = { consumption: 'consumption_minor', water: 'water_minor', times: 'times' };
        const amounts = Object.fromEntries(purses.filter((purse) => verdicts[purse].minor).map((purse) => [members[purse], verdicts[purse].minor]));
        if (!fixed.value) asked.current = { kind, presentation_id: card.presentation_id, ...amounts,
            price_minor: mode.value === 'times' ? cash : undefined };
        await begin(`/desks/${session.value.desk.id}/operations`, asked.current, { key: key.current, stepUp: grant?.token });
        onClose();
    };
    const buttonText = mode.value === 'times' ? t(`${kind}.button_times`, { count: sum }) : t(`${kind}.button`, { amount: money(sum) });
    return html`
        <${Dialog} title=${t(`action.${kind}`)} hint=${t('dialog.whom', { name: first.person.name, card: cardNo(first.card.card_no) })}
            class="money" icon=${html`<${Photo} person=${first.person} size="small" />`} onClose=${onClose} onSubmit=${send}
            aside=${html`<span class=${`chip ${tone}`} role="status"><${Icon} name=${icon} size="16" /> ${t(word)}</span>`}
            foot=${html`<div class="grow cash-sum"><span>${t(kind === 'recharge' ? 'cash.take' : 'cash.pay')}</span><b class="figures">${money(cash)}</b></div>
                <${CloseButton} onClose=${onClose} />
                <button type="submit" class="btn btn-primary btn-xl" disabled=${busy.value}>${sum ? buttonText : t(`action.${kind}`)} <kbd>Enter</kbd></button>`}>
            <${ProblemSummary} problem=${problem.value} extra=${problemExtra(problem.value, kind)} />
            ${problem.value?.code === 'wrong_desk' && html`<p><button type="button" class="btn btn-lg" onClick=${takeBack}>${t('desk.take_back')}</button></p>`}
            ${away && html`<p class="line amber" role="status"><${Icon} name="wifi-off" size="20" /> ${t(busy.value ? 'dialog.asking_again' : 'dialog.server_away')}</p>`}
            ${site.value.uses_times !== false && html`<div class="segments" role="group" aria-label=${t('amount.what')}>
                ${['money', 'times'].map((name) => html`<button type="button" class=${classes(mode.value === name && 'chosen')}
                    aria-pressed=${mode.value === name} disabled=${fixed.value} onClick=${() => (mode.value = name)}>${t(`amount.${name}`)}</button>`)}</div>`}
            <div class="amounts">${purses.map((purse, index) => html`<${Amount} key=${purse} purse=${purse} kind=${kind} text=${texts[purse]}
                verdict=${verdicts[purse]} tried=${tried.value} limits=${limits} first=${index === 0} fixed=${fixed.value} onFocus=${() => (focused.value = purse)} />`)}</div>
            ${shown.balances.debt_minor > 0 && kind === 'recharge' && html`<p class="line amber">${t('purse.debt_first', { amount: money(shown.balances.debt_minor) })}</p>`}
            ${stepUp.value && html`<${TextField} label=${t('step_up.label')} hint=${t('step_up.hint')} type="password" name="password" value=${password} first />`}
        <//>`;
}
