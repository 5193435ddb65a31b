// Modal dialogs: the browser's own, so that focus stays inside and returns to where it was; a click outside closes nothing.
import { html, useLayoutEffect, useRef, newId, useMemo, classes } from '../lib/html.js';
import { t } from '../lib/i18n.js';

// A <dialog> that is open from the turn of the key that asked for it: what is typed next must find it. `focus` names what is
// focused in it. Escape, and whatever else asks it to close, ends in onClose; without one it stays. Returns its attributes.
export function useModal(focus, onClose) {
    const ref = useRef();
    useLayoutEffect(() => {
        const dialog = ref.current;
        const before = document.activeElement;
        dialog.showModal();
        focus.map((selector) => dialog.querySelector(selector)).find(Boolean)?.focus();
        return () => {
            if (dialog.open) dialog.close();
            if (before?.isConnected) before.focus();
        };
    }, []);
    const ask = (event) => {
        event.preventDefault();
        event.stopPropagation();
        onClose?.();
    };
    return {
        ref,
        onKeyDown: (event) => event.key === 'Escape' && !event.isComposing && ask(event),
        onCancel: ask,
        // A browser that was asked again and again closes without a question.
        onClose: () => ref.current && (onClose ? onClose() : ref.current.showModal()),
    };
}

export function Dialog({ title, hint, icon, onClose, children, foot, class: extra, aside, onSubmit, side }) {
    const id = useMemo(() => newId('d'), []);
    const modal = useModal(['[data-first]', 'input,select,textarea,button'], onClose);
    const submit = (event) => {
        event.preventDefault();
        onSubmit?.();
    };
    return html`
        <dialog ...${modal} class=${classes('dialog', side && 'dialog-side', extra)} aria-labelledby=${id}>
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
