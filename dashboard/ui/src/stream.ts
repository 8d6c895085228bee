// Server-Sent Events over fetch: they can carry headers, and end when we say so.

export interface Message {
  event: string;
  id: string;
  data: string;
}

export interface Stream {
  close(): void;
}

export interface Listener {
  /** What to send with the next attempt. */
  headers(): Record<string, string>;
  hear(message: Message): void;
  /** The connection ended, or there was none; it is tried again. */
  broken(why: string): void;
  /** The server does not know us; it is not tried again. */
  unknown(why: string): void;
}

const SHORTEST = 500;
const LONGEST = 5_000;
/** Without a sign of life for so long a connection is taken for dead; the server beats every 5 s. */
const SILENCE = 15_000;

/** Reads `url` for ever, connecting anew when it ends. */
export function listen(url: string, listener: Listener): Stream {
  const closed = new AbortController();
  void (async () => {
    let wait = SHORTEST;
    while (!closed.signal.aborted) {
      const attempt = new AbortController();
      const close = () => attempt.abort();
      closed.signal.addEventListener("abort", close);
      let silence = setTimeout(close, SILENCE);
      try {
        const answer = await fetch(url, { headers: listener.headers(), signal: attempt.signal });
        if (answer.status === 401) {
          const why = await reason(answer);
          if (!closed.signal.aborted) listener.unknown(why);
          return;
        }
        if (!answer.ok || !answer.body) throw new Error(await reason(answer));
        for await (const message of messages(answer.body)) {
          clearTimeout(silence);
          silence = setTimeout(close, SILENCE);
          wait = SHORTEST;
          if (closed.signal.aborted) return;
          listener.hear(message);
        }
        listener.broken("the connection ended");
      } catch (error) {
        if (closed.signal.aborted) return;
        const silent = attempt.signal.aborted;
        listener.broken(silent ? "nothing was heard for 15 s" : error instanceof Error ? error.message : "");
      } finally {
        clearTimeout(silence);
        closed.signal.removeEventListener("abort", close);
      }
      await new Promise((done) => setTimeout(done, wait));
      wait = Math.min(2 * wait, LONGEST);
    }
  })();
  return { close: () => closed.abort() };
}

async function reason(answer: Response): Promise<string> {
  try {
    return ((await answer.json()) as { error?: string }).error ?? `status ${answer.status}`;
  } catch {
    return `status ${answer.status}`;
  }
}

async function* messages(body: ReadableStream<Uint8Array>): AsyncGenerator<Message> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) yield parse(block);
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

function parse(block: string): Message {
  const message: Message = { event: "message", id: "", data: "" };
  for (const line of block.split("\n")) {
    const colon = line.indexOf(": ");
    const [field, value] = [line.slice(0, colon), line.slice(colon + 2)];
    if (field === "event" || field === "id" || field === "data") message[field] = value;
  }
  return message;
}
