// Parts that the first look at the desk does not need: loaded when they are shown for the first time.
import { html, useState, useEffect } from './html.js';

export function lazy(load, name) {
    let part = null;
    return function Lazy(props) {
        const [ready, setReady] = useState(part !== null);
        useEffect(() => {
            if (ready) return;
            load().then((module) => {
                part = module[name];
                setReady(true);
            });
        }, []);
        return ready ? html`<${part} ...${props} />` : null;
    };
}
