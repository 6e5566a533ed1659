import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { askRaw, dialRaw } from "../helpers/raw-local-api.ts";

/** A tailscaled in userspace mode, real or not, on alice's node `chat`. Its tailnet has `bob-laptop`, which is bob's. */
export interface UserspaceTailscaled {
  readonly socket: string;
  /** Of both families, IPv4 first. */
  readonly addresses: Readonly<Record<"chat" | "bob", readonly [string, string]>>;
  /** Whether it is the oldest version that we get on with. */
  readonly oldest?: boolean;
  /** Of a program on bob's node that gives back what it hears. */
  readonly echo: number;
  /** Connects from bob's node to a program on this one, and tells the port of 127.0.0.1 from which that comes. */
  arrive(): Promise<Arrival>;
  dispose(): Promise<void>;
}

interface Arrival {
  readonly port: number;
  close(): void;
}

/** What LocalAPI must say in userspace mode for our server and `pad` to understand it. */
export function userspaceContract(name: string, open: () => Promise<UserspaceTailscaled>): void {
  describe(`the LocalAPI contract in userspace mode: ${name}`, () => {
    let tailscaled: UserspaceTailscaled;
    beforeAll(async () => {
      tailscaled = await open();
    });
    afterAll(() => tailscaled.dispose());

    async function status(): Promise<{ readonly MagicDNSSuffix: string }> {
      return JSON.parse((await askRaw(tailscaled.socket, "status?peers=false")).body);
    }

    const whoIs = (port: number) => askRaw(tailscaled.socket, `whois?addr=127.0.0.1:${port}&proto=tcp`);

    test("LC-11 the status says that there is no interface, and has the addresses all the same", async () => {
      expect(await status()).toMatchObject({
        BackendState: "Running",
        TUN: false,
        TailscaleIPs: tailscaled.addresses.chat,
      });
    });

    test("LC-11 who-is of a port of 127.0.0.1 is whoever comes from there, as long as the connection lives", async () => {
      const arrival = await tailscaled.arrive();
      const { status: code, body } = await whoIs(arrival.port);
      expect(code).toBe(200);
      const byAddress = await askRaw(tailscaled.socket, `whois?addr=${tailscaled.addresses.bob[0]}`);
      expect(JSON.parse(body)).toMatchObject({
        Node: { StableID: JSON.parse(byAddress.body).Node.StableID },
        UserProfile: { LoginName: "bob@example.com" },
      });
      arrival.close();
      while ((await whoIs(arrival.port)).status !== 404);
    });

    test("LC-12 a peer is reached by its name, long and short, and by its addresses, and bytes go both ways", async () => {
      const { bob } = tailscaled.addresses;
      const { MagicDNSSuffix: domain } = await status();
      for (const host of ["bob-laptop", "Bob-Laptop", `bob-laptop.${domain}`, `bob-laptop.${domain}.`, ...bob]) {
        const { status: code, socket } = await dialRaw(tailscaled.socket, host, tailscaled.echo);
        expect(code).toBe(101);
        if (socket === null) throw new Error("no connection");
        onTestFinished(() => void socket.destroy());
        // Not ended here: tailscaled would hang up without waiting for what comes back.
        socket.write(`to ${host}\n`);
        for await (const line of createInterface(socket)) {
          expect(line).toBe(`to ${host}`);
          break;
        }
      }
    });

    test("LC-12 a port where nobody listens is refused in words", async () => {
      expect(await dialRaw(tailscaled.socket, "bob-laptop", 9)).toMatchObject({
        status: 502,
        type: "text/plain; charset=utf-8",
        body: `dial failure: connect tcp ${tailscaled.addresses.bob[0]}:9: connection was refused\n`,
      });
    });

    test("LC-12 what is not the tailnet's is left to the asker", async () => {
      // The oldest one connects by itself.
      if (tailscaled.oldest === true) return;
      for (const host of ["127.0.0.1", "192.0.2.7", "100.64.0.77"]) {
        expect(await dialRaw(tailscaled.socket, host, 9)).toMatchObject({
          status: 200,
          self: "true",
          address: `${host}:9`,
        });
      }
    });
  });
}
