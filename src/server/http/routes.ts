import { isConfigured } from "../../core/operators.ts";
import type { Settings } from "../../core/state.ts";
import { NONCE_HEADER, PROOF_HEADER } from "../../admin/proof.ts";
import type { AdminAnswer, AdminRequest } from "../admin-routes.ts";
import { isOurHost, type HostNames } from "../host-names.ts";
import type { IdentifiedSocket } from "../acceptor.ts";
import type { Answer, Exchange } from "./connection.ts";
import { isFromBrowser } from "./from-browser.ts";
import type { Metrics } from "../metrics.ts";
import type { OpenRoom } from "./open-room.ts";
import { page } from "./page.ts";
import { refusalWords } from "../refusal-words.ts";
import { send } from "./send.ts";

export interface HttpOptions {
  readonly metrics: Metrics;
  /** The names and addresses by which this server may be asked for, now. */
  readonly hostNames: () => HostNames;
  readonly settings: Settings;
  /** How the server is doing, within a few seconds; 503 unless `status` is `ok`. */
  readonly health: () => Promise<Readonly<Record<string, string | number>> & { readonly status: string }>;
  /** Null: there is none. */
  readonly openRoom: OpenRoom | null;
  /** What the server is called, and its port: for the page. */
  readonly place: () => { readonly host: string; readonly port: number };
  readonly admin: (request: AdminRequest) => Promise<AdminAnswer>;
}

/** Answers a request. */
export function createRoutes(options: HttpOptions): Answer {
  return (exchange) => answer(exchange, options);
}

async function answer(exchange: Exchange, options: HttpOptions): Promise<void> {
  const { request, response, peer } = exchange;
  // A page that a browser loaded from elsewhere could reach us under a name of its own making (DNS rebinding).
  if (!isOurHost(request.headers.host, options.hostNames())) {
    request.resume();
    return send(response, 421, "This server has another name.\n");
  }
  const path = request.url?.split("?")[0] ?? "/";
  if (path === "/ALL") return answerRoom(exchange, options);
  request.resume();
  if (path.startsWith("/admin/")) {
    // A copy of a large database takes its time.
    if (path === "/admin/backup") exchange.stream();
    const { status, headers, body } = await options.admin({
      method: request.method ?? "",
      path,
      nonce: request.headers[NONCE_HEADER],
      proof: request.headers[PROOF_HEADER],
      peer: peer.peer,
      connection: peer,
    });
    return send(response, status, body, "application/json", headers);
  }
  if (path === "/" && peer.identified.kind === "known") return sendPage(exchange, options);
  if (!WATCHED.has(path) || !mayWatch(peer, options.settings)) return sendNothingThere(exchange, options, 404);
  if (request.method !== "GET" && request.method !== "HEAD") return send(response, 405, "Only GET.\n");
  switch (path) {
    case "/healthz": {
      const health = await options.health();
      return send(response, health.status === "ok" ? 200 : 503, `${JSON.stringify(health)}\n`, "application/json");
    }
    case "/metrics":
      return send(response, 200, await options.metrics.render(), options.metrics.contentType);
    default:
      return send(response, 404, "Not found.\n");
  }
}

/** For this machine's own people, and for operators. */
const WATCHED: ReadonlySet<string> = new Set(["/healthz", "/metrics"]);

/** A member who tries `curl -d hello …/bob` is told what there is; a browser's page, and whoever isn't known here, learns nothing. */
function sendNothingThere({ request, response, peer }: Exchange, { openRoom }: HttpOptions, status: 404 | 405): void {
  const no = status === 404 ? "Not found." : "Only GET.";
  if (peer.identified.kind === "refused" || isFromBrowser(request.headers)) return send(response, status, `${no}\n`);
  // As it was asked for, which is one of our names.
  const all = `http://${request.headers.host}/ALL`;
  const lines =
    openRoom === null
      ? [`${no} Nothing can be said here with curl: this server has sealed rooms alone.`]
      : [
          `${no} With curl there is only the open room, which everybody who is connected reads, and the server, too:`,
          `  curl -d TEXT ${all}    says something`,
          `  curl -N ${all}         hears it, until Ctrl-C`,
        ];
  send(response, status, [...lines, "To one person, or a room: pad send NAME TEXT", ""].join("\n"));
}

async function answerRoom(exchange: Exchange, options: HttpOptions): Promise<void> {
  const { request, response } = exchange;
  const { openRoom } = options;
  if (isFromBrowser(request.headers)) {
    request.resume();
    // A person who types the address is told what this is; a web page that asks learns nothing, and can say nothing.
    if (request.method === "GET") return sendPage(exchange, options);
    return send(response, 403, "Nothing is said here for a web page. Use curl, nc or pad.\n");
  }
  if (openRoom === null) {
    request.resume();
    return send(response, 404, `${refusalWords({ reason: "no-open-room" })}\n`, undefined, { connection: "close" });
  }
  if (request.method === "POST") return openRoom.say(exchange);
  if (request.method === "GET") return openRoom.hear(exchange);
  request.resume();
  return send(response, 405, "GET hears the open room, POST says something in it.\n", undefined, {
    allow: "GET, POST",
  });
}

function sendPage(exchange: Exchange, options: HttpOptions): void {
  const { request, response } = exchange;
  const { place, openRoom } = options;
  if (request.method !== "GET" && request.method !== "HEAD") return sendNothingThere(exchange, options, 405);
  const { host, port } = place();
  return send(response, 200, page(host, port, openRoom !== null), "text/html; charset=utf-8");
}

/** Who may see how the server is doing: this machine's own people, and operators by what tailnet or configuration says. */
function mayWatch({ identified }: IdentifiedSocket, settings: Settings): boolean {
  if (identified.kind === "refused") return false;
  const { identity, grant } = identified;
  return identity.kind === "local" || grant !== null || isConfigured(settings, identity, null);
}
