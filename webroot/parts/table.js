// A table whose pages come from the server. Rows open with a click or Enter; more rows come behind the last ones.
import { html, useState, useEffect, classes } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { get } from '../lib/api.js';
import { useLoad, Loaded } from './async.js';

export const PAGE = 50;

export function usePages(path, values, dependencies) {
    const state = useLoad(() => get(path, { ...values, limit: PAGE }), dependencies);
    const [busy, setBusy] = useState(false);
    const more = async () => {
        setBusy(true);
        try {
            const next = await get(path, { ...values, limit: PAGE, cursor: state.data.next_cursor });
            state.setData({ items: [...state.data.items, ...next.items], next_cursor: next.next_cursor });
        } finally {
            setBusy(false);
        }
    };
    return { ...state, more, busy };
}

// columns: [{key, head, cell(row), number, class}]
export function Table({ columns, rows, onOpen, chosen, label, fresh, compact }) {
    const open = (row) => (event) => {
        if (event.target.closest('button,a,input')) return;
        if (event.type === 'click' || event.key === 'Enter') onOpen(row);
    };
    return html`
        <div class="table-scroll" tabindex="0" role="region" aria-label=${label}>
        <table class=${classes('table rows', compact && 'compact')}>
            <thead><tr>${columns.map((c) => html`<th scope="col" class=${classes(c.number && 'number', c.class)}>${c.head}</th>`)}</tr></thead>
            <tbody>${rows.map((row) => html`
                <tr key=${row.id ?? row.no} class=${classes(onOpen && 'opens', chosen !== undefined && chosen === row.id && 'chosen', fresh?.(row) && 'fresh')}
                    tabindex=${onOpen ? 0 : undefined} onClick=${onOpen && open(row)} onKeyDown=${onOpen && open(row)}>
                    ${columns.map((c) => html`<td class=${classes(c.number && 'number', c.class)}>${c.cell(row)}</td>`)}</tr>`)}
            </tbody>
        </table></div>`;
}

export function PagedTable({ pages, columns, onOpen, chosen, label, empty }) {
    return html`<${Loaded} state=${pages} empty=${empty} rows="8">${(data) => html`
        <${Table} columns=${columns} rows=${data.items} onOpen=${onOpen} chosen=${chosen} label=${label} />
        <div class="table-foot"><span class="muted">${t('table.shown', { count: data.items.length })}</span>
            ${data.next_cursor && html`<button type="button" class="btn" disabled=${pages.busy} onClick=${pages.more}>
                ${t('table.more')}</button>`}</div>`}<//>`;
}

// A value that follows what is typed after a short rest, so that a search asks once.
export function useSettled(value, delayMs = 180) {
    const [settled, setSettled] = useState(value);
    useEffect(() => {
        const timer = setTimeout(() => setSettled(value), delayMs);
        return () => clearTimeout(timer);
    }, [value]);
    return settled;
}

export function download(blob, name) {
    const anchor = document.createElement('a');
    anchor.href = URL.createObjectURL(blob);
    anchor.download = name;
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(anchor.href), 10000);
}
