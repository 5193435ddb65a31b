// Cases: cards that contradict the books, with the evidence; a supervisor closes them with a reason. Filters in the address.
import { html, useSignal } from '../lib/html.js';
import { t, whenText, fullText } from '../lib/i18n.js';
import { get, post } from '../lib/api.js';
import { may } from '../lib/session.js';
import { money, count, cardNo } from '../lib/money.js';
import { route, go, setQuery } from '../lib/route.js';
import { Icon } from '../parts/icon.js';
import { CardChip } from '../parts/card-state.js';
import { usePages, PagedTable } from '../parts/table.js';
import { Dialog, CloseButton } from '../parts/dialog.js';
import { TextField, ProblemSummary, fieldError } from '../parts/field.js';
import { useLoad, Loaded } from '../parts/async.js';

const SHOWN = { open: true, closed: false };
const kindText = (item) => t(`case_kind.${item.kind}`);

function CaseChip({ item }) {
    return item.closed_at ? html`<span class="chip idle"><${Icon} name="check" size="16" /> ${t('case.closed')}</span>`
        : html`<span class="chip bad"><${Icon} name="shield-x" size="16" /> ${t('case.open')}</span>`;
}

const columns = () => [
    { head: t('case.opened_at'), cell: (row) => html`<span class="muted">${whenText(row.opened_at)}</span>` },
    { head: t('table.state'), cell: (row) => html`<${CaseChip} item=${row} />` },
    { head: t('case.kind'), cell: (row) => html`<b>${kindText(row)}</b>` },
    { head: t('table.account'), cell: (row) => (row.purse ? t(`account.${row.purse}`) : '') },
    { head: t('table.person'), cell: (row) => row.card?.person.name ?? '' },
    { head: t('card.number'), number: true, cell: (row) => (row.card ? cardNo(row.card.card_no) : html`<span class="muted">${row.uid.toUpperCase()}</span>`) },
    { head: t('case.closed_by'), cell: (row) => (row.closed_at ? html`${row.closed_by.name} <span class="muted">${whenText(row.closed_at)}</span>` : '') },
];

// What the card showed beside what was booked; members that this kind of case does not have are left out.
function facts(item) {
    const { evidence } = item;
    const booked = evidence.booked ?? {};
    const amount = (value) => (value === undefined || value === null ? null : item.purse === 'times' ? count(value) : money(value));
    return [
        ['case.value', amount(evidence.value ?? evidence.shown_minor ?? evidence.opening), amount(booked.lowest_minor)],
        ['case.written_over', amount(evidence.written_over_minor), null],
        ['case.epoch', evidence.epoch_no, booked.committed_no],
        ['case.highest', null, booked.highest_no],
    ].filter(([, seen, book]) => (seen ?? null) !== null || (book ?? null) !== null);
}

function Evidence({ item }) {
    const rows = facts(item);
    const figure = (value) => html`<td class="number figures">${value ?? html`<span class="muted">–</span>`}</td>`;
    return html`<h3>${t('case.evidence')}</h3>
        ${rows.length > 0 && html`<table class="table rows compact"><thead><tr><th scope="col">${item.purse ? t(`account.${item.purse}`) : ''}</th>
            <th scope="col" class="number">${t('case.on_card')}</th><th scope="col" class="number">${t('case.in_books')}</th></tr></thead>
            <tbody>${rows.map(([name, seen, book]) => html`<tr><th scope="row">${t(name)}</th>${figure(seen)}${figure(book)}</tr>`)}</tbody></table>`}
        <details class="evidence" open=${rows.length === 0}><summary>${t('case.all_evidence')}</summary>
            <pre class="detail" tabindex="0">${JSON.stringify(item.evidence, null, 2)}</pre></details>`;
}

function Closed({ item }) {
    const still = item.card?.block;
    return html`<div class="facts"><div class="fact"><span>${t('case.closed_by')}</span><b>${item.closed_by.name}</b></div>
        <div class="fact"><span>${t('table.time')}</span><b>${fullText(item.closed_at)}</b></div></div>
        <p class="case-reason"><b>${t('case.reason')}</b> ${item.closed_reason}</p>
        ${item.card && html`<p class="muted" role="status">${t(still ? `case.still_${still}` : 'case.unlocked', { card: cardNo(item.card.card_no) })}</p>`}`;
}

