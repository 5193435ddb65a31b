// Starts the page: language, session, shell; then shows the view that the address names.
import { html, render, signal, effect, useEffect } from './lib/html.js';
import { firstLanguage, language, setLanguage, t } from './lib/i18n.js';
import { loggedOut } from './lib/api.js';
import { locked, session, start } from './lib/session.js';
import { route } from './lib/route.js';
import { Shell } from './parts/shell.js';
import { Login } from './parts/login.js';
import { applyTheme } from './lib/theme.js';

const VIEWS = {
    desk: () => import('./views/desk.js'), setup: () => import('./views/setup.js'), people: () => import('./views/people.js'),
    cards: () => import('./views/cards.js'), transactions: () => import('./views/transactions.js'),
    issue: () => import('./views/issue.js'), operators: () => import('./views/operators.js'),
    settings: () => import('./views/settings.js'), desks: () => import('./views/desks.js'), audit: () => import('./views/audit.js'),
    cases: () => import('./views/cases.js'),
};

const view = signal({ name: null, render: null });
const failed = signal(null);

effect(() => {
    const name = route.value.parts[0] ?? 'desk';
    const known = VIEWS[name] ? name : 'desk';
    if (view.peek().name === known || (known !== 'setup' && !session.value)) return;
    VIEWS[known]().then((module) => (view.value = { name: known, render: module.render }), (error) => (failed.value = error));
});

// Screens that stand alone: nobody is logged in there yet, or the site is not ready.
function Page() {
    const { name, render: View } = view.value;
    const asked = route.value.parts[0] ?? 'desk';
    useEffect(() => {
        document.title = name && name !== 'setup' ? `${t(`nav.${name}`)} · Cardwright` : 'Cardwright';
    }, [name, language.value]);
    if (failed.value) {
        return html`<main class="alone"><h1>${t('problem.page')}</h1><p>${t('problem.page.next')}</p>
            <button class="btn btn-primary" onClick=${() => location.reload()}>${t('act.reload')}</button></main>`;
    }
    if (asked === 'setup') return name === 'setup' ? html`<${View} />` : null;
    if (!session.value) return html`<${Login} />`;
    if (!View || name === 'setup') return null;
    const over = locked.value ? 'lock' : loggedOut.value;
    // Another operator gets screens of their own: what the former one had open is closed, not handed on.
    return html`
        <${Shell} key=${session.value.operator.id} name=${name}><${View} /><//>
        ${over && html`<${Login} over=${over} />`}`;
}

async function boot() {
    applyTheme();
    const texts = setLanguage(firstLanguage());
    try {
        await start();
    } catch (error) {
        failed.value = error;
    }
    await texts;
    render(html`<${Page} />`, document.getElementById('app'));
    document.documentElement.dataset.ready = 'yes';
}

boot();
