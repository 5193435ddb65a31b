// One person: head, purses, and everything that happened in one line of time, with a rail for each card.
import { html, useSignal, classes } from '../lib/html.js';
import { t, whenText, dayText } from '../lib/i18n.js';
import { get, post, csv } from '../lib/api.js';
import { may } from '../lib/session.js';
import { live } from '../lib/live.js';
import { site, money, figure, change, count, cardNo } from '../lib/money.js';
import { Icon } from './icon.js';
import { CardChip, ActChip } from './card-state.js';
import { useLoad, Loaded } from './async.js';
import { usePages, download } from './table.js';
import { Photo } from './photo.js';
import { lazy } from '../lib/lazy.js';
import { PersonDialog } from './people-dialogs.js';
import { ProblemSummary } from './field.js';
import { actText } from './desk-stage.js';

const PhotoDialog = lazy(() => import('./photo-dialog.js'), 'PhotoDialog');

const KIND_ICONS = { recharge: 'plus', withdraw: 'minus', issue: 'credit-card', unissue: 'credit-card-off', spend: 'tools-kitchen-2', opening: 'flag', debt_paid: 'check', correction: 'pencil' };

function Line({ item, cards }) {
    const lane = Math.max(0, cards.findIndex((card) => card.id === item.card?.id));
    const entries = item.entries;
    const amount = (entry) => (entry.account === 'times' ? `${entry.amount_minor > 0 ? '+' : ''}${count(entry.amount_minor)}` : change(entry.amount_minor));
    const after = (entry) => (entry.account === 'times' ? count(entry.balance_after_minor) : figure(entry.balance_after_minor));
    return html`<li><span class="muted">${whenText(item.at)}</span>
        <span class=${classes('rail', lane === 0 && 'now')} style=${{ '--lane': Math.min(lane, 1) }}><i></i></span>
        <span class="what"><${Icon} name=${item.operation?.reverses ? 'arrow-back-up' : KIND_ICONS[item.kind] ?? 'activity'} size="18" /><b>${actText(item)}</b>
            <span class="muted">${[item.desk, item.operator].filter(Boolean).join(', ')}</span>
            ${item.operation && item.operation.state !== 'completed' && html`<${ActChip} state=${item.operation.state} />`}</span>
        <span class="number">${entries.map((entry) => html`<b class=${classes('amount-line', entry.amount_minor > 0 && 'plus')}>${amount(entry)}</b>`)}</span>
        <span class="number muted">${entries.map((entry) => html`<span class="amount-line">${t(`purse.${entry.account}`)} ${after(entry)}</span>`)}</span></li>`;
}

function Timeline({ person, turn }) {
    const pages = usePages(`/people/${person.id}/timeline`, {}, [person.id, turn, live.value?.no]);
    const problem = useSignal(null);
    const busy = useSignal(false);
    const save = async () => {
        busy.value = true;
        problem.value = null;
        try {
            download(await csv('/transactions', { person_id: person.id }), `${person.personnel_no ?? person.name}.csv`);
        } catch (error) {
            problem.value = error.errors?.some((each) => each.code === 'too_many') ? { code: 'csv_too_long', local: true } : error;
        }
        busy.value = false;
    };
    return html`
        <div class="rails">${person.cards.map((card, index) => html`<span class="rail-key"><i class=${classes('dot', index === 0 && 'now')}></i>
            <b class="figures">${cardNo(card.card_no)}</b> <span class="muted">${t('card.since', { day: dayText(card.issued_on) })}</span>
            <${CardChip} state=${card.block ? 'blocked' : card.state} /></span>`)}<span class="grow"></span>
            <button type="button" class="btn btn-row" disabled=${busy.value} onClick=${save}><${Icon} name="file-spreadsheet" size="16" /> ${t('act.csv')}</button></div>
        ${problem.value && html`<div class="pad"><${ProblemSummary} problem=${problem.value} /></div>`}
        <${Loaded} state=${pages} empty=${t('entries.none')} rows="6">${(data) => html`<div class="timeline" tabindex="0" role="region" aria-label=${t('person.timeline')}>
            <ol>${data.items.map((item) => html`<${Line} key=${item.made} item=${item} cards=${person.cards} />`)}</ol>
            ${data.next_cursor && html`<p><button type="button" class="btn" disabled=${pages.busy} onClick=${pages.more}>${t('table.more')}</button></p>`}</div>`}<//>`;
}

const Purse = ({ icon, name, value }) => html`<div class="purse"><span class="purse-name"><${Icon} name=${icon} size="16" /> ${name}</span><b class="figures">${value}</b></div>`;

export function Person({ id, onBack }) {
    const turn = useSignal(0);
    const dialog = useSignal(null);
    const problem = useSignal(null);
    const state = useLoad(() => get(`/people/${id}`), [id, turn.value, live.value?.no]);
    const flip = (person) => async () => {
        try {
            await post(`/people/${id}/${person.state === 'active' ? 'deactivate' : 'activate'}`);
            turn.value += 1;
        } catch (error) {
            problem.value = error;
        }
    };
    const close = (changed) => {
        dialog.value = null;
        if (changed) turn.value += 1;
    };
    return html`<section class="panel" data-person=${id}><${Loaded} state=${state} rows="8">${(person) => html`
        <header class="person-head"><button type="button" class="switch" aria-label=${t('act.back')} onClick=${onBack}><${Icon} name="arrow-left" /></button>
            <${Photo} person=${person} size="small" /><div class="grow"><h2>${person.name}
                <span class=${`chip ${person.state === 'active' ? 'ok' : 'idle'}`}>${t(`person.${person.state}`)}</span></h2>
                <p class="muted">${[person.personnel_no, person.department?.name ?? t('person.no_department')].filter(Boolean).join(' · ')}</p></div>
            ${may('people.write') && html`<button type="button" class="btn" onClick=${flip(person)}><${Icon} name=${person.state === 'active' ? 'user-off' : 'user-check'} size="18" />
                ${t(person.state === 'active' ? 'person.deactivate' : 'person.activate')}</button>
            <button type="button" class="btn" onClick=${() => (dialog.value = 'photo')}><${Icon} name="user" size="18" /> ${t('photo.button')}</button>
            <button type="button" class="btn" onClick=${() => (dialog.value = 'edit')}><${Icon} name="pencil" size="18" /> ${t('act.edit')}</button>`}</header>
        <${ProblemSummary} problem=${problem.value} />
        ${person.balances && html`<div class="person-purses"><${Purse} icon="wallet" name=${t('purse.stored')} value=${money(person.balances.stored_minor)} />
            <${Purse} icon="gift" name=${t('purse.subsidy')} value=${money(person.balances.subsidy_minor)} />
            <${Purse} icon="droplet" name=${t('purse.water')} value=${money(person.balances.water_minor)} />
            ${site.value.uses_times !== false && html`<${Purse} icon="hash" name=${t('purse.times')} value=${count(person.balances.times)} />`}
            <${Purse} icon="alert-triangle" name=${t('purse.debt_name')} value=${money(person.balances.debt_minor)} /></div>`}
        ${person.balances?.in_transit_minor > 0 && html`<div class="line amber"><${Icon} name="hourglass" /> ${t('purse.in_transit', { amount: money(person.balances.in_transit_minor) })}</div>`}
        ${may('transactions.read') && html`<${Timeline} person=${person} turn=${turn.value} />`}
        ${dialog.value === 'edit' && html`<${PersonDialog} person=${person} onClose=${close} />`}
        ${dialog.value === 'photo' && html`<${PhotoDialog} person=${person} onClose=${close} />`}`}<//></section>`;
}

