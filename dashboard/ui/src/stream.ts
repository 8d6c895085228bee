// Server-Sent Events over fetch: they can carry headers, and end when we say so.

export interface Message {
  event: string;
  id: string;
  data: string;
}

export interface Stream {
  close(): void;
}

const SHORTEST = 500;
const LONGEST = 5_000;
/** Without a sign of life for so long a connection is taken for dead; the server beats every 5 s. */
const SILENCE = 15_000;

/** Reads `url` for ever, connecting anew when it ends; goes on after the last id it has seen. */
export function listen(
  url: string,
  lastId: () => string,
  hear: (message: Message) => void,
  broken: (why: string) => void,
): Stream {
  const closed = new AbortController();
  void (async () => {
    let wait = SHORTEST;
    while (!closed.signal.aborted) {
      const attempt = new AbortController();
      const close = () => attempt.abort();
      closed.signal.addEventListener("abort", close);
      let silence = setTimeout(close, SILENCE);
      try {
        const headers: HeadersInit = lastId() ? { "Last-Event-ID": lastId() } : {};
        const answer = await fetch(url, { headers, signal: attempt.signal });
        if (!answer.ok || !answer.body) throw new Error(await reason(answer));
        for await (const message of messages(answer.body)) {
          clearTimeout(silence);
          silence = setTimeout(close, SILENCE);
          wait = SHORTEST;
          if (closed.signal.aborted) return;
          hear(message);
        }
        broken("the connection ended");
      } catch (error) {
        if (closed.signal.aborted) return;
        const silent = attempt.signal.aborted;
        broken(silent ? "nothing was heard for 15 s" : error instanceof Error ? error.message : "");
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
