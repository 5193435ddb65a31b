// One event stream of a desk for all tabs of this browser: HTTP/1.1 gives a host six connections only. A tab that finds the
// stream open already is told so and reads the present of the desk itself.
const KINDS = ['snapshot', 'card_present', 'card_removed', 'operation', 'agent_online', 'agent_offline', 'enrol_swipe',
    'progress', 'session_taken'];
const desks = new Map();

const tell = (desk, message) => desk.ports.forEach((port) => port.postMessage(message));

function open(id) {
    const desk = { ports: new Set(), source: null };
    const connect = () => {
        desk.source = new EventSource(`/api/v1/desks/${id}/events`);
        desk.source.onopen = () => tell(desk, { state: 'open' });
        desk.source.onerror = () => tell(desk, { state: desk.source.readyState === EventSource.CLOSED ? 'closed' : 'lost' });
        for (const kind of KINDS) {
            desk.source.addEventListener(kind, (event) =>
                tell(desk, { kind, no: Number(event.lastEventId), body: JSON.parse(event.data) }));
        }
    };
    desk.connect = connect;
    connect();
    desks.set(id, desk);
    return desk;
}

function leave(port) {
    for (const [id, desk] of desks) {
        desk.ports.delete(port);
        if (!desk.ports.size) {
            desk.source.close();
            desks.delete(id);
        }
    }
}

function serve(port) {
    port.onmessage = ({ data }) => {
        leave(port);
        if (!data.desk) return;
        const known = desks.get(data.desk);
        const desk = known ?? open(data.desk);
        desk.ports.add(port);
        if (known && desk.source.readyState === EventSource.CLOSED) desk.connect();
        else if (known && desk.source.readyState === EventSource.OPEN) port.postMessage({ state: 'joined' });
    };
}

if (typeof SharedWorkerGlobalScope === 'undefined') serve(self);
else self.onconnect = (event) => serve(event.ports[0]);
