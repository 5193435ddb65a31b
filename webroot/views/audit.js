// Audit: who did what and when; filters in the address.
import { html, useSignal } from '../lib/html.js';
import { t, fullText, hasText } from '../lib/i18n.js';
import { route, setQuery } from '../lib/route.js';
import { usePages, PagedTable } from '../parts/table.js';
import { Dialog, CloseButton } from '../parts/dialog.js';

const NOUNS = ['', 'session', 'operator', 'settings', 'desk', 'pairing', 'agent', 'department', 'person', 'card', 'case', 'operation', 'receipt', 'training'];
const actionText = (action) => (hasText(`audit.${action}`) ? t(`audit.${action}`) : action);

const columns = () => [
    { head: t('audit.no'), number: true, cell: (row) => html`<span class="muted">${row.no}</span>` },
    { head: t('table.time'), cell: (row) => fullText(row.at) },
    { head: t('receipt.operator'), cell: (row) => html`<b>${row.operator?.full_name ?? (row.agent_id ? t('audit.agent') : t('audit.system'))}</b>` },
    { head: t('audit.what'), cell: (row) => actionText(row.action) },
    { head: t('audit.subject'), cell: (row) => (row.subject ? html`<span class="muted">${hasText(`audit_kind.${row.subject.kind}`) ? t(`audit_kind.${row.subject.kind}`) : row.subject.kind} ${row.subject.id?.slice(-8) ?? ''}</span>` : '') },
];

export function render() {
    const { query } = route.value;
    const opened = useSignal(null);
    const pages = usePages('/audit', { action: query.action, from: query.from, to: query.to }, [query.action, query.from, query.to]);
    const day = (name) => html`<div class="field"><label class="form-label" for=${`audit-${name}`}>${t(`filter.${name}`)}</label>
        <input id=${`audit-${name}`} type="date" class="form-control" value=${query[name] ?? ''} onChange=${(event) => setQuery({ [name]: event.target.value })} /></div>`;
    const close = () => (opened.value = null);
    return html`<section class="panel"><div class="toolbar">${day('from')}${day('to')}<div class="field"><label class="form-label" for="audit-action">${t('audit.what')}</label>
        <select id="audit-action" class="form-select" onChange=${(event) => setQuery({ action: event.target.value })}>${NOUNS.map((noun) => html`
        <option value=${noun} selected=${noun === (query.action ?? '')}>${t(noun ? `audit_kind.${noun}` : 'filter.all')}</option>`)}</select></div></div>
        <${PagedTable} pages=${pages} columns=${columns()} label=${t('nav.audit')} empty=${t('audit.none')} onOpen=${(row) => (opened.value = row)} /></section>
        ${opened.value && html`<${Dialog} side title=${actionText(opened.value.action)} hint=${fullText(opened.value.at)} onClose=${close} onSubmit=${close}
            foot=${html`<span class="grow"></span><${CloseButton} onClose=${close} />`}><div class="facts">
            <div class="fact"><span>${t('receipt.operator')}</span><b>${opened.value.operator?.full_name ?? ''}</b></div>
            <div class="fact"><span>${t('audit.request')}</span><b>${opened.value.request_id}</b></div></div><br /><pre class="detail">${JSON.stringify(opened.value.detail, null, 2)}</pre><//>`}`;
}
