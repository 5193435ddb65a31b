// Cards: by number, state or UID; one card beside the list.
import { html, useSignal, useEffect } from '../lib/html.js';
import { t, dayText } from '../lib/i18n.js';
import { get, patch } from '../lib/api.js';
import { may } from '../lib/session.js';
import { cardNo } from '../lib/money.js';
import { route, go, setQuery } from '../lib/route.js';
import { Icon } from '../parts/icon.js';
import { CardChip } from '../parts/card-state.js';
import { usePages, PagedTable, useSettled } from '../parts/table.js';
import { Dialog, CloseButton } from '../parts/dialog.js';
import { TextField, ProblemSummary, fieldError } from '../parts/field.js';
import { useLoad, Loaded } from '../parts/async.js';

const STATES = ['', 'issuing', 'active', 'damaged', 'lost', 'replaced', 'cancelled', 'scrapped'];

const columns = () => [
    { head: t('card.number'), number: true, cell: (row) => html`<b>${cardNo(row.card_no)}</b>` },
    { head: t('card.state'), cell: (row) => html`<${CardChip} state=${row.block ? 'blocked' : row.state} />` },
    { head: t('table.person'), cell: (row) => html`<a href=${`#/people/${row.person.id}`}>${row.person.name}</a>` },
    { head: t('person.number'), cell: (row) => row.person.personnel_no ?? '' },
    { head: t('card.printed_no'), cell: (row) => row.printed_no ?? '' },
    { head: t('card.uid'), cell: (row) => html`<span class="muted figures">${row.uid.toUpperCase()}</span>` },
    { head: t('card.issued'), cell: (row) => dayText(row.issued_on) },
    { head: t('card.valid_until'), cell: (row) => (row.expires_on ? dayText(row.expires_on) : t('card.always')) },
];

function Card({ card, onClose }) {
    const printed = useSignal(card.printed_no ?? '');
    const until = useSignal(card.expires_on ?? '');
    const problem = useSignal(null);
    const save = async () => {
        try {
            await patch(`/cards/${card.id}`, { printed_no: printed.value.trim() || null, expires_on: until.value || null }, card.version);
            onClose(true);
        } catch (error) {
            problem.value = error;
        }
    };
    const over = ['replaced', 'cancelled', 'scrapped'].includes(card.state);
    const error = (pointer) => fieldError(problem.value, pointer);
    return html`<${Dialog} side title=${t('card.title', { card: cardNo(card.card_no) })} hint=${card.person.name} onClose=${() => onClose(false)} onSubmit=${save}
        aside=${html`<${CardChip} state=${card.block ? 'blocked' : card.state} />`}
        foot=${html`<a class="btn btn-lg" href=${`#/people/${card.person.id}`}><${Icon} name="user" /> ${t('card.to_person')}</a><span class="grow"></span>
            <${CloseButton} onClose=${() => onClose(false)} />${may('cards.issue') && !over && html`<button type="submit" class="btn btn-primary btn-lg">${t('card.save')}</button>`}`}>
        <${ProblemSummary} problem=${problem.value} fields=${[['/printed_no', t('card.printed_no'), 'printed_no'], ['/expires_on', t('card.valid_until'), 'expires_on']]} />
        <div class="facts"><div class="fact"><span>${t('card.uid')}</span><b>${card.uid.toUpperCase()}</b></div>
            <div class="fact"><span>${t('card.chip')}</span><b>${card.chip.toUpperCase()}</b></div>
            <div class="fact"><span>${t('card.issued')}</span><b>${dayText(card.issued_on)}</b></div></div><br />
        <${TextField} label=${t('card.printed_no')} hint=${t('card.printed_no.hint')} name="printed_no" value=${printed} disabled=${over} error=${error('/printed_no')} />
        <${TextField} label=${t('card.valid_until')} hint=${t('card.valid_until.hint')} type="date" name="expires_on" value=${until} disabled=${over} error=${error('/expires_on')} />
    <//>`;
}

function Opened({ id, onClose }) {
    const state = useLoad(() => get(`/cards/${id}`), [id]);
    return html`<${Loaded} state=${state}>${(card) => html`<${Card} card=${card} onClose=${onClose} />`}<//>`;
}

export function render() {
    const { parts, query } = route.value;
    const text = useSignal(query.q ?? '');
    const turn = useSignal(0);
    const settled = useSettled(text.value.trim());
    useEffect(() => {
        if ((query.q ?? '') !== settled) setQuery({ q: settled });
    }, [settled]);
    const pages = usePages('/cards', { q: settled, state: query.state }, [settled, query.state, turn.value]);
    const close = (changed) => {
        if (changed) turn.value += 1;
        go('cards', query);
    };
    return html`<section class="panel"><div class="toolbar">
        <div class="field grow"><label class="form-label" for="cards-q">${t('cards.search')}</label>
            <input id="cards-q" class="form-control" type="search" value=${text.value} onInput=${(event) => (text.value = event.target.value)} /></div>
        <div class="field"><label class="form-label" for="cards-state">${t('card.state')}</label>
            <select id="cards-state" class="form-select" onChange=${(event) => setQuery({ state: event.target.value })}>${STATES.map((state) => html`
            <option value=${state} selected=${state === (query.state ?? '')}>${t(state ? `chip.${state}` : 'filter.all')}</option>`)}</select></div></div>
        <${PagedTable} pages=${pages} columns=${columns()} label=${t('nav.cards')} empty=${t('cards.none')} chosen=${parts[1]}
            onOpen=${(row) => go(`cards/${row.id}`, query)} /></section>
        ${parts[1] && html`<${Opened} key=${parts[1]} id=${parts[1]} onClose=${close} />`}`;
}
