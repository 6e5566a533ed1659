import { createHash, timingSafeEqual } from "node:crypto";
import type { Mailbox } from "../core/mailbox.ts";
import { isLoopback, plainAddress } from "../tailnet/addresses.ts";
import type { Peer } from "../tailnet/identify.ts";
import { listBans, listClaims, releaseName, type ServerReport } from "../admin/records.ts";

/** What the administrator's commands reach of a running server. */
export interface AdminRoutes {
  readonly mailbox: Mailbox;
  readonly report: () => ServerReport;
  /** The secret in the data folder's `running.json`: who can read that folder is the administrator. */
  readonly token: string;
}

export interface AdminRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string;
  readonly peer: Peer;
}

export interface AdminAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Answers `padserve names`, `bans` and `doctor`; without the token nothing is here. */
export async function adminRequest(routes: AdminRoutes, request: AdminRequest): Promise<AdminAnswer> {
  if (!isLoopback(plainAddress(request.peer.address)) || !sameSecret(request.authorization, `Bearer ${routes.token}`)) {
    return { status: 404, body: { error: "not found" } };
  }
  const { mailbox } = routes;
  switch (`${request.method} ${request.path.split("/").slice(0, 3).join("/")}`) {
    case "GET /admin/report":
      return { status: 200, body: routes.report() };
    case "GET /admin/names":
      return { status: 200, body: listClaims(mailbox.state) };
    case "GET /admin/bans":
      return { status: 200, body: listBans(mailbox.state) };
    case "DELETE /admin/names":
      return { status: 200, body: await releaseName(mailbox, decodeURIComponent(request.path.split("/")[3] ?? "")) };
    default:
      return { status: 404, body: { error: "not found" } };
  }
}

/** Hashing first makes both sides equally long, as a comparison in constant time needs. */
function sameSecret(given: string, wanted: string): boolean {
  return timingSafeEqual(digest(given), digest(wanted));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