function Case({ item, onClose, onChanged }) {
    const reason = useSignal('');
    const problem = useSignal(null);
    const busy = useSignal(false);
    const open = !item.closed_at;
    const close = async () => {
        if (!open || busy.value) return;
        busy.value = true;
        try {
            onChanged(await post(`/cases/${item.id}/close`, { reason: reason.value.trim() }, { repeatable: true }));
        } catch (error) {
            problem.value = error;
        }
        busy.value = false;
    };
    const person = item.card?.person;
    return html`<${Dialog} side title=${kindText(item)} hint=${t('case.since', { at: fullText(item.opened_at) })} onClose=${onClose} onSubmit=${open && may('cases.close') ? close : onClose}
        aside=${html`<${CaseChip} item=${item} />`}
        foot=${html`<span class="grow"></span>
            <${CloseButton} onClose=${onClose} label="act.back" />
            ${open && may('cases.close') && html`<button type="submit" class="btn btn-primary btn-lg" disabled=${busy.value}>${t('case.close')}</button>`}`}>
        <${ProblemSummary} problem=${problem.value} fields=${[['/reason', t('case.reason'), 'reason']]} />
        <p class="lead">${t(`case_kind.${item.kind}.text`)}</p>
        <div class="facts">${person && html`<div class="fact"><span>${t('table.person')}</span><b><a href=${`#/people/${person.id}`}>${person.name}</a></b></div>`}
            ${item.card && html`<div class="fact"><span>${t('card.number')}</span><b>${cardNo(item.card.card_no)}</b></div>
            <div class="fact"><span>${t('card.state')}</span><b><${CardChip} state=${item.card.block ? 'blocked' : item.card.state} /></b></div>`}
            <div class="fact"><span>${t('card.uid')}</span><b>${item.uid.toUpperCase()}</b></div></div>
        <${Evidence} item=${item} />
        ${!open && html`<${Closed} item=${item} />`}
        ${open && (may('cases.close') ? html`<${TextField} label=${t('case.reason')} hint=${t('case.reason.hint')} name="reason" value=${reason} first
            maxlength="400" error=${fieldError(problem.value, '/reason')} /><p class="muted">${t('case.no_money')}</p>`
            : html`<p class="warning"><${Icon} name="lock" /> ${t('case.supervisor')}</p>`)}
    <//>`;
}

function Opened({ id, onClose, onChanged }) {
    const state = useLoad(() => get(`/cases/${id}`), [id]);
    return html`<${Loaded} state=${state}>${(item) => html`<${Case} key=${item.closed_at ?? 'open'} item=${item} onClose=${onClose} onChanged=${(next) => {
        state.setData(next);
        onChanged();
    }} />`}<//>`;
}

export function render() {
    const { parts, query } = route.value;
    const turn = useSignal(0);
    const shown = query.state ?? 'open';
    const pages = usePages('/cases', { open: SHOWN[shown], card_id: query.card_id }, [shown, query.card_id, turn.value]);
    return html`<section class="panel"><div class="toolbar"><p class="grow muted">${t('cases.hint')}</p>
        ${query.card_id && html`<button type="button" class="btn" onClick=${() => setQuery({ card_id: '' })}><${Icon} name="x" size="18" /> ${t('cases.one_card')}</button>`}
        <div class="field"><label class="form-label" for="cases-state">${t('table.state')}</label>
            <select id="cases-state" class="form-select" onChange=${(event) => setQuery({ state: event.target.value })}>${['open', 'closed', 'all'].map((name) => html`
            <option value=${name} selected=${name === shown}>${t(name === 'all' ? 'filter.all' : `case.${name}`)}</option>`)}</select></div></div>
        <${PagedTable} pages=${pages} columns=${columns()} label=${t('nav.cases')} empty=${t(shown === 'open' ? 'cases.none_open' : 'cases.none')} chosen=${parts[1]}
            onOpen=${(row) => go(`cases/${row.id}`, query)} /></section>
        ${parts[1] && html`<${Opened} key=${parts[1]} id=${parts[1]} onClose=${() => go('cases', query)} onChanged=${() => (turn.value += 1)} />`}`;
}
