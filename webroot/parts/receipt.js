// Receipts: composed by the server, in the language of the desk, and printed by the desk's own printer or by the browser.
// A page of the browser gets its height from the content: with "80mm auto" it silently takes a letter sheet.
import { html, render, signal, useEffect } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { post, newKey } from '../lib/api.js';
import { session } from '../lib/session.js';
import { play } from '../lib/sound.js';
import { Dialog } from './dialog.js';
import { ProblemSummary } from './field.js';
import { Icon } from './icon.js';

const MM_PER_PX = 25.4 / 96;
const MARGIN_MM = 4;
const SHOWN_MS = 4000;
let sheet = null;

// Where the last printing stands: {phase: busy | done | problem, operation, number, problem}; null: nothing to say.
export const printing = signal(null);

const Line = ({ style, text, value }) => {
    if (style === 'rule') return html`<hr />`;
    if (style === 'title') return html`<h1>${text}</h1>`;
    if (style === 'head') return html`<h2>${text}</h2>`;
    if (style === 'note') return html`<p class="r-note">${text}</p>`;
    return html`<div class=${style === 'strong' ? 'r-row strong' : 'r-row'}><span>${text}</span><span>${value}</span></div>`;
};

function printHere(receipt) {
    const root = document.getElementById('receipt');
    root.lang = receipt.language;
    root.style.width = `${receipt.paper_mm - 2 * MARGIN_MM}mm`;
    render(receipt.lines.map((line) => html`<${Line} ...${line} />`), root);
    root.classList.add('measure');
    const heightMm = Math.ceil(root.getBoundingClientRect().height * MM_PER_PX) + 2 * MARGIN_MM + 2;
    root.classList.remove('measure');
    sheet ??= new CSSStyleSheet();
    sheet.replaceSync(`@page{size:${receipt.paper_mm}mm ${heightMm}mm;margin:${MARGIN_MM}mm}`);
    if (!document.adoptedStyleSheets.includes(sheet)) document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    document.body.classList.add('printing');
    globalThis.print();
    document.body.classList.remove('printing');
}

// A receipt of a finished act, or the slip of an open one: the server sees which. Who sits at no desk prints here.
export async function printReceipt(operation, here = false) {
    if (printing.value?.phase === 'busy') return;
    const desk = session.value.desk?.id ?? operation.desk?.id ?? operation.desk_id;
    const browser = here || !session.value.desk;
    const key = newKey(); // a repeat after a lost answer prints nothing twice
    printing.value = { phase: 'busy', operation };
    try {
        const receipt = await post(`/desks/${desk}/receipts`, { id: key, operation_id: operation.id, browser }, { repeatable: true });
        if (receipt.made_by === 'browser') printHere(receipt);
        printing.value = receipt.made_by === 'browser' ? null : { phase: 'done', operation, number: receipt.number };
    } catch (problem) {
        play('failure');
        printing.value = { phase: 'problem', operation, problem };
    }
}

function NotPrinted({ operation, problem }) {
    const close = () => (printing.value = null);
    const again = (here) => () => {
        close();
        printReceipt(operation, here);
    };
    const reason = problem.code === 'not_printed' && t(`print.${problem.reason}`);
    return html`
        <${Dialog} class="print" title=${t('print.failed')} hint=${reason || null} icon=${html`<${Icon} name="printer" size="24" />`} onClose=${close} onSubmit=${again(true)}
            foot=${html`<button type="button" class="btn btn-lg" onClick=${close}>${t('print.leave')} <kbd>Esc</kbd></button><span class="grow"></span>
                <button type="button" class="btn btn-lg" onClick=${again(false)}>${t('print.again')}</button>
                <button type="submit" class="btn btn-primary btn-lg" data-first>${t('print.browser')} <kbd>Enter</kbd></button>`}>
            ${reason ? html`<p>${t('print.ways')}</p>` : html`<${ProblemSummary} problem=${problem} />`}
        <//>`;
}

export const PrintProblem = () => (printing.value?.phase === 'problem'
    ? html`<${NotPrinted} key=${printing.value.operation.id} operation=${printing.value.operation} problem=${printing.value.problem} />` : null);

// One line in the head of every view, while it is printed and when it is.
export function PrintLine() {
    const now = printing.value;
    useEffect(() => {
        if (now?.phase !== 'done') return undefined;
        const timer = setTimeout(() => (printing.value = null), SHOWN_MS);
        return () => clearTimeout(timer);
    }, [now]);
    return html`<div class="print-line" role="status">${now && now.phase !== 'problem' && html`<span class=${`chip ${now.phase === 'done' ? 'ok' : 'idle'}`}>
        <${Icon} name="printer" size="16" /> ${now.phase === 'done' ? t('print.done', { number: now.number }) : t('print.busy')}</span>`}</div>`;
}
