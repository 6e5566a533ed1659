import type { ServerResponse } from "node:http";
import { isConfigured } from "../../core/operators.ts";
import type { Settings } from "../../core/state.ts";
import { NONCE_HEADER, PROOF_HEADER } from "../../admin/proof.ts";
import type { AdminAnswer, AdminRequest } from "../admin-routes.ts";
import { isOurHost, type HostNames } from "../host-names.ts";
import type { IdentifiedSocket } from "../acceptor.ts";
import type { Answer, Exchange } from "./connection.ts";
import type { Metrics } from "../metrics.ts";

export interface HttpOptions {
  readonly metrics: Metrics;
  /** The names and addresses by which this server may be asked for, now. */
  readonly hostNames: () => HostNames;
  readonly settings: Settings;
  /** How the server does, within a few seconds; 503 unless `status` is `ok`. */
  readonly health: () => Promise<Readonly<Record<string, string | number>> & { readonly status: string }>;
  readonly admin: (request: AdminRequest) => Promise<AdminAnswer>;
}

/** Answers a request. */
export function createRoutes(options: HttpOptions): Answer {
  return (exchange) => answer(exchange, options);
}

async function answer({ request, response, peer }: Exchange, options: HttpOptions): Promise<void> {
  request.resume();
  // A page that a browser loaded from elsewhere could reach us under a name of its own making (DNS rebinding).
  if (!isOurHost(request.headers.host, options.hostNames()))
    return send(response, 421, "This server has another name.\n");
  const path = request.url?.split("?")[0] ?? "/";
  if (path.startsWith("/admin/")) {
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
  if (!mayWatch(peer, options.settings)) return send(response, 404, "Not found.\n");
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

/** Who may see how the server does: this machine's own people, and operators by what tailnet or configuration says. */
function mayWatch({ identified }: IdentifiedSocket, settings: Settings): boolean {
  if (identified.kind === "refused") return false;
  const { identity, grant } = identified;
  return identity.kind === "local" || grant !== null || isConfigured(settings, identity, null);
}

function send(
  response: ServerResponse,
  status: number,
  body: string,
  type = "text/plain; charset=utf-8",
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    ...headers,
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(body);
}
