// Making and changing people and departments.
import { html, useSignal } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { patch, call } from '../lib/api.js';
import { go } from '../lib/route.js';
import { Dialog, CloseButton } from './dialog.js';
import { TextField, ProblemSummary, fieldError } from './field.js';
import { DepartmentSelect } from './department-select.js';
import { Icon } from './icon.js';
import { useMake } from './make.js';

export function PersonDialog({ person, department, onClose }) {
    const form = { name: useSignal(person?.name ?? ''), number: useSignal(person?.personnel_no ?? ''),
        department: useSignal(person?.department?.id ?? department ?? '') };
    const problem = useSignal(null);
    const busy = useSignal(false);
    const { make, fixed } = useMake('/people');
    const save = async () => {
        if (busy.value) return;
        busy.value = true;
        const number = form.number.value.trim();
        try {
            if (person) {
                await patch(`/people/${person.id}`, { name: form.name.value.trim(), personnel_no: number || null, department_id: form.department.value || null }, person.version);
                onClose(true);
            } else {
                const made = await make({ name: form.name.value.trim(), personnel_no: number || undefined, department_id: form.department.value || undefined });
                onClose(true);
                go(`people/${made.id}`);
            }
        } catch (error) {
            problem.value = error;
        }
        busy.value = false;
    };
    const error = (pointer) => fieldError(problem.value, pointer);
    return html`
        <${Dialog} title=${t(person ? 'person.edit' : 'people.new')} onClose=${() => onClose(false)} onSubmit=${save}
            foot=${html`<span class="grow"></span><${CloseButton} onClose=${() => onClose(false)} />
            <button type="submit" class="btn btn-primary btn-lg" disabled=${busy.value}>${t(person ? 'person.save' : 'person.make')}</button>`}>
            <${ProblemSummary} problem=${problem.value} fields=${[['/name', t('person.name'), 'name'], ['/personnel_no', t('person.number'), 'personnel_no'], ['/department_id', t('person.department'), 'department_id']]} />
            <${TextField} label=${t('person.name')} name="name" value=${form.name} first readonly=${fixed} error=${error('/name')} />
            <${TextField} label=${t('person.number')} hint=${t('person.number.hint')} name="personnel_no" value=${form.number} readonly=${fixed}
                error=${error('/personnel_no')} />
            <${DepartmentSelect} value=${form.department} disabled=${fixed} error=${error('/department_id')} />
        <//>`;
}

export function DepartmentDialog({ department, parent, onClose }) {
    const form = { name: useSignal(department?.name ?? ''), parent: useSignal(department ? department.parent_id ?? '' : parent ?? '') };
    const problem = useSignal(null);
    const busy = useSignal(false);
    const { make, fixed } = useMake('/departments');
    const run = async (work) => {
        if (busy.value) return;
        busy.value = true;
        try {
            await work();
            onClose(true);
        } catch (error) {
            problem.value = error;
        }
        busy.value = false;
    };
    const save = () => run(() => (department
        ? patch(`/departments/${department.id}`, { name: form.name.value.trim(), parent_id: form.parent.value || null }, department.version)
        : make({ name: form.name.value.trim(), parent_id: form.parent.value || undefined })));
    const remove = () => run(async () => {
        await call('DELETE', `/api/v1/departments/${department.id}`, { version: department.version });
        go('people');
    });
    return html`
        <${Dialog} title=${t(department ? 'department.edit' : 'department.new')} onClose=${() => onClose(false)} onSubmit=${save}
            foot=${html`${department && html`<button type="button" class="btn btn-lg" onClick=${remove}><${Icon} name="trash" size="18" /> ${t('department.remove')}</button>`}
            <span class="grow"></span><${CloseButton} onClose=${() => onClose(false)} />
            <button type="submit" class="btn btn-primary btn-lg" disabled=${busy.value}>${t(department ? 'department.save' : 'department.make')}</button>`}>
            <${ProblemSummary} problem=${problem.value} fields=${[['/name', t('department.name'), 'name'], ['/parent_id', t('department.parent'), 'department_id']]} />
            <${TextField} label=${t('department.name')} name="name" value=${form.name} first readonly=${fixed} error=${fieldError(problem.value, '/name')} />
            <${DepartmentSelect} label=${t('department.parent')} disabled=${fixed} none=${t('department.top')} value=${form.parent} without=${department?.id} error=${fieldError(problem.value, '/parent_id')} />
        <//>`;
}
