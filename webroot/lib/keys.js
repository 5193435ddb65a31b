// Keys of the whole page, and readers that type: characters less than 40 ms apart that end in Enter are a card.
const BURST_GAP_MS = 40;
const BURST_CHARACTERS_MIN = 4;

const bindings = [];
const swipes = [];

// keys: {'F2': f, 'ctrl+k': f}. The newest binding of a key wins; f returns false to pass it on. Returns the undo.
export function bindKeys(keys) {
    bindings.unshift(keys);
    return () => bindings.splice(bindings.indexOf(keys), 1);
}

// f(text) is called with what a keyboard-wedge reader typed; the newest one wins.
export function onSwipe(f) {
    swipes.unshift(f);
    return () => swipes.splice(swipes.indexOf(f), 1);
}

// While these are held nothing else gets a key or a card: a locked screen. Returns the undo.
let held = null;
export function holdKeys(keys) {
    held = keys;
    return () => (held = null);
}

const nameOf = (event) => (event.ctrlKey || event.metaKey ? `ctrl+${event.key.toLowerCase()}` : event.key);

let burst = '';
let burstAt = 0;
let field = null; // the field the burst went into, with its value before

function undoTyping() {
    if (!field?.element.isConnected) return;
    const setter = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field.element), 'value').set;
    setter.call(field.element, field.value);
    field.element.dispatchEvent(new Event('input', { bubbles: true }));
}

// True: this key ended a burst, and was used up.
function watchBurst(event) {
    const gap = event.timeStamp - burstAt;
    burstAt = event.timeStamp;
    if (event.key === 'Enter') {
        const text = burst;
        burst = '';
        if (text.length < BURST_CHARACTERS_MIN || gap >= BURST_GAP_MS || !swipes.length || held) return false;
        undoTyping();
        swipes[0](text);
        return true;
    }
    if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey) return false;
    if (gap >= BURST_GAP_MS) {
        burst = '';
        const target = event.target;
        field = 'value' in target && target.tagName === 'INPUT' ? { element: target, value: target.value } : null;
    }
    burst += event.key;
    return false;
}

addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    if (watchBurst(event)) {
        event.preventDefault();
        event.stopPropagation();
        return;
    }
    const name = nameOf(event);
    for (const keys of held ? [held] : bindings) {
        if (keys[name] && keys[name](event) !== false) {
            event.preventDefault();
            event.stopPropagation();
            return;
        }
    }
}, true);
