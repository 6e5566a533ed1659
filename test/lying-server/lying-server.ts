/**
 * The real server with something between its rules and its clients that is told to lie: every frame, in both directions, goes through `Lies`, which
 * may drop it, change it, add to it, or answer in the server's place. What a lie needs to be believed (numbers, hashes of the log) `shown-log.ts`
 * makes right again.
 */
import { once } from "node:events";
import { WebSocket, WebSocketServer } from "ws";
import { decodeRequest, encodeRequest } from "../../src/wire/frames/client-frames.ts";
import type { Push } from "../../src/wire/frames/pushes.ts";
import type { ReplyBody, Request, RequestType } from "../../src/wire/frames/requests.ts";
import { decodeFromServer, decodeReply, encodePush, encodeReply } from "../../src/wire/frames/server-frames.ts";
import { CLIENT_HEADER, PATH, SUBPROTOCOL } from "../../src/wire/frames/version.ts";

type ServerHello = Extract<Push, { readonly type: "hello" }>;

/** A client, as the liar tells them apart. */
export interface Victim {
  /** Of its last hello or question to be confirmed; empty before. */
  name: string;
  device: string;
  push(push: Push): void;
  /** Ends their connection: the next begins with the lies that are told then. */
  cut(): void;
}

export type AnyReply = { [T in RequestType]: { readonly type: T; readonly body: ReplyBody<T> } }[RequestType];

/** What isn't there is the truth. */
export interface Lies {
  /** The server's first word on a connection. */
  hello?(hello: ServerHello): ServerHello;
  /** What the server is asked instead; a body: the answer, without the server. */
  request?(victim: Victim, request: Request): Request | { readonly answer: object };
  reply?(victim: Victim, reply: AnyReply, request: Request): object;
  /** What is told instead of a push. */
  push?(victim: Victim, push: Push): readonly Push[];
}

export interface LyingServer extends AsyncDisposable {
  readonly port: number;
  tell(lies: Lies): void;
  /** All connections that stand. */
  readonly victims: ReadonlySet<Victim>;
}

/** In front of the real server at `port()`, on loopback. */
export async function startLyingServer(port: () => number): Promise<LyingServer> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", path: PATH, handleProtocols: () => SUBPROTOCOL });
  await once(server, "listening");
  const address = server.address();
  const victims = new Set<Victim>();
  let lies: Lies = {};

  server.on("connection", (client) => {
    const upstream = new WebSocket(`ws://127.0.0.1:${port()}${PATH}`, SUBPROTOCOL, {
      headers: { [CLIENT_HEADER]: "1" },
      perMessageDeflate: false,
    });
    const asked = new Map<number, Request>();
    const early: string[] = [];
    const victim: Victim = {
      name: "",
      device: "",
      push: (push) => client.send(encodePush(push)),
      cut: () => client.close(),
    };
    victims.add(victim);
    client.on("message", (data: Buffer) => {
      const text = said(data);
      if (text === null) return;
      if (upstream.readyState === WebSocket.OPEN) upstream.send(text);
      else early.push(text);
    });
    upstream.on("open", () => {
      for (const text of early.splice(0)) upstream.send(text);
    });
    upstream.on("message", (data: Buffer) => {
      for (const text of told(data)) client.send(text);
    });
    const end = () => {
      victims.delete(victim);
      for (const socket of [client, upstream]) socket.close();
    };
    for (const socket of [client, upstream]) socket.on("close", end).on("error", end);

    function said(data: Buffer): string | null {
      const text = data.toString();
      const decoded = decodeRequest(text);
      if (decoded.kind !== "request") return text;
      const { request } = decoded;
      if (request.type === "hello" || request.type === "ask-confirmation")
        victim.name = request.body.name ?? victim.name;
      if (request.type === "hello") victim.device = request.body.device?.device ?? "";
      const next = lies.request?.(victim, request) ?? request;
      if ("answer" in next) {
        client.send(encodeReply(request.id, next.answer));
        return null;
      }
      asked.set(next.id, next);
      return encodeRequest(next);
    }

    function told(data: Buffer): readonly string[] {
      const text = data.toString();
      const decoded = decodeFromServer(text);
      if (decoded.kind === "push" && decoded.push.type === "hello")
        return [encodePush(lies.hello?.(decoded.push) ?? decoded.push)];
      if (decoded.kind === "push") return (lies.push?.(victim, decoded.push) ?? [decoded.push]).map(encodePush);
      if (decoded.kind !== "reply") return [text];
      const request = asked.get(decoded.id);
      asked.delete(decoded.id);
      const body = request === undefined ? null : decodeReply(request.type, decoded.body);
      if (request === undefined || body === null || lies.reply === undefined) return [text];
      // The pair of type and body is what `decodeReply` promises.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      const reply = { type: request.type, body } as AnyReply;
      return [encodeReply(decoded.id, lies.reply(victim, reply, request))];
    }
  });

  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    victims,
    tell(next) {
      lies = next;
    },
    async [Symbol.asyncDispose]() {
      for (const client of server.clients) client.terminate();
      server.close();
      await once(server, "close");
    },
  };
}
