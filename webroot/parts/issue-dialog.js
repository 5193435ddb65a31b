// Gives the blank card on the reader to a person: one who is known, or a new one.
import { html, useSignal, useEffect, useRef, classes } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { get, newKey } from '../lib/api.js';
import { session, may } from '../lib/session.js';
import { act, begin } from '../lib/live.js';
import { cardNo } from '../lib/money.js';
import { play } from '../lib/sound.js';
import { issuable } from '../lib/desk-state.js';
import { Dialog, CloseButton } from './dialog.js';
import { TextField, ProblemSummary, fieldError } from './field.js';
import { useLoad } from './async.js';
import { useSettled } from './table.js';
import { DepartmentSelect } from './department-select.js';
import { Icon } from './icon.js';
import { useMake } from './make.js';
import { Photo } from './photo.js';

// Asks the desk to issue the card of `presentationId` to a person; the act then runs like any other.
export async function issueCard({ personId, presentationId, printedNo, key }) {
    const body = { kind: 'issue', presentation_id: presentationId, person_id: personId };
    await begin(`/desks/${session.value.desk.id}/operations`, printedNo ? { ...body, printed_no: printedNo } : body, { key });
}

function Known({ chosen, onPick, fixed }) {
    const text = useSignal('');
    const settled = useSettled(text.value.trim(), 120);
    const found = useLoad(async () => ({ text: settled, ...await get('/people', { q: settled, state: 'active', limit: 6 }) }), [settled]);
    const items = found.data?.items ?? [];
    // Until the answer to what is typed is there, the list is that of an earlier text: an arrow waits for it.
    const current = found.data?.text === text.value.trim();
    const waiting = useRef(0);
    const free = (person) => !person.card || ['replaced', 'cancelled', 'scrapped'].includes(person.card.state);
    const move = (step) => {
        const open = items.filter(free);
        if (open.length) onPick(open[(open.findIndex((person) => person.id === chosen?.id) + step + open.length) % open.length]);
    };
    const keys = (event) => {
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (!step || fixed) return;
        event.preventDefault();
        if (current) move(step);
        else waiting.current = step;
    };
    useEffect(() => {
        if (current && waiting.current) move(waiting.current);
        if (current) waiting.current = 0;
    }, [current]);
    return html`
        <label class="form-label" for="issue-find">${t('issue.find')}</label>
        <input id="issue-find" name="person" class="form-control big" autocomplete="off" data-first readonly=${fixed} value=${text.value} onKeyDown=${keys}
            onInput=${(event) => {
                text.value = event.target.value;
                onPick(null);
            }} />
        <ul class="found" aria-label=${t('find.results')} aria-busy=${!current}>${items.map((person) => html`
            <li key=${person.id} class=${classes(person.id === chosen?.id && 'chosen', !free(person) && 'off')}>
                <button type="button" disabled=${fixed || !free(person)} aria-pressed=${person.id === chosen?.id} onClick=${() => onPick(person)}>
                <${Photo} person=${person} size="tiny" /><span class="grow"><b>${person.name}</b><small>${[person.personnel_no, person.department?.name].filter(Boolean).join(' · ')}</small></span>
                ${!free(person) && html`<span class="muted">${t('issue.has_card', { card: cardNo(person.card.card_no) })}</span>`}</button></li>`)}</ul>`;
}

function NewPerson({ form, problem, fixed }) {
    return html`
        <${TextField} label=${t('person.name')} name="name" value=${form.name} first readonly=${fixed} error=${fieldError(problem, '/name')} />
        <${TextField} label=${t('person.number')} hint=${t('person.number.hint')} name="personnel_no" value=${form.number} readonly=${fixed}
            error=${fieldError(problem, '/personnel_no')} />
        <${DepartmentSelect} value=${form.department} disabled=${fixed} />`;
}

export function IssueDialog({ card, stage, onClose }) {
    const mode = useSignal('known');
    const chosen = useSignal(null);
    const form = { name: useSignal(''), number: useSignal(''), department: useSignal('') };
    const printed = useSignal('');
    const problem = useSignal(null);
    const busy = useSignal(false);
    const key = useRef(newKey());
    const asked = useRef(null); // what was asked for last
    const unheard = useSignal(false); // nobody knows whether that was begun: only the same may be asked again
    const person = useMake('/people');
    const fixed = unheard.value || person.fixed;
    const here = issuable(stage);
    const ready = here || unheard.value;
    const target = mode.value === 'known' ? chosen.value?.name : form.name.value.trim();
    const personId = async () => {
        if (mode.value === 'known') return chosen.value.id;
        const made = await person.make({ name: form.name.value.trim(), personnel_no: form.number.value.trim() || undefined,
            department_id: form.department.value || undefined });
        chosen.value = made;
        mode.value = 'known'; // a second try must not make a second person
        return made.id;
    };
    // It may have begun although its answer was lost: the desk hears of it then.
    useEffect(() => {
        if (act.value?.id === key.current) onClose();
    }, [act.value?.id]);
    const send = async () => {
        if (busy.value) return;
        if (!target || !ready) {
            problem.value = { code: ready ? 'nobody_chosen' : 'no_card', local: true };
            play('failure');
            return;
        }
        busy.value = true;
        try {
            if (!unheard.value) asked.current = { personId: await personId(), presentationId: card?.presentation_id, printedNo: printed.value.trim(), key: key.current };
            await issueCard(asked.current);
            onClose();
        } catch (error) {
            unheard.value = Boolean(error.unheard) && !error.local;
            problem.value = unheard.value ? { code: 'unheard', local: true } : error;
            play('failure');
        }
        busy.value = false;
    };
    return html`
        <${Dialog} title=${t('issue.title')} hint=${t('issue.hint')} onClose=${onClose} onSubmit=${send} class="issue"
            aside=${html`<span class=${`chip ${here ? 'ok' : 'amber'}`}><${Icon} name=${here ? 'circle-check' : 'reload'} size="16" />
                ${t(here ? 'dialog.on_reader' : 'dialog.put_back')}</span>`}
            foot=${html`<span class="grow"></span><${CloseButton} onClose=${onClose} /><button type="submit" class="btn btn-primary btn-xl" disabled=${busy.value}>
                ${target ? t('issue.to', { name: target }) : t('issue.button')} <kbd>Enter</kbd></button>`}>
            <${ProblemSummary} problem=${problem.value} fields=${[['/name', t('person.name'), 'name'], ['/personnel_no', t('person.number'), 'personnel_no']]} />
            ${may('people.write') && html`<div class="segments" role="group" aria-label=${t('issue.who')}>${['known', 'new'].map((name) => html`
                <button type="button" class=${classes(mode.value === name && 'chosen')} aria-pressed=${mode.value === name} disabled=${fixed}
                    onClick=${() => (mode.value = name)}>${t(`issue.${name}`)}</button>`)}</div>`}
            ${mode.value === 'known' ? html`<${Known} chosen=${chosen.value} fixed=${fixed} onPick=${(person) => (chosen.value = person)} />`
                : html`<${NewPerson} form=${form} problem=${problem.value} fixed=${fixed} />`}
            <${TextField} label=${t('card.printed_no')} hint=${t('card.printed_no.hint')} name="printed_no" value=${printed} readonly=${fixed} />
        <//>`;
}
