// Making something new once, however often it is asked for: its id is made with the form, and while nobody knows whether the
// server heard of it, only the same may be asked for again.
import { useSignal, useRef } from '../lib/html.js';
import { post, newKey } from '../lib/api.js';

// {make(facts), fixed}: `fixed` until the same was answered, and the form stands still.
export function useMake(path) {
    const id = useRef(newKey());
    const asked = useRef(null);
    const fixed = useSignal(false);
    const make = async (facts) => {
        if (!fixed.value) asked.current = { id: id.current, ...facts };
        try {
            const made = await post(path, asked.current, { repeatable: true });
            fixed.value = false;
            return made;
        } catch (error) {
            fixed.value = Boolean(error.unheard);
            throw error.unheard ? { code: 'unheard_made', local: true, unheard: true } : error;
        }
    };
    return { make, fixed: fixed.value };
}
