// Modal dialogs: the browser's own, so that focus stays inside and returns to where it was; a click outside closes nothing.
import { html, useLayoutEffect, useRef, newId, useMemo, classes } from '../lib/html.js';
import { t } from '../lib/i18n.js';

export function Dialog({ title, hint, icon, onClose, children, foot, class: extra, aside, onSubmit, side }) {
    const ref = useRef();
    const id = useMemo(() => newId('d'), []);
    // In the turn of the key that opened it: what is typed next must find it open.
    useLayoutEffect(() => {
        const dialog = ref.current;
        const before = document.activeElement;
        dialog.showModal();
        const first = dialog.querySelector('[data-first]') ?? dialog.querySelector('input,select,textarea,button');
        first?.focus();
        return () => {
            if (dialog.open) dialog.close();
            if (before?.isConnected) before.focus();
        };
    }, []);
    const cancel = (event) => {
        event.preventDefault();
        onClose?.();
    };
    const submit = (event) => {
        event.preventDefault();
        onSubmit?.();
    };
    return html`
        <dialog ref=${ref} class=${classes('dialog', side && 'dialog-side', extra)} aria-labelledby=${id} onCancel=${cancel}>
            <form method="dialog" onSubmit=${submit} novalidate>
                <header class="dialog-head">
                    ${icon}
                    <div class="grow"><h2 id=${id}>${title}</h2>${hint && html`<p class="muted">${hint}</p>`}</div>
                    ${aside}
                </header>
                <div class="dialog-body">${children}</div>
                ${foot && html`<footer class="dialog-foot">${foot}</footer>`}
            </form>
        </dialog>`;
}

export const CloseButton = ({ onClose, label = 'act.close' }) => html`
    <button type="button" class="btn btn-lg" onClick=${onClose}>${t(label)} <kbd>Esc</kbd></button>`;
