// The connection to the simulated Discord: events in, actions out, answers by their `ref`.

const RETRY = 1000; // milliseconds
const GOING_AWAY = 1001;
const OPENS_WITHIN = 5000; // milliseconds

/** Return in words what is wrong with an answer, or null. */
export function problemOf(answer) {
  return {
    failed: "The application did not respond. Try again.",
    away: "The demo is not connected. Nothing was lost here; try again.",
    lost: "The connection was lost before an answer. See whether it arrived before you try again.",
    refused: answer.text,
  }[answer.event] ?? null;
}

export class Client {
  /** `onEvent` is called with each event, `onState` with "away" or "ended" while there is no connection. */
  constructor(person, onEvent, onState) {
    this.onEvent = onEvent;
    this.onState = onState;
    this.answers = new Map();
    this.nextRef = 1;
    this.be(person);
  }

  /** Connect as a person. */
  be(person) {
    const event = person === this.person ? "lost" : "left";
    this.person = person;
    this.socket?.close();
    for (const answer of this.answers.values()) answer({ event });
    this.answers.clear();
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/client?as=${person ?? ""}`);
    this.socket = socket;
    this.opened = new Promise((resolve) => (socket.onopen = () => resolve(socket)));
    socket.onmessage = (said) => {
      this.ended = false;
      this.hear(JSON.parse(said.data));
    };
    socket.onclose = (closed) => {
      if (socket !== this.socket) return;
      this.ended ||= closed.code === GOING_AWAY; // the next attempts fail for another reason
      this.onState(this.ended ? "ended" : "away");
      setTimeout(() => socket === this.socket && this.be(this.person), RETRY);
    };
  }

  hear(event) {
    const answer = this.answers.get(event.ref);
    if (answer) {
      this.answers.delete(event.ref);
      answer(event);
    }
    this.onEvent(event);
  }

  /** Send an action. Returns its answer: an event "answered", "modal", "choices", "failed", "refused", "away", "lost" or "left". */
  async act(what, facts) {
    const ref = this.nextRef++;
    if (!(await this.send({ do: what, ref, ...facts }))) return { event: "away" };
    return new Promise((resolve) => this.answers.set(ref, resolve));
  }

  /** Send an action that has no answer of its own. Returns whether it was sent. */
  tell(what, facts) {
    return this.send({ do: what, ...facts });
  }

  /** Send, once a connection that is being opened is open. */
  async send(action) {
    const waiting = new Promise((resolve) => setTimeout(resolve, OPENS_WITHIN));
    if (this.socket.readyState === WebSocket.CONNECTING) await Promise.race([this.opened, waiting]);
    if (this.socket.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(action));
    return true;
  }

  /** Hand a picked file over; returns what stands for it in an option or a form. Throws where that fails. */
  async keep(file) {
    const answer = await fetch(`/files?name=${encodeURIComponent(file.name)}`, {
      method: "POST",
      headers: { "Content-Type": file.type || "application/octet-stream" },
      body: file,
    });
    if (!answer.ok) throw new Error(`the file was answered with ${answer.status}`);
    return { file: (await answer.json()).file };
  }
}
