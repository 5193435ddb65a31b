// In doubt: what was being written is neither done nor undone until the same card answers. Nothing here decides by itself.
import { html, useSignal, useEffect, classes } from '../lib/html.js';
import { t, clockText, hasText } from '../lib/i18n.js';
import { post } from '../lib/api.js';
import { act, log, settled } from '../lib/live.js';
import { money, cardNo, count } from '../lib/money.js';
import { cashOf } from './desk-band.js';
import { Reader } from './desk-stage.js';
import { Icon } from './icon.js';
import { ProblemSummary } from './field.js';
import { printReceipt } from './receipt.js';

const LEG = { C: ['ok', 'check', 'leg.proven'], P: ['amber', 'help', 'leg.open'], X: ['idle', 'x', 'leg.void'] };

function useSince(at) {
    const now = useSignal(Date.now());
    useEffect(() => {
        const timer = setInterval(() => (now.value = Date.now()), 1000);
        return () => clearInterval(timer);
    }, []);
    const seconds = Math.max(0, Math.round((now.value - new Date(at)) / 1000));
    return `${Math.floor(seconds / 60)}:${`${seconds % 60}`.padStart(2, '0')}`;
}

function Legs({ operation }) {
    return html`<div class="legs">${operation.legs.filter((leg) => leg.purse).map((leg) => {
        const [tone, icon, word] = LEG[leg.state];
        return html`<div><span class="grow">${t(`account.${leg.purse}`)}</span>
            <b class="figures">${leg.purse === 'times' ? count(leg.amount_minor) : money(leg.amount_minor)}</b>
            <span class=${`chip ${tone}`}><${Icon} name=${icon} size="16" /> ${t(word)}</span></div>`;
    })}</div>`;
}

// The act is on the card itself: no cash is involved, and once begun it cannot be undone.
const ofCard = (operation) => ['issue', 'unissue'].includes(operation.kind);

export function Doubt({ card }) {
    const operation = act.value;
    const problem = useSignal(null);
    const since = useSince(operation.created_at);
    const amount = money(cashOf(operation));
    const locked = ofCard(operation) && card?.read_state === 'locked';
    const cancel = (scrap) => async () => {
        try {
            act.value = await post(`/operations/${operation.id}/cancel`, scrap ? { scrap } : {}, { repeatable: true });
        } catch (error) {
            problem.value = error;
        }
    };
    const next = () => (act.value = null);
    return html`
        <section class="panel card-panel" role="alert">
            <header class="band amber tall" data-state="in_doubt"><${Icon} name="reload" size="48" /><div class="grow"><h2>${t(locked ? 'doubt.locked_title' : 'state.in_doubt')}</h2>
                <p>${t(locked ? 'doubt.locked' : card ? 'doubt.reading' : `doubt.what_${operation.kind}`, { amount })}</p></div></header>
            <div class="idle-stage"><${Reader} tone="amber" /><div class="grow"><h3>${operation.person.name}</h3>
                <p class="muted">${t('doubt.card', { card: cardNo(operation.card.card_no) })}</p><${Legs} operation=${operation} /></div></div>
        </section>
        ${!ofCard(operation) && html`<section class="panel hand"><${Icon} name="hand-stop" size="40" /><div>
            <h3>${t(`doubt.cash_${operation.kind}`)}</h3><p class="muted">${t(`doubt.cash_${operation.kind}.hint`, { amount })}</p></div></section>`}
        <section class="panel fill guide"><h3>${t(locked ? 'guide.title' : 'doubt.tells')}</h3>
            ${!locked && html`<p class="tell"><${Icon} name="circle-check" /> ${t(`doubt.done_${operation.kind}`)}</p>
            <p class="tell"><${Icon} name="reload" /> ${t(`doubt.again_${operation.kind}`, { amount })}</p>`}
            <p class="muted">${t(ofCard(operation) ? 'doubt.gone_card' : 'doubt.gone', { name: operation.person.name })}</p>
            <${ProblemSummary} problem=${problem.value} />
            <div class="row-actions">
                ${!ofCard(operation) && html`<button type="button" class="btn btn-lg" onClick=${() => printReceipt(operation)}><${Icon} name="printer" /> ${t('doubt.slip')}</button>`}
                <button type="button" class="btn btn-lg" onClick=${next}><${Icon} name="arrow-right" /> ${t('doubt.next')}</button>
                ${!operation.cancel_requested && !ofCard(operation) && html`<button type="button" class="btn btn-lg" onClick=${cancel(false)}>
                    <${Icon} name="arrow-back-up" /> ${t('doubt.void')}</button>`}
                ${ofCard(operation) && html`<button type="button" class=${locked ? 'btn btn-lg btn-primary' : 'btn btn-lg'} onClick=${cancel(true)}>
                    <${Icon} name="trash" /> ${t('doubt.scrap')}</button>`}
                <span class="grow"></span>
                <span class="muted small">${t('doubt.open_for', { id: operation.id.slice(-8).toUpperCase(), since })}</span></div>
            ${operation.cancel_requested && html`<p class="muted">${t('doubt.void_asked')}</p>`}
        </section>`;
}

// Decided without us: the card answered on another reader, or the act was given up. The cash is still ours.
export function Settled() {
    const operation = settled.value;
    if (!operation) return null;
    const done = operation.state === 'completed';
    const values = { name: operation.person.name, amount: money(cashOf(operation)), card: cardNo(operation.card.card_no) };
    const given = operation.card.state === 'scrapped'; // up, for ever
    const word = `settled.${done ? operation.kind : given ? 'scrapped' : ofCard(operation) ? `aborted_${operation.kind}` : 'aborted'}`;
    const cash = operation.cash_to_pay_minor ? ['cash.pay_now', operation.cash_to_pay_minor]
        : operation.cash_to_return_minor ? ['cash.give_back', operation.cash_to_return_minor] : null;
    return html`
        <section class=${classes('panel hand', done && 'settled')} role="status"><${Icon} name=${done ? 'circle-check' : 'circle-x'} size="40" /><div class="grow">
            <h2>${t(word, values)}</h2>
            <p class="muted">${t(hasText(`${word}.hint`) ? `${word}.hint` : 'settled.hint', values)}</p>
            ${cash && html`<p class="cash"><${Icon} name="cash" /> ${t(cash[0], { amount: money(cash[1]) })}</p>`}</div>
            <button type="button" class="btn btn-lg" onClick=${() => (settled.value = null)}>${t('act.done')}</button></section>`;
}

export const WhatHappened = () => html`
    <section class="panel new-cards fill"><header class="panel-head"><h3>${t('doubt.happened')}</h3></header>
        <ol class="steps">${log.value.map((step) => html`<li><span class="muted figures">${clockText(step.at)}</span> ${t(step.key, step.values)}</li>`)}
            <li><span class="muted">${t('doubt.now')}</span> ${t('doubt.waiting')}</li></ol></section>`;
