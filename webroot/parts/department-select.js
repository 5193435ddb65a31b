// Departments as a choice: the tree in order, each below its parent.
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { get } from '../lib/api.js';
import { useLoad } from './async.js';
import { SelectField } from './field.js';

// [{...department, level}] in tree order.
export function inOrder(departments) {
    const below = (parent, level) => departments.filter((d) => (d.parent_id ?? null) === parent)
        .sort((a, b) => a.name.localeCompare(b.name)).flatMap((d) => [{ ...d, level }, ...below(d.id, level + 1)]);
    return below(null, 0);
}

export const useDepartments = (turn = 0) => useLoad(async () => inOrder((await get('/departments')).items), [turn]);

export function DepartmentSelect({ value, label = t('person.department'), none = t('person.no_department'), without, error, disabled }) {
    const state = useDepartments();
    const options = [['', none], ...(state.data ?? []).filter((d) => d.id !== without).map((d) => [d.id, `${'  '.repeat(d.level)}${d.name}`])];
    return html`<${SelectField} label=${label} name="department_id" value=${value} options=${options} error=${error} disabled=${disabled} />`;
}
