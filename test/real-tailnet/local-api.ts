import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/** What the tests read of tailscaled's own `status`. */
export interface NodeStatus {
  readonly Version: string;
  readonly BackendState: string;
  readonly TailscaleIPs: readonly string[] | null;
  readonly Self: { readonly ID: string; readonly DNSName: string };
  readonly Peer: Readonly<Record<string, PeerStatus>> | null;
}

interface PeerStatus {
  readonly HostName: string;
  readonly DNSName: string;
  readonly Tags?: readonly string[] | null;
  readonly Online: boolean;
  readonly PrimaryRoutes?: readonly string[] | null;
}

/** Asks a tailscaled by its socket, not by the code under test. */
export async function localStatus(socketPath: string): Promise<NodeStatus> {
  const response = await ask(socketPath, "status");
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}

/** The first status that satisfies. It is asked again and again: not all that a status has is told on the bus. */
export async function localStatusUntil(
  socketPath: string,
  satisfies: (status: NodeStatus) => boolean,
): Promise<NodeStatus> {
  for (;;) {
    const status = await localStatus(socketPath);
    if (satisfies(status)) return status;
    await pause(50);
  }
}

/** A TCP connection through a tailscaled that has no network interface: `POST dial`, which turns into the connection. */
export async function localDial(socketPath: string, host: string, port: number): Promise<Socket> {
  const sent = request({
    socketPath,
    method: "POST",
    path: "/localapi/v0/dial",
    headers: {
      Host: "local-tailscaled.sock",
      Connection: "upgrade",
      Upgrade: "ts-dial",
      "Dial-Network": "tcp",
      "Dial-Host": host,
      "Dial-Port": String(port),
    },
  }).end();
  const [, socket]: unknown[] = await once(sent, "upgrade");
  if (!(socket instanceof Socket)) throw new Error(`tailscaled did not dial ${host}`);
  return socket;
}

async function ask(socketPath: string, path: string): Promise<IncomingMessage> {
  const headers = { Host: "local-tailscaled.sock" };
  const sent = request({ socketPath, path: `/localapi/v0/${path}`, headers, agent: false }).end();
  const [response]: IncomingMessage[] = await once(sent, "response");
  if (response === undefined) throw new Error(`tailscaled did not answer ${path}`);
  return response;
}
