// People: the tree of departments, a search over everybody, and one person with one timeline over all their cards.
import { html, useSignal, useEffect, classes } from '../lib/html.js';
import { t } from '../lib/i18n.js';

import { may } from '../lib/session.js';
import { cardNo, count } from '../lib/money.js';
import { route, go, setQuery } from '../lib/route.js';
import { Icon } from '../parts/icon.js';
import { CardChip } from '../parts/card-state.js';
import { usePages, PagedTable, useSettled } from '../parts/table.js';
import { useDepartments } from '../parts/department-select.js';
import { Loaded } from '../parts/async.js';
import { PersonDialog, DepartmentDialog } from '../parts/people-dialogs.js';
import { Person } from '../parts/person.js';
import { Photo } from '../parts/photo.js';

function Tree({ departments, chosen, onChoose }) {
    const shut = useSignal(new Set());
    const hidden = (department) => {
        for (let at = departments.find((d) => d.id === department.parent_id); at; at = departments.find((d) => d.id === at.parent_id)) {
            if (shut.value.has(at.id)) return true;
        }
        return false;
    };
    const has = (id) => departments.some((d) => d.parent_id === id);
    const sum = (department) => department.people_count + departments.filter((d) => d.parent_id === department.id).reduce((all, d) => all + sum(d), 0);
    const keys = (department) => (event) => {
        if (!['ArrowLeft', 'ArrowRight'].includes(event.key)) return;
        const next = new Set(shut.value);
        if (event.key === 'ArrowLeft') next.add(department.id);
        else next.delete(department.id);
        shut.value = next;
    };
    return html`<nav class="tree" aria-label=${t('people.departments')}>
        <button type="button" class=${classes(!chosen && 'chosen')} aria-current=${chosen ? undefined : 'true'} onClick=${() => onChoose('')}>
            <${Icon} name="users" size="16" /><span class="grow">${t('people.all')}</span></button>
        ${departments.filter((d) => !hidden(d)).map((d) => html`
        <button type="button" key=${d.id} class=${classes(chosen === d.id && 'chosen')} aria-current=${chosen === d.id ? 'true' : undefined}
            aria-expanded=${has(d.id) ? !shut.value.has(d.id) : undefined} style=${{ paddingLeft: `${0.5 + d.level}rem` }}
            onClick=${() => onChoose(d.id)} onKeyDown=${keys(d)}>
            <${Icon} name=${has(d.id) ? (shut.value.has(d.id) ? 'chevron-right' : 'chevron-down') : 'minus'} size="16" />
            <span class="grow">${d.name}</span><span class="number">${count(sum(d))}</span></button>`)}</nav>`;
}

const columns = () => [
    { head: t('person.name'), cell: (row) => html`<span class="with-photo"><${Photo} person=${row} size="tiny" /><b>${row.name}</b></span>` },
    { head: t('person.number'), cell: (row) => row.personnel_no ?? '' },
    { head: t('person.department'), cell: (row) => row.department?.name ?? '' },
    { head: t('card.number'), number: true, cell: (row) => (row.card ? cardNo(row.card.card_no) : '') },
    { head: t('card.state'), cell: (row) => (row.card ? html`<${CardChip} state=${row.card.block ? 'blocked' : row.card.state} />` : html`<span class="muted">${t('card.no_card')}</span>`) },
    { head: t('person.state'), cell: (row) => (row.state === 'active' ? '' : html`<span class="chip idle">${t(`person.${row.state}`)}</span>`) },
];

function List({ query, onNew }) {
    const text = useSignal(query.q ?? '');
    const settled = useSettled(text.value.trim());
    const pages = usePages('/people', { q: settled, department_id: query.department, state: query.state }, [settled, query.department, query.state]);
    useEffect(() => {
        if ((query.q ?? '') !== settled) setQuery({ q: settled });
    }, [settled]);
    return html`<section class="panel">
        <div class="toolbar"><div class="field grow"><label class="form-label" for="people-q">${t('people.search')}</label>
            <input id="people-q" class="form-control" type="search" value=${text.value} onInput=${(event) => (text.value = event.target.value)} /></div>
            <div class="field"><label class="form-label" for="people-state">${t('person.state')}</label>
            <select id="people-state" class="form-select" onChange=${(event) => setQuery({ state: event.target.value })}>
                ${['', 'active', 'inactive', 'left'].map((state) => html`<option value=${state} selected=${state === (query.state ?? '')}>${t(state ? `person.${state}` : 'filter.all')}</option>`)}
            </select></div>
            ${may('people.write') && html`<button type="button" class="btn btn-primary" onClick=${onNew}><${Icon} name="user-plus" size="18" /> ${t('people.new')}</button>`}</div>
        <${PagedTable} pages=${pages} columns=${columns()} label=${t('nav.people')} onOpen=${(row) => go(`people/${row.id}`, route.value.query)}
            empty=${settled ? t('find.none', { text: settled }) : t('people.none')} /></section>`;
}

export function render() {
    const { parts, query } = route.value;
    const turn = useSignal(0);
    const dialog = useSignal(query.new ? 'person' : null);
    const departments = useDepartments(turn.value);
    const chosen = query.department;
    const close = (changed) => {
        dialog.value = null;
        if (query.new) setQuery({ new: '' });
        if (changed) turn.value += 1;
    };
    const choose = (id) => go('people', { ...query, department: id, new: '' });
    return html`
        <div class="people">
            <section class="panel"><header class="panel-head"><h2>${t('people.departments')}</h2></header>
                <${Loaded} state=${departments} rows="6">${(list) => html`<${Tree} departments=${list} chosen=${chosen} onChoose=${choose} />`}<//>
                ${may('people.write') && html`<div class="tree-foot">
                    <button type="button" class="btn" onClick=${() => (dialog.value = 'department')}><${Icon} name="plus" size="16" /> ${t('department.new')}</button>
                    ${chosen && html`<button type="button" class="btn" onClick=${() => (dialog.value = 'department-edit')}><${Icon} name="pencil" size="16" /> ${t('act.edit')}</button>`}</div>
                ${chosen && may('cards.issue') && html`<div class="tree-foot"><button type="button" class="btn" onClick=${() => go(`issue/${chosen}`)}>
                    <${Icon} name="cards" size="16" /> ${t('people.issue_department')}</button></div>`}`}
            </section>
            ${parts[1] ? html`<${Person} key=${parts[1]} id=${parts[1]} turn=${turn.value} onBack=${() => go('people', query)} />`
                : html`<${List} key=${turn.value} query=${query} onNew=${() => (dialog.value = 'person')} />`}
        </div>
        ${dialog.value === 'person' && html`<${PersonDialog} department=${chosen} onClose=${close} />`}
        ${dialog.value?.startsWith('department') && html`<${DepartmentDialog} onClose=${close} parent=${chosen}
            department=${dialog.value === 'department-edit' ? departments.data?.find((d) => d.id === chosen) : null} />`}`;
}

