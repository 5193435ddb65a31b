// The four faces of what is loaded: nothing yet, loading (a skeleton after 300 ms), a problem with a way to try again, data.
import { html, useEffect, useState, useRef } from '../lib/html.js';
import { t, loadProblems } from '../lib/i18n.js';
import { Icon } from './icon.js';
import { problemText } from './field.js';

export function useLoad(load, dependencies) {
    const [state, setState] = useState({ phase: 'loading' });
    const turn = useRef(0);
    const run = async (quiet) => {
        const mine = ++turn.current;
        if (!quiet) setState((before) => ({ ...before, phase: before.data ? 'again' : 'loading' }));
        try {
            const data = await load();
            if (mine === turn.current) setState({ phase: 'data', data });
        } catch (problem) {
            await loadProblems().catch(() => null);
            if (mine === turn.current) setState((before) => ({ ...before, phase: 'problem', problem }));
        }
    };
    useEffect(() => {
        run();
        return () => turn.current++;
    }, dependencies);
    return { ...state, reload: () => run(true), setData: (data) => setState({ phase: 'data', data }) };
}

export function Skeleton({ rows = 4 }) {
    const [shown, show] = useState(false);
    useEffect(() => {
        const timer = setTimeout(() => show(true), 300);
        return () => clearTimeout(timer);
    }, []);
    return shown && html`<div class="skeleton" role="status" aria-label=${t('state.loading')}>
        ${Array.from({ length: rows }, () => html`<i></i>`)}</div>`;
}

export function Loaded({ state, rows, empty, children }) {
    if (state.phase === 'problem' && !state.data) {
        const { title, next } = problemText(state.problem);
        return html`<div class="blank" role="alert"><${Icon} name="alert-triangle" size="32" /><p><b>${title}</b></p><p>${next}</p>
            <button type="button" class="btn" onClick=${state.reload}><${Icon} name="refresh" /> ${t('act.try_again')}</button></div>`;
    }
    if (!state.data) return html`<${Skeleton} rows=${rows} />`;
    const isEmpty = Array.isArray(state.data.items) && state.data.items.length === 0;
    if (isEmpty && empty) return html`<div class="blank"><${Icon} name="circle-dashed" size="32" /><p>${empty}</p></div>`;
    return children(state.data);
}
